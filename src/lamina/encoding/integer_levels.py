"""Columns of whole numbers with few values, which may be names of groups as well as amounts."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

# A 0/1 column for two values says no more than the number.
FEWEST_LEVELS = 3
# With fewer rows for each value on average, the values are more likely amounts, or name the rows.
LEAST_ROWS_A_LEVEL = 3


def is_of_few_levels(values: NDArray[np.float64], at_most: int) -> bool:
    """Return whether a column has few values, all of them whole numbers.

    Parameters
    ----------
    values : ndarray of shape (n_rows,)
        NaN where missing.
    at_most : int
        The most values that a column may have; fewer where a value has fewer than three rows on
        average.

    Examples
    --------
    >>> rooms = np.array([1.0, 2, 3, np.nan] * 3)
    >>> is_of_few_levels(rooms, at_most=12), is_of_few_levels(rooms / 2, at_most=12)
    (True, False)
    """
    present = values[~np.isnan(values)]
    levels = np.unique(present)
    most = min(at_most, len(present) // LEAST_ROWS_A_LEVEL)
    return FEWEST_LEVELS <= len(levels) <= most and bool((levels == np.floor(levels)).all())


def integer_levels(
    numbers: Mapping[str, NDArray[np.float64]], at_most: int, at_least: int
) -> dict[str, list[float]]:
    """Return the values of each column of few whole numbers, by name.

    Parameters
    ----------
    numbers : mapping of str to ndarray of shape (n_rows,)
        NaN where missing.
    at_most : int
        As `is_of_few_levels` takes it; 0 for none.
    at_least : int
        The rows that a value must appear in.

    Examples
    --------
    >>> columns = {"rooms": np.array([1.0, 2, 3] * 3), "price": np.array([1.5, 2, 3] * 3)}
    >>> integer_levels(columns, at_most=12, at_least=2)
    {'rooms': [1.0, 2.0, 3.0]}
    """
    found: dict[str, list[float]] = {}
    for name, values in numbers.items():
        if is_of_few_levels(values, at_most):
            levels, counts = np.unique(values[~np.isnan(values)], return_counts=True)
            kept = levels[counts >= at_least].tolist()
            found |= {name: kept} if kept else {}
    return found


def level_columns(values: NDArray[np.float64], levels: list[float]) -> NDArray[np.float64]:
    """Return a 0/1 column for each value, shape (n_samples, n_levels); 0 where it is missing."""
    return np.asarray(values[:, np.newaxis] == np.array(levels), dtype=np.float64)
