"""'fast': few networks, for a first look."""

from lamina.tabular.recipes.balanced import BALANCED
from lamina.tabular.recipes.recipe import Recipe

FAST = Recipe(
    name="fast",
    n_folds=3,
    n_bins=16,
    network={**BALANCED.network, "hidden_layer_sizes": (128, 128), "max_iter": 30},
)
