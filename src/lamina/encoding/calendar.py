"""Parts of a date that recur: day of the week, month and hour, as numbers that a network can use.

A day of the week is seven 0/1 columns. Month and hour are points on a circle, sine and cosine, so
that December lies beside January. A missing date is 0 in all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# 1970-01-01, day 0, was a Thursday.
WEEKDAY_OF_DAY_0 = 3
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS_A_YEAR, HOURS_A_DAY = 12, 24

Days = NDArray[np.float64]


def weekday_of(days: Days) -> Days:
    """0 for Monday to 6 for Sunday; NaN where the date is missing."""
    return np.asarray(np.mod(np.floor(days) + WEEKDAY_OF_DAY_0, len(WEEKDAYS)))


def month_of(days: Days) -> Days:
    """0 for January to 11 for December; NaN where the date is missing."""
    whole = np.floor(days)
    dates = np.nan_to_num(whole).astype("datetime64[D]").astype("datetime64[M]")
    months = np.mod(dates.astype(np.int64), MONTHS_A_YEAR).astype(np.float64)
    return np.where(np.isnan(whole), np.nan, months)


def hour_of(days: Days) -> Days:
    """The time of day, 0 to 24 hours; NaN where the date is missing."""
    return np.mod(days, 1.0) * HOURS_A_DAY


@dataclass(frozen=True)
class CalendarPart:
    """One part of a date.

    Attributes
    ----------
    value : callable
        From days since 1970, shape (n_rows,), to the part.
    period : int
        The number after which it begins again.
    is_cyclic : bool
        Whether sine and cosine stand for it; a 0/1 column for each value otherwise.
    suffixes : tuple of str
        What the names of its columns end in.
    """

    value: Callable[[Days], Days]
    period: int
    is_cyclic: bool
    suffixes: tuple[str, ...]

    def columns(self, days: Days) -> NDArray[np.float64]:
        """The part's columns, shape (n_rows, n_suffixes); 0 where the date is missing."""
        values = self.value(days)
        if self.is_cyclic:
            angles = 2 * np.pi / self.period * values
            circle = np.stack([np.sin(angles), np.cos(angles)], axis=1)
            return np.asarray(np.nan_to_num(circle))
        return np.asarray(values[:, np.newaxis] == np.arange(self.period), dtype=np.float64)


PARTS: Mapping[str, CalendarPart] = {
    "weekday": CalendarPart(weekday_of, len(WEEKDAYS), False, tuple(f"is {d}" for d in WEEKDAYS)),
    "month": CalendarPart(month_of, MONTHS_A_YEAR, True, ("month sine", "month cosine")),
    "hour": CalendarPart(hour_of, HOURS_A_DAY, True, ("hour sine", "hour cosine")),
}


def varying_parts(days: Days) -> list[str]:
    """The parts that have more than one value among these dates.

    Examples
    --------
    >>> varying_parts(np.array([0.0, 1.0, np.nan]))
    ['weekday']
    """
    present = days[~np.isnan(days)]
    return [name for name, part in PARTS.items() if len(np.unique(part.value(present))) > 1]


def calendar_columns(days: Days, parts: Sequence[str]) -> NDArray[np.float64]:
    """The columns of these parts side by side, shape (n_rows, n_columns)."""
    blocks = [PARTS[name].columns(days) for name in parts]
    return np.hstack(blocks) if blocks else np.empty((len(days), 0))
