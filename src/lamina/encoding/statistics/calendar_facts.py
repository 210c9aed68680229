"""Find the parts of a stream of dates that vary, as `calendar.varying_parts` does in memory."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lamina.encoding.calendar import DAYS_A_YEAR, PARTS

# Days of 700 years; with more, whether the dates cover most days of a span is not decided.
MOST_DAYS = 1 << 18


class CalendarFacts:
    """First value of each part of the dates, the parts with another value, and the days.

    Examples
    --------
    >>> facts = CalendarFacts()
    >>> facts.add(np.array([0.0, 1.0]))
    >>> facts.varying(["weekday", "hour"])
    ['weekday']
    """

    def __init__(self) -> None:
        self._first: dict[str, float] = {}
        self._varying: set[str] = set()
        self._days: NDArray[np.int64] = np.empty(0, dtype=np.int64)
        self._low, self._high = np.inf, -np.inf

    def add(self, days: NDArray[np.float64]) -> None:
        """Add dates as days since 1970, without NaN."""
        if not len(days):
            return
        self._low, self._high = min(self._low, days.min()), max(self._high, days.max())
        self._add_days(np.unique(np.floor(days)).astype(np.int64))
        for name, part in PARTS.items():
            if name not in self._varying:
                values = part.value(days)
                if (values != self._first.setdefault(name, float(values[0]))).any():
                    self._varying.add(name)

    def merge(self, later: CalendarFacts) -> None:
        """Add the dates of other facts."""
        self._low, self._high = min(self._low, later._low), max(self._high, later._high)
        self._add_days(later._days)
        self._varying |= later._varying
        for name, value in later._first.items():
            if self._first.setdefault(name, value) != value:
                self._varying.add(name)

    def varying(self, parts: Sequence[str]) -> list[str]:
        """Return the parts that have more than one value, and enough years."""
        return [name for name in parts if name in self._varying and self._has_years(name)]

    def _has_years(self, name: str) -> bool:
        least, span = PARTS[name].least_years, self._high - self._low
        covers = span > least * DAYS_A_YEAR and 2 * len(self._days) > span
        return bool(covers) or not least

    def _add_days(self, days: NDArray[np.int64]) -> None:
        if len(self._days) < MOST_DAYS:
            self._days = np.union1d(self._days, days)[:MOST_DAYS]
