"""Networks with three layers on learned piecewise linear embeddings of numbers.

A number has n_outputs inputs of the first layer in place of one for each bin, so that tables of
many numbers keep a small first layer (Gorishniy, Rubachev, Babenko 2022, arXiv:2203.05556).
"""

from lamina.inputs import PiecewiseLinear
from lamina.tabular.recipes.deep import DEEP
from lamina.tabular.recipes.recipe import Recipe

EMBEDDED = Recipe(
    "embedded",
    n_bins=1,
    epochs=120,
    network=DEEP.network,
    embedding=PiecewiseLinear(n_bins=48, n_outputs=8),
    needs_numbers=True,
)
