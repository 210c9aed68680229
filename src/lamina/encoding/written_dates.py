"""Read dates and times of day as people write them, with one order of day and month per column."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from typing import Literal, TypeAlias

DateOrder: TypeAlias = Literal["day first", "month first"]
ORDERS: tuple[DateOrder, ...] = ("day first", "month first")

MONTHS = {
    name: number
    for number, names in enumerate(
        (
            ("jan", "january"),
            ("feb", "february"),
            ("mar", "march"),
            ("apr", "april"),
            ("may",),
            ("jun", "june"),
            ("jul", "july"),
            ("aug", "august"),
            ("sep", "sept", "september"),
            ("oct", "october"),
            ("nov", "november"),
            ("dec", "december"),
        ),
        start=1,
    )
    for name in names
}
# POSIX, Python and Oracle read 69 to 99 as 1969 to 1999. Years between these two are ambiguous.
TWENTIETH_FROM, CERTAIN_TO = 70, 40

_TIME = (
    r"(?:(?:[T ]|, ?)\s*(?P<hour>\d{1,2}):(?P<minute>\d{2})"
    r"(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?"
    r"\s*(?P<half>[AaPp]\.?[Mm]\.?)?\s*(?P<zone>Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?)?"
)
_WEEKDAY = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,?\s+)?"
_PATTERNS = tuple(
    re.compile(_WEEKDAY + date + _TIME, re.IGNORECASE)
    for date in (
        r"(?P<year>\d{4})(?P<sep>[-/.])(?P<month>\d{1,2})(?P=sep)(?P<day>\d{1,2})",
        r"(?P<year>\d{4})-(?P<month>\d{2})",
        r"(?P<first>\d{1,2})(?P<sep>[-/.])\s?(?P<other>\d{1,2})(?P=sep)\s?(?P<year>\d{4}|\d{2})",
        r"(?P<day>\d{1,2})(?:st|nd|rd|th|\.)?[-/ ]\s?(?P<name>[a-z]{3,9})\.?,?[-/ ]\s?"
        r"(?P<year>\d{4}|\d{2})",
        r"(?P<name>[a-z]{3,9})\.?[-/ ](?P<day>\d{1,2})(?:st|nd|rd|th)?,?[-/ ]\s?(?P<year>\d{4})",
    )
)
_TIME_OF_DAY = re.compile(
    r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.(?P<fraction>\d{1,9}))?)?"
    r"\s*(?P<half>[AaPp]\.?[Mm]\.?)?"
)


def read_date(text: str, order: DateOrder = "day first") -> datetime | None:
    """Return the date in a text, in UTC if it has a time zone; None for other texts.

    Parameters
    ----------
    text : str
    order : {'day first', 'month first'}
        Order of 1/2/2024; it does not matter for a month's name or a leading year.

    Examples
    --------
    >>> read_date("31.12.2024 18:30"), read_date("1/2/2024", "month first")
    (datetime.datetime(2024, 12, 31, 18, 30), datetime.datetime(2024, 1, 2, 0, 0))
    >>> read_date("Jan 1, 2024"), read_date("12/31/2024") is None
    (datetime.datetime(2024, 1, 1, 0, 0), True)
    """
    found = _match(text)
    if found is None:
        return None
    parts = found.groupdict()
    if "first" in parts:
        first, other = int(parts["first"]), int(parts["other"])
        day, month = (first, other) if order == "day first" else (other, first)
    else:
        day = int(parts.get("day") or 1)
        month = MONTHS.get((parts.get("name") or "").lower(), 0) or int(parts.get("month") or 0)
    return _moment(_year(parts["year"]), month, day, parts)


def read_time_of_day(text: str) -> float | None:
    """Return the hours since midnight of a text such as '18:30'; None for other texts.

    Examples
    --------
    >>> read_time_of_day("6:30 PM"), read_time_of_day("25:00") is None
    (18.5, True)
    """
    found = _TIME_OF_DAY.fullmatch(text.strip())
    moment = None if found is None else _moment(2000, 1, 1, found.groupdict() | {"zone": None})
    return None if moment is None else (moment - datetime(2000, 1, 1)) / timedelta(hours=1)


def find_date_order(texts: Sequence[str]) -> tuple[DateOrder, str | None]:
    """Return the order of day and month in which the texts are dates, and an ambiguous text.

    Parameters
    ----------
    texts : sequence of str
        Distinct cells of a column, in order of first appearance.

    Returns
    -------
    tuple of str and (str or None)
        The text is None if the order is certain: some day is above 12, the dates are sorted in one
        order only, or dots separate day and month.

    Examples
    --------
    >>> find_date_order(["1/2/2024", "12/31/2024"])
    ('month first', None)
    >>> find_date_order(["5/4/2024", "1/2/2024", "3/3/2024"])
    ('month first', '5/4/2024')
    """
    open_texts = [text for text in texts if (m := _match(text)) and "first" in m.groupdict()]
    if not open_texts:
        return "day first", None
    read = {order: [read_date(text, order) for text in open_texts] for order in ORDERS}
    n_bad = {order: sum(moment is None for moment in read[order]) for order in ORDERS}
    if n_bad["day first"] != n_bad["month first"]:
        return min(ORDERS, key=lambda order: n_bad[order]), None
    differing = [
        text for text, *both in zip(open_texts, *read.values(), strict=True) if both[0] != both[1]
    ]
    sorted_in = [order for order in ORDERS if _is_monotone(read[order])]
    if len(sorted_in) == 1 and len(open_texts) > 2:
        return sorted_in[0], None
    is_american = "/" in open_texts[0]
    order: DateOrder = "month first" if is_american else "day first"
    has_points = "." in open_texts[0]
    return order, None if has_points or not differing else differing[0]


def has_two_digit_year(text: str) -> bool:
    """Return True if a date has a year of two digits."""
    found = _match(text)
    return found is not None and len(found["year"]) == 2


def has_zone(text: str) -> bool | None:
    """Return True if a date has a time zone, False if it has none, and None for other texts.

    Examples
    --------
    >>> has_zone("2024-12-31 18:30+00"), has_zone("2024-12-31"), has_zone("?")
    (True, False, None)
    """
    found = _match(text)
    return None if found is None else found["zone"] is not None


def may_have_zone(text: str) -> bool:
    """Return False, at little cost, if a date has no time zone."""
    end = text.rstrip()[-6:]
    return end[-1:] in "ZzCcTt" or "+" in end or "-" in end


def _match(text: str) -> re.Match[str] | None:
    plain = text.strip()
    if not 6 <= len(plain) <= 48:
        return None
    return next((m for pattern in _PATTERNS if (m := pattern.fullmatch(plain))), None)


def _year(text: str) -> int:
    year = int(text)
    if len(text) == 4:
        return year
    if CERTAIN_TO < year < TWENTIETH_FROM:
        return 0
    return year + (1900 if year >= TWENTIETH_FROM else 2000)


def _moment(year: int, month: int, day: int, parts: dict[str, str | None]) -> datetime | None:
    hour = int(parts["hour"] or 0)
    if half := parts["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half[0] in "pP" else 0)
    micros = int((parts["fraction"] or "").ljust(6, "0")[:6])
    clock = (hour, int(parts["minute"] or 0), int(parts["second"] or 0), micros)
    try:
        moment = datetime(year, month, day, *clock)
        return _in_utc(moment, parts["zone"])
    except (ValueError, OverflowError):
        return None


def _in_utc(moment: datetime, zone: str | None) -> datetime:
    if zone is None or zone[0] not in "+-":
        return moment
    hours, minutes = int(zone[1:3]), int(zone[3:].lstrip(":") or 0)
    offset = timedelta(hours=hours, minutes=minutes) * (-1 if zone[0] == "-" else 1)
    return moment.replace(tzinfo=timezone(offset)).astimezone(UTC).replace(tzinfo=None)


def _is_monotone(moments: Sequence[datetime | None]) -> bool:
    pairs = [(a, b) for a, b in pairwise(moments) if a and b]
    return all(a <= b for a, b in pairs) or all(a >= b for a, b in pairs)
