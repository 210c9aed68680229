"""A recipe: everything that is chosen about a network for a table, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Recipe:
    """How the networks of one ensemble are made.

    Attributes
    ----------
    name : str
    n_folds : int
        The networks; each is fitted without one part of the rows, which chooses its best epoch.
    n_bins : int
        The bins of each number.
    network : mapping of str to value
        Parameters of MLPClassifier and MLPRegressor.
    """

    name: str
    n_folds: int
    n_bins: int
    network: Mapping[str, Any] = field(default_factory=dict)
