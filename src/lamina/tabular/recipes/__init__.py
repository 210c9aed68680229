"""Recipes, and the ones that each quality uses."""

from collections.abc import Mapping

from lamina.tabular.recipes.binned import BINNED, COARSE, COARSE_TEXTS, FAST, FINE, STRICT
from lamina.tabular.recipes.deep import DEEP, DEEP_BINNED, DEEP_TEXTS, WIDE
from lamina.tabular.recipes.embedded import EMBEDDED
from lamina.tabular.recipes.realmlp import REALMLP
from lamina.tabular.recipes.recipe import Kind, Quality, Recipe
from lamina.tabular.recipes.shared import SHARED

_BALANCED = (DEEP, BINNED, COARSE, STRICT, FINE, EMBEDDED, DEEP_TEXTS, COARSE_TEXTS)
_BEST = (*_BALANCED, DEEP_BINNED, WIDE, SHARED, REALMLP)
_ALL = (
    Quality("fast", n_folds=4, n_folds_large=4, recipes=(FAST,)),
    Quality("balanced", n_folds=8, n_folds_large=5, recipes=_BALANCED, most_recipes=3),
    Quality("best", n_folds=10, n_folds_large=8, recipes=_BEST, most_recipes=5),
)
QUALITIES: Mapping[str, Quality] = {quality.name: quality for quality in _ALL}

__all__ = ["QUALITIES", "Kind", "Quality", "Recipe"]
