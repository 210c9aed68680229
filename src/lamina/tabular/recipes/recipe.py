"""A recipe: everything that is chosen about a network for a table, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["binary", "multiclass", "regression"]


@dataclass(frozen=True)
class Recipe:
    """How the networks of one kind are made.

    Attributes
    ----------
    name : str
    n_bins : int
        The bins of each number.
    network : mapping of str to value
        Parameters of MLPClassifier and MLPRegressor.
    by_kind : mapping of {'binary', 'multiclass', 'regression'} to mapping
        Parameters that replace those of `network` for one kind of target.
    """

    name: str
    n_bins: int
    network: Mapping[str, Any]
    by_kind: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def settings(self, kind: Kind, n_samples: int) -> dict[str, Any]:
        """Return the network's parameters for a kind of target and a number of samples."""
        return {**self.network, **self.by_kind.get(kind, {})}


@dataclass(frozen=True)
class Quality:
    """What is fitted for one value of `quality`.

    Attributes
    ----------
    name : str
    n_folds : int
        Each recipe is fitted once without each of so many parts of the samples.
    recipes : tuple of Recipe
        Their weights are chosen by the out-of-fold score.
    """

    name: str
    n_folds: int
    recipes: tuple[Recipe, ...]
