"""Columns of few distinct integers, which may be codes of groups as well as amounts."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

# For two values, a 0/1 column adds nothing to the number.
FEWEST_LEVELS = 3
# Average rows per value; with fewer, the values are more likely amounts, or identify the rows.
LEAST_ROWS_A_LEVEL = 3


def has_few_levels(values: NDArray[np.float64], at_most: int) -> bool:
    """Return True if a column has few distinct values, all of them integers.

    Parameters
    ----------
    values : ndarray of shape (n_samples,)
        NaN where missing.
    at_most : int
        Maximum number of distinct values, which may be lower: each value needs three rows on
        average.

    Examples
    --------
    >>> rooms = np.array([1.0, 2, 3, np.nan] * 3)
    >>> has_few_levels(rooms, at_most=12), has_few_levels(rooms / 2, at_most=12)
    (True, False)
    """
    present = values[~np.isnan(values)]
    levels = np.unique(present)
    most = min(at_most, len(present) // LEAST_ROWS_A_LEVEL)
    return FEWEST_LEVELS <= len(levels) <= most and bool((levels == np.floor(levels)).all())


def integer_levels(
    numbers: Mapping[str, NDArray[np.float64]], at_most: int, at_least: int
) -> dict[str, list[float]]:
    """Return the values of each column of integers with few distinct values, by name.

    Parameters
    ----------
    numbers : mapping of str to ndarray of shape (n_samples,)
        NaN where missing.
    at_most : int
        As in `has_few_levels`; 0 for none.
    at_least : int
        Minimum number of rows of a value.

    Examples
    --------
    >>> columns = {"rooms": np.array([1.0, 2, 3] * 3), "price": np.array([1.5, 2, 3] * 3)}
    >>> integer_levels(columns, at_most=12, at_least=2)
    {'rooms': [1.0, 2.0, 3.0]}
    """
    found: dict[str, list[float]] = {}
    for name, values in numbers.items():
        if has_few_levels(values, at_most):
            levels, counts = np.unique(values[~np.isnan(values)], return_counts=True)
            kept = levels[counts >= at_least].tolist()
            found |= {name: kept} if kept else {}
    return found


def level_columns(values: NDArray[np.float64], levels: list[float]) -> NDArray[np.float64]:
    """Return a 0/1 column for each value, shape (n_samples, n_levels); all 0 where missing."""
    return np.asarray(values[:, np.newaxis] == np.array(levels), dtype=np.float64)
