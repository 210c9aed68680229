"""Read numbers as people write them: with separators, currencies, percent signs and units.

One form holds for a whole column: the decimal sign, the thousands separator and the text around the
digits. A cell in another form is not a number of that column.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

# Replace special spaces, minus signs and apostrophes by the plain ones.
_PLAIN_SIGNS = str.maketrans(
    {
        **dict.fromkeys("\u00a0\u202f\u2009\u2007\u2008", " "),
        **dict.fromkeys("−–‐‑", "-"),
        **dict.fromkeys("’‘`", "'"),
    }
)
CURRENCIES = frozenset(
    (
        *"$€£¥₹₽₩₺₪฿₫₴₦₱₡₲₵₸",
        *("US$", "A$", "C$", "R$", "NZ$", "HK$", "S$", "kr", "kr.", "zł", "Kč", "Ft", "Fr.", "Rs"),
        *("Rs.", "lei", "лв"),
        *("USD", "EUR", "GBP", "JPY", "CHF", "CNY", "INR", "AUD", "CAD", "NZD", "SEK", "NOK"),
        *("DKK", "PLN", "CZK", "HUF", "RON", "BGN", "TRY", "RUB", "UAH", "BRL", "MXN", "ARS"),
        *("CLP", "COP", "ZAR", "KRW", "SGD", "HKD", "THB", "IDR", "MYR", "PHP", "VND", "ILS"),
        *("AED", "SAR", "EGP", "NGN", "KES", "NAD"),
    )
)
PERCENT = frozenset(("%", "‰"))
# Only units that are rarely part of a code: "38 m" is a length, but "38M" and "12A" may be codes.
UNITS = frozenset(
    (
        *("kg", "mg", "µg", "lb", "lbs", "oz", "km", "cm", "mm", "µm", "nm", "mi", "ft", "yd"),
        *("ml", "cl", "dl", "l", "m", "g", "km/h", "mph", "m/s", "m²", "m2", "km²", "ha", "sqft"),
        *("kW", "kWh", "MW", "MWh", "hp", "Hz", "kHz", "MHz", "GHz", "mV", "kV", "mA", "bar"),
        *("hPa", "Pa", "mmHg", "mg/dl", "mmol/l", "bpm", "kcal", "kJ", "°C", "°F", "°", "px"),
        *("kB", "KB", "MB", "GB", "TB", "ms", "sec", "min", "hrs", "hours", "days", "months"),
        *("years", "yrs", "pts", "pcs", "km.", "dB"),
    )
)
_AFFIXES = CURRENCIES | PERCENT | UNITS
# Pairs of decimal sign and thousands separator, the common ones first.
STYLES = tuple(
    (decimal, group) for group in ("", ",", ".", " ", "'") for decimal in ".," if decimal != group
)
LONGEST_NUMBER = 64
# Number of distinct texts of a column that are searched for a form.
MOST_LOOKED_AT = 5_000
_PARTS = re.compile(
    r"(?P<open>\()?\s*(?P<sign>[+-])?\s*(?P<before>[^\d\s.,'()+-]{1,4}\.?)?\s*(?P<inner>[+-])?\s*"
    r"(?P<body>[\d.,' ]*\d[.,]?(?:[eE][+-]?\d+)?)\s*(?P<after>[^\d\s.,'()+-][^\d\s()+-]{0,7}[²2]?)?"
    r"(?P<last>-)?\s*(?P<close>\))?"
)
# Fast path for most numbers.
_PLAIN = re.compile(r"-?\d{1,20}(?:\.\d{0,20})?")
_INFINITY = re.compile(r"([+-]?)inf(?:inity)?", re.IGNORECASE)
_LEADING_ZERO = re.compile(r"[+-]?0\d+")


@dataclass(frozen=True)
class NumberForm:
    """The form of the numbers in a column.

    Attributes
    ----------
    decimal : {'.', ','}
    thousands : {'', ',', '.', ' ', "'"}
        Separator of groups of three digits; empty for none.
    affix : str
        Currency, percent sign or unit before or after the digits; empty for none.
    """

    decimal: str = "."
    thousands: str = ""
    affix: str = ""


@dataclass(frozen=True)
class _Cell:
    negative: bool
    body: str
    affix: str


def has_leading_zero(text: str) -> bool:
    """Return True for digits that begin with a zero, as in a postal code.

    Examples
    --------
    >>> [has_leading_zero(text) for text in ("00012", "0", "0.5", "12")]
    [True, False, False, False]
    """
    return _LEADING_ZERO.fullmatch(text.strip()) is not None


def read_number(text: str, form: NumberForm) -> float | None:
    """Return the number in a cell of this form, or None.

    Examples
    --------
    >>> read_number("(1,234.50)", NumberForm(thousands=","))
    -1234.5
    >>> read_number("12,5 %", NumberForm(decimal=",", affix="%"))
    12.5
    >>> read_number("12.5", NumberForm(decimal=",")) is None
    True
    """
    if not form.affix and form.decimal == "." and _PLAIN.fullmatch(text):
        return float(text)
    cell = _split(text)
    if cell is None or cell.affix not in ("", form.affix):
        return None
    if form.affix and form.affix not in CURRENCIES and not cell.affix and cell.body.strip("0.,"):
        # In a column of percentages, a bare 45 may mean 4,500 %.
        return None
    value = _value(cell.body, form.decimal, form.thousands)
    return None if value is None else -value if cell.negative else value


def find_number_form(
    texts: Sequence[str], decimal: str | None = None
) -> tuple[NumberForm, str | None] | None:
    """Return the form in which most of the texts are numbers, and a text that is ambiguous.

    Parameters
    ----------
    texts : sequence of str
        Distinct cells of a column.
    decimal : {'.', ','}, optional
        Expected decimal sign, which decides between equally good forms.

    Returns
    -------
    tuple of NumberForm and str, or None
        None if no text is a number. The str is None if the form is unambiguous.

    Examples
    --------
    >>> find_number_form(["1,234", "0,862"])
    (NumberForm(decimal=',', thousands='', affix=''), None)
    >>> find_number_form(["1,234", "5,120"])
    (NumberForm(decimal='.', thousands=',', affix=''), '1,234')
    """
    step = max(1, len(texts) // MOST_LOOKED_AT)
    cells = [cell for text in texts[::step] if (cell := _split(text)) is not None]
    if not cells:
        return None
    affixes = [cell.affix for cell in cells if cell.affix]
    affix = max(sorted(set(affixes)), key=affixes.count, default="")
    bodies = [cell.body for cell in cells if cell.affix in ("", affix)]
    styles = sorted(STYLES, key=lambda style: style[0] != (decimal or "."))
    n_read = {style: sum(_value(body, *style) is not None for body in bodies) for style in styles}
    # max returns the first of equal styles: the expected decimal sign, without a separator.
    best = max(styles, key=lambda style: n_read[style])
    if not n_read[best]:
        return None
    return NumberForm(*best, affix), _doubtful(bodies, best, n_read)


def _doubtful(
    bodies: Sequence[str], best: tuple[str, str], n_read: dict[tuple[str, str], int]
) -> str | None:
    """Return a number that an equally good style reads with another value, or None."""
    if best == (".", ""):
        # "1.234" may also mean 1234, but then the file has a decimal comma elsewhere and `decimal`
        # is ','; here the point is a decimal point.
        return None
    rivals = [style for style, n in n_read.items() if n == n_read[best] and style != best]
    for body in bodies:
        if any(_value(body, *style) != _value(body, *best) for style in rivals):
            return body
    return None


def _split(text: str) -> _Cell | None:
    """Return the sign, digits and affix of a number; None for other texts."""
    if len(text) > LONGEST_NUMBER:
        return None
    plain = text.translate(_PLAIN_SIGNS).strip()
    if (infinite := _INFINITY.fullmatch(plain)) is not None:
        return _Cell(infinite[1] == "-", "inf", "")
    found = _PARTS.fullmatch(plain)
    if found is None:
        return None
    affixes = [each.strip() for each in (found["before"], found["after"]) if each]
    signs = [each for each in (found["sign"], found["inner"], found["last"]) if each]
    is_bracketed = found["open"] is not None
    if is_bracketed != (found["close"] is not None) or len(signs) + is_bracketed > 1:
        return None
    if len(affixes) > 1 or not all(each in _AFFIXES for each in affixes):
        return None
    if found["before"] and affixes[0] not in CURRENCIES:
        return None
    negative = is_bracketed or signs == ["-"]
    return _Cell(negative, found["body"].strip(), affixes[0] if affixes else "")


def _value(body: str, decimal: str, group: str) -> float | None:
    if body == "inf":
        return math.inf
    if _pattern(decimal, group).fullmatch(body) is None:
        return None
    return float((body.replace(group, "") if group else body).replace(decimal, "."))


@cache
def _pattern(decimal: str, group: str) -> re.Pattern[str]:
    point = re.escape(decimal)
    whole = rf"(?:\d+(?:{point}\d*)?|{point}\d+)(?:[eE][+-]?\d+)?"
    if not group:
        return re.compile(whole)
    between = re.escape(group)
    grouped = rf"[1-9]\d{{0,2}}(?:{between}\d{{3}})+(?:{point}\d*)?"
    if group == ",":
        # Indian grouping: 12,34,567.
        grouped = rf"{grouped}|[1-9]\d?(?:,\d{{2}})+,\d{{3}}(?:{point}\d*)?"
    return re.compile(rf"{whole}|{grouped}")
