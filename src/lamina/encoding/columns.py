"""Detect the kind of a column (number, date or category), and read its values as an array."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from numbers import Number
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from lamina.encoding.file_rows import row_name
from lamina.errors import TableError
from lamina.formulas.table import AnyArray

if TYPE_CHECKING:
    import pandas as pd

Kind: TypeAlias = Literal["number", "date", "category"]

_KIND_OF_DTYPE: Mapping[str, Kind] = {
    "b": "number",
    "i": "number",
    "u": "number",
    "f": "number",
    "m": "number",
    "M": "date",
}
_DURATIONS = (timedelta, np.timedelta64)
_SECONDS_A_DAY, _SECONDS_AN_HOUR = 86_400, 3600
# Types of composite values, and their plural in error messages.
_COMPOSITE: tuple[tuple[tuple[type, ...], str], ...] = (
    ((list, tuple, set, np.ndarray), "lists"),
    ((dict,), "structs"),
    ((bytes, bytearray), "bytes"),
)


def find_kind(name: str, column: pd.Series) -> Kind:
    """Return the kind of a pandas column, by its dtype or, for object columns, by its values.

    Parameters
    ----------
    name : str
        Name of the column in error messages.
    column : pandas.Series
        Its dtype may be NumPy's, pandas' own or Arrow's.

    Raises
    ------
    TableError
        If the column has no value, or holds complex numbers, lists, structs or bytes.
    """
    if column.isna().all():
        raise TableError(
            f"column {name!r} has no value in any of its {len(column)} rows: leave it out"
        )
    if column.dtype.name == "category":
        return "category"
    if column.dtype.name.startswith("period"):
        return "date"
    kind = getattr(column.dtype, "kind", "O")
    if kind == "c":
        raise TableError(
            f"column {name!r}: complex data not supported; give its real and imaginary parts as "
            "two columns"
        )
    return _KIND_OF_DTYPE.get(kind) or _kind_of_values(name, column.dropna())


def is_text(column: pd.Series) -> bool:
    """Return True if every value of a pandas column is a str, and it is not categorical."""
    from pandas.api.types import infer_dtype, is_string_dtype

    if column.dtype != object:
        return column.dtype.name != "category" and bool(is_string_dtype(column.dtype))
    return bool(infer_dtype(column, skipna=True) == "string")


def is_text_categorical(column: pd.Series) -> bool:
    """Return True if a pandas column has the dtype 'category', and every category is a str."""
    if column.dtype.name != "category":
        return False
    return all(isinstance(category, str) for category in column.cat.categories)


def check_table(table: pd.DataFrame) -> None:
    """Check all rows of all columns of a pandas data frame before any work begins.

    Raises
    ------
    TableError
        With the column and the row, for infinity, lists, structs, bytes or complex numbers.
    """
    for name in table.columns:
        column = table[name]
        if not column.isna().all() and find_kind(str(name), column) == "number":
            numbers(str(name), column)


def check_unicode(columns: Mapping[str, pd.Series]) -> None:
    """Reject texts with half of a surrogate pair, which no file or library of columns can hold.

    Python makes them of bytes in another encoding, with errors='surrogateescape'.

    Raises
    ------
    TableError
        With the column and the row.
    """
    for name, column in columns.items():
        # Only object columns can hold such texts.
        if column.dtype == object:
            _check_texts(name, column)


def _check_texts(name: str, column: pd.Series) -> None:
    texts = {row: value for row, value in enumerate(column.to_numpy()) if isinstance(value, str)}
    if _is_unicode("".join(texts.values())):
        return
    row = next(row for row, text in texts.items() if not _is_unicode(text))
    raise TableError(
        f"column {name!r} holds {texts[row]!a} in {row_name(column, row)}, which is not Unicode "
        "text: read the file with its own encoding, or correct the value"
    )


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _kind_of_values(name: str, values: Iterable[object]) -> Kind:
    types = {type(value) for value in values}
    for classes, plural in _COMPOSITE:
        if any(issubclass(kind, classes) for kind in types):
            example = next(value for value in values if isinstance(value, classes))
            shown = repr(example)
            shown = shown if len(shown) <= 40 else f"{shown[:37]}..."
            raise TableError(
                f"column {name!r} holds {plural} such as {shown}: make columns of their parts, or "
                f"drop {name!r}"
            )
    # A duration of NumPy is an integer for Python, but in another unit.
    durations = {kind for kind in types if issubclass(kind, _DURATIONS)}
    if types == durations or all(issubclass(kind, time) for kind in types):
        return "number"
    if not durations and all(issubclass(kind, Number | np.bool_ | Decimal) for kind in types):
        return "number"
    from pandas import Period

    return "date" if all(issubclass(kind, date | Period) for kind in types) else "category"


def numbers(name: str, column: pd.Series) -> NDArray[np.float64]:
    """Return the column's numbers as float64 of shape (n_samples,); NaN where missing.

    Times of day are hours since midnight, as in a text column, and durations are seconds.

    Raises
    ------
    TableError
        For a value that is not a number, or is infinite.
    """
    values = _convert(name, column, _to_float, "a number")
    if np.isinf(values).any():
        row = row_name(column, int(np.argmax(np.isinf(values))))
        raise TableError(
            f"column {name!r} holds infinity in {row}: "
            "replace it by a number, or leave the cell empty"
        )
    return values


def dates(name: str, column: pd.Series) -> NDArray[np.float64]:
    """Return days since 1970 (in UTC if the time zone is known), float64 of shape (n_samples,)."""
    return _convert(name, column, _to_days, "a date")


def categories(name: str, column: pd.Series) -> AnyArray:
    """Return the values as texts, object array of shape (n_samples,); None where missing."""
    codes, distinct = column.astype(object).factorize()
    texts = np.array([*map(_text, distinct), None], dtype=object)
    return np.asarray(texts[codes])


READERS: Mapping[Kind, Callable[[str, pd.Series], AnyArray]] = {
    "number": numbers,
    "date": dates,
    "category": categories,
}


def frequent(values: AnyArray, at_least: int, at_most: int | None) -> list[str | None]:
    """Return the categories that get a column each, sorted; None comes last if values are missing.

    Parameters
    ----------
    values : object array of shape (n_samples,)
        Result of `categories`.
    at_least : int
        Minimum number of rows of a category; missing values need only one.
    at_most : int or None
        Maximum number of categories to keep, the most frequent ones, including None; None for all.
    """
    counts = Counter(values.tolist())
    return frequent_counts(counts, counts.pop(None, 0), at_least, at_most)


def frequent_counts(
    counts: Mapping[str, int], n_missing: int, at_least: int, at_most: int | None
) -> list[str | None]:
    """Return the categories that get a column each by their numbers of rows; see `frequent`."""
    missing: list[str | None] = [None] if n_missing else []
    ranked = sorted(counts, key=lambda text: (-counts[text], text))
    room = None if at_most is None else at_most - len(missing)
    return [*sorted(text for text in ranked[:room] if counts[text] >= at_least), *missing]


def _convert(
    name: str, column: pd.Series, convert: Callable[[pd.Series], NDArray[np.float64]], expected: str
) -> NDArray[np.float64]:
    try:
        return convert(column)
    except (TypeError, ValueError, ArithmeticError):
        row = _first_bad_row(column, convert)
        raise TableError(
            f"column {name!r} holds {show_value(column.iloc[row])} in {row_name(column, row)}, "
            f"where {expected} is expected: correct the value, or leave the cell empty"
        ) from None


def show_value(value: object) -> str:
    """Return a text in quotes, and any other value without its type."""
    return repr(value) if isinstance(value, str) else str(value)


def _first_bad_row(column: pd.Series, convert: Callable[[pd.Series], NDArray[np.float64]]) -> int:
    for row in range(len(column)):
        try:
            convert(column.iloc[row : row + 1])
        except (TypeError, ValueError, ArithmeticError):
            return row
    return 0


def _to_float(column: pd.Series) -> NDArray[np.float64]:
    kind = getattr(column.dtype, "kind", "O")
    if kind == "M":
        raise TypeError("a date is not a number")
    if kind == "m":
        column = _in_numpy(column, "timedelta64[{}]").dt.total_seconds()
    elif kind == "O":
        column = column.astype(object).map(_as_number)
    values: NDArray[np.float64] = column.to_numpy(dtype=np.float64, na_value=np.nan)
    return values


def _as_number(value: object) -> object:
    """Return the hours of a time of day and the seconds of a duration; others unchanged."""
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, np.timedelta64):
        return value / np.timedelta64(1, "s")
    if not isinstance(value, time):
        return value
    seconds = value.second + value.microsecond / 1e6
    return value.hour + value.minute / 60 + seconds / _SECONDS_AN_HOUR


def _start_of_period(value: object) -> object:
    """Return the start of a pandas Period; any other value unchanged."""
    from pandas import Period

    return value.to_timestamp() if isinstance(value, Period) else value


def _in_numpy(column: pd.Series, dtype: str) -> pd.Series:
    """Return an Arrow column in NumPy's dtype of the same unit, as Arrow cannot divide by int64."""
    arrow = getattr(column.dtype, "pyarrow_dtype", None)
    return column if arrow is None else column.astype(dtype.format(arrow.unit))


def _to_days(column: pd.Series) -> NDArray[np.float64]:
    import pandas as pd

    if getattr(column.dtype, "kind", "O") in "biuf" and not column.isna().all():
        raise ValueError("a number is not a date: its unit is unknown")
    if getattr(column.dtype, "kind", "O") == "O":
        column = column.astype(object).map(_start_of_period)
    dates = _in_numpy(pd.to_datetime(column, utc=True, format="ISO8601"), "datetime64[{}, UTC]")
    epoch = pd.Timestamp(0, tz="UTC")
    try:
        seconds = (dates - epoch).dt.total_seconds()
    except (ValueError, OverflowError):
        # Nanoseconds cover only the years 1677 to 2262; use seconds beyond.
        seconds = (dates - epoch.as_unit("s")).dt.total_seconds()
    days: NDArray[np.float64] = seconds.to_numpy(dtype=np.float64, na_value=np.nan)
    return days / _SECONDS_A_DAY


def _text(value: object) -> str:
    # A column of integers becomes float if one value is missing, so treat 1.0 as 1.
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value.isoformat() if isinstance(value, datetime) else str(value)
