"""The recipes by the name of the quality that they give."""

from collections.abc import Mapping

from lamina.tabular.recipes.balanced import BALANCED
from lamina.tabular.recipes.fast import FAST
from lamina.tabular.recipes.recipe import Recipe

RECIPES: Mapping[str, Recipe] = {recipe.name: recipe for recipe in (FAST, BALANCED)}

__all__ = ["RECIPES", "Recipe"]
