"""The recipes, and those that each quality takes."""

from collections.abc import Mapping

from lamina.tabular.recipes.binned import BINNED, BINNED_SMALL
from lamina.tabular.recipes.recipe import Kind, Quality, Recipe

_ALL = (
    Quality("fast", 3, (BINNED_SMALL,)),
    Quality("balanced", 8, (BINNED,)),
)
QUALITIES: Mapping[str, Quality] = {quality.name: quality for quality in _ALL}

__all__ = ["QUALITIES", "Kind", "Quality", "Recipe"]
