"""Columns of whole numbers with few values, which may be names of groups as well as amounts."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

# Of two values a 0/1 column says no more than the number.
FEWEST_LEVELS = 3


def integer_levels(
    numbers: Mapping[str, NDArray[np.float64]], at_most: int, at_least: int
) -> dict[str, list[float]]:
    """Return the values of each column of few whole numbers, by name.

    Parameters
    ----------
    numbers : mapping of str to ndarray of shape (n_samples,)
        NaN where missing.
    at_most : int
        The most values that a column may have; 0 for none.
    at_least : int
        The rows that a value must appear in.

    Examples
    --------
    >>> columns = {"rooms": np.array([1.0, 2, 3, 3, 2, 1]), "price": np.array([1.5, 2, 3, 3, 2, 1])}
    >>> integer_levels(columns, at_most=12, at_least=2)
    {'rooms': [1.0, 2.0, 3.0]}
    """
    found: dict[str, list[float]] = {}
    for name, values in numbers.items():
        levels, counts = np.unique(values[~np.isnan(values)], return_counts=True)
        if FEWEST_LEVELS <= len(levels) <= at_most and (levels == np.floor(levels)).all():
            kept = levels[counts >= at_least].tolist()
            found |= {name: kept} if kept else {}
    return found


def level_columns(values: NDArray[np.float64], levels: list[float]) -> NDArray[np.float64]:
    """Return a 0/1 column for each value, shape (n_samples, n_levels); 0 where it is missing."""
    return np.asarray(values[:, np.newaxis] == np.array(levels), dtype=np.float64)
