"""Statistics of a column of numbers or dates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from lamina.encoding.columns import READERS
from lamina.encoding.integer_levels import FEWEST_LEVELS, LEAST_ROWS_A_LEVEL
from lamina.encoding.statistics.calendar_facts import CalendarFacts
from lamina.encoding.statistics.distinct import DistinctValues, hash_numbers
from lamina.encoding.statistics.moments import Moments
from lamina.encoding.statistics.quantiles import QuantileSketch
from lamina.encoding.statistics.row_digest import RowDigest

if TYPE_CHECKING:
    import pandas as pd

# A column with more distinct integers has no levels.
MOST_LEVELS = 4096

Counts = NDArray[np.int64]
Values = NDArray[np.float64]


class NumberColumn:
    """Missing values, moments, quantiles, extremes and distinct values of a column.

    Parameters
    ----------
    name : str
    kind : {'number', 'date'}
        Dates are days since 1970.
    """

    def __init__(self, name: str, kind: Literal["number", "date"] = "number") -> None:
        self.name = name
        self.kind = kind
        self.n_rows = 0
        self.n_missing = 0
        self.moments = Moments()
        self.sketch = QuantileSketch()
        self.distinct = DistinctValues()
        self.digest = RowDigest()
        self.low, self.high = np.inf, -np.inf
        self.calendar = CalendarFacts() if kind == "date" else None
        # First value as pandas holds it, for messages.
        self.first: object = None
        # Distinct integers with their counts; None if there are other numbers, or too many.
        self._levels: tuple[Values, Counts] | None = (np.empty(0), np.empty(0, dtype=np.int64))

    def add(self, column: pd.Series) -> None:
        """Add the rows of a pandas column; its index names the rows in errors."""
        values = READERS[self.kind](self.name, column)
        if self.first is None and not np.isnan(values).all():
            self.first = column.iloc[int(np.argmin(np.isnan(values)))]
        exact = _large_integers(column, values)
        self.digest.add(hash_numbers(values if exact is None else exact))
        self.add_values(values, None, exact)

    def add_missing(self, n_rows: int) -> None:
        """Add rows without a value."""
        values = np.full(n_rows, np.nan)
        self.digest.add(hash_numbers(values))
        self.add_values(values)

    def add_values(
        self, values: Values, counts: Counts | None = None, whole: Counts | None = None
    ) -> None:
        """Add numbers, NaN where missing, each occurring once or `counts` times.

        Parameters
        ----------
        values : ndarray of float64, shape (n_values,)
        counts : ndarray of int64, shape (n_values,), optional
        whole : ndarray of int64, shape (n_values,), optional
            The same numbers, which float64 may round.
        """
        is_present = ~np.isnan(values)
        n_rows = len(values) if counts is None else int(counts.sum())
        present = values if is_present.all() else values[is_present]
        counts = None if counts is None else counts[is_present]
        n_present = len(present) if counts is None else int(counts.sum())
        self.n_rows += n_rows
        self.n_missing += n_rows - n_present
        if not len(present):
            return
        self.moments = self.moments.merge(Moments.find(present, counts))
        self.sketch.add(present, counts)
        self.low = min(self.low, float(present.min()))
        self.high = max(self.high, float(present.max()))
        exact = present if whole is None else whole
        self.distinct.add(hash_numbers(exact), counts)
        self._add_levels(present, counts)
        if self.calendar is not None:
            self.calendar.add(present)

    def merge(self, later: NumberColumn) -> None:
        """Add the rows that follow these."""
        self.n_rows += later.n_rows
        self.n_missing += later.n_missing
        self.moments = self.moments.merge(later.moments)
        self.sketch.merge(later.sketch)
        self.distinct.merge(later.distinct)
        self.digest.merge(later.digest)
        self.low, self.high = min(self.low, later.low), max(self.high, later.high)
        self.first = later.first if self.first is None else self.first
        if later._levels is None:
            self._levels = None
        else:
            self._add_levels(*later._levels)
        if self.calendar is not None and later.calendar is not None:
            self.calendar.merge(later.calendar)

    @property
    def n_present(self) -> int:
        """Number of rows with a value."""
        return self.n_rows - self.n_missing

    def imputed_moments(self, median: float) -> Moments:
        """Return the moments of all rows, with the median where a value is missing."""
        return self.moments.merge(Moments(self.n_missing, median))

    def levels(self, at_most: int, at_least: int) -> list[float]:
        """Return the integers with `at_least` rows, as `integer_levels` does."""
        if self._levels is None:
            return []
        levels, counts = self._levels
        most = min(at_most, self.n_present // LEAST_ROWS_A_LEVEL)
        if not FEWEST_LEVELS <= len(levels) <= most:
            return []
        return [float(level) for level in levels[counts >= at_least]]

    def _add_levels(self, values: Values, counts: Counts | None) -> None:
        if self._levels is None:
            return
        if (values != np.floor(values)).any():
            self._levels = None
            return
        if counts is None:
            values, counts = np.unique(values, return_counts=True)
        levels, places = np.unique(np.concatenate([self._levels[0], values]), return_inverse=True)
        sums = np.zeros(len(levels), dtype=np.int64)
        np.add.at(sums, places, np.concatenate([self._levels[1], counts]))
        self._levels = (levels, sums) if len(levels) <= MOST_LEVELS else None


def _large_integers(column: pd.Series, values: Values) -> Counts | None:
    """Return a column of integers, some of which float64 rounds; None for other columns."""
    if getattr(column.dtype, "kind", "O") not in "iu" or not (abs(values) >= 2.0**53).any():
        return None
    return np.asarray(column.to_numpy(), dtype=np.int64)
