"""Networks whose members share weights, on piecewise linear embeddings of numbers.

TabM (Gorishniy, Kotelnikov, Babenko, "TabM: advancing tabular deep learning with
parameter-efficient ensembling", 2025), smaller than its defaults so that folds of it take minutes.
"""

from lamina.inputs import PiecewiseLinear
from lamina.members import Shared
from lamina.tabular.recipes.recipe import Recipe

SHARED = Recipe(
    "shared",
    n_bins=1,
    epochs=60,
    network={
        "hidden_layer_sizes": (256, 256),
        "members": Shared(n_members=16, first="normal"),
        "activation": "relu",
        "solver": "adamw",
        "learning_rate": "one_cycle",
        "learning_rate_init": 4e-3,
        "weight_decay": 3e-4,
        "alpha": 0.0,
        "dropout": 0.1,
        "max_gradient_norm": 1.0,
        "dtype": "float32",
    },
    embedding=PiecewiseLinear(n_bins=48, n_outputs=8),
)
