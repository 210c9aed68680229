"""Parts of a date that recur, such as day of the week and hour, as numbers for a network.

A part is a quantity of the date in one of three forms: a 0/1 column for each value; a point on a
circle, sine and cosine, so that December lies beside January; or the number itself. A missing date
is 0 in all of them. The exports write each quantity and each form in their own language.
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
# Days are float64, in which 13:00 may be an ulp before 13: 4 ms move it to its hour.
HOUR_MARGIN = 1e-6
# Years are decades since 2000, of the size of the other parts.
FIRST_YEAR, YEARS_A_UNIT = 2000, 10

Days = NDArray[np.float64]
PartForm: TypeAlias = Literal["one-hot", "cyclic", "number"]


def weekday_of(days: Days) -> Days:
    """0 for Monday to 6 for Sunday; NaN where the date is missing."""
    return np.asarray(np.mod(np.floor(days) + WEEKDAY_OF_DAY_0, len(WEEKDAYS)))


def weekend_of(days: Days) -> Days:
    """1 for Saturday and Sunday, else 0; NaN where the date is missing."""
    return np.where(np.isnan(days), np.nan, weekday_of(days) >= 5)


def month_of(days: Days) -> Days:
    """0 for January to 11 for December; NaN where the date is missing."""
    return _whole(days, lambda dates: dates.astype("datetime64[M]").astype(np.int64) % 12)


def day_of_month(days: Days) -> Days:
    """0 for the first day of a month; NaN where the date is missing."""
    return _whole(days, lambda dates: (dates - dates.astype("datetime64[M]")).astype(np.int64))


def day_of_year(days: Days) -> Days:
    """0 for 1 January; NaN where the date is missing."""
    return _whole(days, lambda dates: (dates - dates.astype("datetime64[Y]")).astype(np.int64))


def date_of_year(days: Days) -> Days:
    """31 times the month plus the day of the month, both from 0: the same in leap years."""
    return DAYS_A_MONTH * month_of(days) + day_of_month(days)


def decade_of(days: Days) -> Days:
    """Decades from 2000 to the date's year; NaN where the date is missing."""
    years = _whole(days, lambda dates: dates.astype("datetime64[Y]").astype(np.int64) + 1970)
    return np.asarray((years - FIRST_YEAR) / YEARS_A_UNIT)


def hour_of(days: Days) -> Days:
    """The time of day, 0 to 24 hours; NaN where the date is missing."""
    return np.mod(days, 1.0) * HOURS_A_DAY


def whole_hour_of(days: Days) -> Days:
    """The hour of the day, 0 to 23; NaN where the date is missing."""
    return np.asarray(np.mod(np.floor(hour_of(days) + HOUR_MARGIN), HOURS_A_DAY))


def _whole(days: Days, count: Callable[[NDArray[np.datetime64]], NDArray[np.int64]]) -> Days:
    whole = np.floor(days)
    counts = count(np.nan_to_num(whole).astype("datetime64[D]"))
    return np.where(np.isnan(whole), np.nan, counts.astype(np.float64))


QUANTITIES: Mapping[str, Callable[[Days], Days]] = {
    "weekday": weekday_of,
    "weekend": weekend_of,
    "month": month_of,
    "day_of_month": day_of_month,
    "day_of_year": day_of_year,
    "date_of_year": date_of_year,
    "decade": decade_of,
    "hour": hour_of,
    "whole_hour": whole_hour_of,
}


@dataclass(frozen=True)
class CalendarPart:
    """One part of a date.

    Attributes
    ----------
    quantity : str
        The key of QUANTITIES whose values it shows.
    form : {'one-hot', 'cyclic', 'number'}
        A 0/1 column for each value, sine and cosine, or the value itself.
    suffixes : tuple of str
        The ends of its columns' names.
    period : float
        The number of values of 'one-hot', the values of one turn of 'cyclic'.
    least_years : int
        The part says something only where dates cover most days of so many years.
    """

    quantity: str
    form: PartForm
    suffixes: tuple[str, ...]
    period: float = 0
    least_years: int = 0

    def value(self, days: Days) -> Days:
        """The quantity, shape (n_samples,); NaN where the date is missing."""
        return QUANTITIES[self.quantity](days)

    def columns(self, days: Days) -> NDArray[np.float64]:
        """The part's columns, shape (n_samples, n_suffixes); 0 where the date is missing."""
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
    """The parts without repetition, the default ones for None; refuses a part that is none."""
    if parts is None:
        return list(DEFAULT_PARTS)
    for part in parts:
        if part not in PARTS:
            raise ValueError(
                f"calendar_parts must be of {', '.join(PARTS)}, got {part!r}."
                f"{suggestion(str(part), list(PARTS))}"
            )
    return list(dict.fromkeys(parts))


def varying_parts(days: Days, parts: Sequence[str] = DEFAULT_PARTS) -> list[str]:
    """The parts that have more than one value among these dates, and enough years.

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
    """The columns of these parts side by side, shape (n_samples, n_columns)."""
    blocks = [PARTS[name].columns(days) for name in parts]
    return np.hstack(blocks) if blocks else np.empty((len(days), 0))
