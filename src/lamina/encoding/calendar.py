"""Recurring parts of a date, such as the day of the week and the hour, as numbers for a network.

A part is a quantity of the date in one of three forms: a 0/1 column for each value; sine and cosine
of a point on a circle, which puts December next to January; or the number itself. A missing date is
0 in all of them. The exports write each quantity and each form in their own language.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from lamina.errors import suggestion

# 1970-01-01, day 0, was a Thursday.
WEEKDAY_OF_DAY_0 = 3
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
MONTHS_A_YEAR, HOURS_A_DAY, DAYS_A_YEAR, DAYS_A_MONTH = 12, 24, 365.25, 31
# In float64 days, 13:00 may be slightly below 13 hours; adding 4 ms corrects the hour.
HOUR_MARGIN = 1e-6
# Years are given in decades since 2000, which have about the scale of the other parts.
FIRST_YEAR, YEARS_A_UNIT = 2000, 10

Days = NDArray[np.float64]
PartForm: TypeAlias = Literal["one-hot", "cyclic", "number"]


def to_weekday(days: Days) -> Days:
    """Return 0 for Monday to 6 for Sunday; NaN for a missing date."""
    return np.asarray(np.mod(np.floor(days) + WEEKDAY_OF_DAY_0, len(WEEKDAYS)))


def to_weekend(days: Days) -> Days:
    """Return 1 for Saturday and Sunday, else 0; NaN for a missing date."""
    return np.where(np.isnan(days), np.nan, to_weekday(days) >= 5)


def to_month(days: Days) -> Days:
    """Return 0 for January to 11 for December; NaN for a missing date."""
    return _whole(days, lambda dates: dates.astype("datetime64[M]").astype(np.int64) % 12)


def day_of_month(days: Days) -> Days:
    """Return the day of the month, starting at 0; NaN for a missing date."""
    return _whole(days, lambda dates: (dates - dates.astype("datetime64[M]")).astype(np.int64))


def day_of_year(days: Days) -> Days:
    """Return the day of the year, 0 for 1 January; NaN for a missing date."""
    return _whole(days, lambda dates: (dates - dates.astype("datetime64[Y]")).astype(np.int64))


def date_of_year(days: Days) -> Days:
    """Return 31 * month + day of the month, both from 0; the same in leap years."""
    return DAYS_A_MONTH * to_month(days) + day_of_month(days)


def to_decade(days: Days) -> Days:
    """Return the decades from 2000 to the date's year; NaN for a missing date."""
    years = _whole(days, lambda dates: dates.astype("datetime64[Y]").astype(np.int64) + 1970)
    return np.asarray((years - FIRST_YEAR) / YEARS_A_UNIT)


def to_hour(days: Days) -> Days:
    """Return the time of day from 0 to 24 hours; NaN for a missing date."""
    return np.mod(days, 1.0) * HOURS_A_DAY


def to_whole_hour(days: Days) -> Days:
    """Return the hour of the day, 0 to 23; NaN for a missing date."""
    return np.asarray(np.mod(np.floor(to_hour(days) + HOUR_MARGIN), HOURS_A_DAY))


def _whole(days: Days, count: Callable[[NDArray[np.datetime64]], NDArray[np.int64]]) -> Days:
    whole = np.floor(days)
    counts = count(np.nan_to_num(whole).astype("datetime64[D]"))
    return np.where(np.isnan(whole), np.nan, counts.astype(np.float64))


QUANTITIES: Mapping[str, Callable[[Days], Days]] = {
    "weekday": to_weekday,
    "weekend": to_weekend,
    "month": to_month,
    "day_of_month": day_of_month,
    "day_of_year": day_of_year,
    "date_of_year": date_of_year,
    "decade": to_decade,
    "hour": to_hour,
    "whole_hour": to_whole_hour,
}


@dataclass(frozen=True)
class CalendarPart:
    """One part of a date.

    Attributes
    ----------
    quantity : str
        Key of the part's function in QUANTITIES.
    form : {'one-hot', 'cyclic', 'number'}
        A 0/1 column for each value, sine and cosine, or the value itself.
    suffixes : tuple of str
        Suffixes of the names of its columns.
    period : float
        Number of values for 'one-hot'; length of the cycle for 'cyclic'.
    least_years : int
        The part is used only if the dates cover most days of this many years.
    """

    quantity: str
    form: PartForm
    suffixes: tuple[str, ...]
    period: float = 0
    least_years: int = 0

    def value(self, days: Days) -> Days:
        """Return the quantity, shape (n_samples,); NaN for a missing date."""
        return QUANTITIES[self.quantity](days)

    def columns(self, days: Days) -> NDArray[np.float64]:
        """Return the part's columns, shape (n_samples, n_suffixes); 0 for a missing date."""
        values = self.value(days)
        if self.form == "cyclic":
            angles = 2 * np.pi / self.period * values
            circle = np.stack([np.sin(angles), np.cos(angles)], axis=1)
            return np.asarray(np.nan_to_num(circle))
        if self.form == "number":
            return np.asarray(np.nan_to_num(values)[:, np.newaxis])
        return np.asarray(values[:, np.newaxis] == np.arange(self.period), dtype=np.float64)


def _one_hot(quantity: str, *names: str) -> CalendarPart:
    return CalendarPart(quantity, "one-hot", tuple(f"is {each}" for each in names), len(names))


def _cyclic(quantity: str, name: str, period: float) -> CalendarPart:
    return CalendarPart(quantity, "cyclic", (f"{name} sine", f"{name} cosine"), period)


PARTS: Mapping[str, CalendarPart] = {
    "weekday": _one_hot("weekday", *WEEKDAYS),
    "month": _cyclic("month", "month", MONTHS_A_YEAR),
    "hour": _cyclic("hour", "hour", HOURS_A_DAY),
    "weekend": CalendarPart("weekend", "number", ("is at a weekend",)),
    "month_of_year": _one_hot("month", *MONTHS),
    "hour_of_day": _one_hot("whole_hour", *(f"hour {i}" for i in range(HOURS_A_DAY))),
    "half_day": _cyclic("hour", "half day", HOURS_A_DAY / 2),
    "day_of_month": _cyclic("day_of_month", "day of month", DAYS_A_MONTH),
    "day_of_year": _cyclic("day_of_year", "day of year", DAYS_A_YEAR),
    "date_of_year": replace(
        _one_hot("date_of_year", *(f"{month} {day}" for month in MONTHS for day in range(1, 32))),
        least_years=3,
    ),
    "half_year": _cyclic("day_of_year", "half year", DAYS_A_YEAR / 2),
    "year": CalendarPart("decade", "number", ("decades since 2000",)),
}
DEFAULT_PARTS = ("weekday", "month", "hour")


def check_parts(parts: Sequence[str] | None) -> list[str]:
    """Return the parts without duplicates, or the default ones for None; reject unknown names."""
    if parts is None:
        return list(DEFAULT_PARTS)
    for part in parts:
        if part not in PARTS:
            raise ValueError(
                f"calendar_parts must be among {', '.join(PARTS)}, got {part!r}."
                f"{suggestion(str(part), list(PARTS))}"
            )
    return list(dict.fromkeys(parts))


def varying_parts(days: Days, parts: Sequence[str] = DEFAULT_PARTS) -> list[str]:
    """Return the parts that have more than one value among the dates, and enough years.

    Examples
    --------
    >>> varying_parts(np.array([0.0, 1.0, np.nan]))
    ['weekday']
    """
    present = days[~np.isnan(days)]
    return [name for name in parts if _is_varying(PARTS[name], present)]


def _is_varying(part: CalendarPart, days: Days) -> bool:
    if len(np.unique(part.value(days))) < 2:
        return False
    span = np.ptp(days)
    n_days = len(np.unique(np.floor(days)))
    return bool(span > part.least_years * DAYS_A_YEAR and 2 * n_days > span) or not part.least_years


def calendar_columns(days: Days, parts: Sequence[str]) -> NDArray[np.float64]:
    """Return the columns of the parts side by side, shape (n_samples, n_columns)."""
    blocks = [PARTS[name].columns(days) for name in parts]
    return np.hstack(blocks) if blocks else np.empty((len(days), 0))
