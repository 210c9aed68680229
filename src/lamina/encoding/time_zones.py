"""Time zones of dates: dates with a zone are read in UTC, so a column has a zone or has none."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lamina.encoding.file_rows import row_name
from lamina.encoding.written_dates import has_zone
from lamina.errors import TableError

if TYPE_CHECKING:
    import pandas as pd

# A zone without such a name, as that of a file of dateutil, is not shown in messages.
_NAME = re.compile(r"[A-Za-z][\w+\-/:]*")


def find_zone(column: pd.Series) -> bool | None:
    """Return True if all dates of a pandas column have a time zone, False if none has one.

    A date without a time of day has no zone.

    Returns
    -------
    bool or None
        None if some dates have a zone and others have none, or if there is no date.

    Examples
    --------
    >>> import pandas as pd
    >>> find_zone(pd.Series(["2024-12-31 10:00Z", None])), find_zone(pd.Series(["2024-12-31"]))
    (True, False)
    """
    zones = {zone for zone in _cells(column)[1] if zone is not None}
    return zones.pop() if len(zones) == 1 else None


def zone_name(column: pd.Series) -> str | None:
    """Return the name of the one time zone of a pandas column with such a dtype; else None.

    Examples
    --------
    >>> import pandas as pd
    >>> zone_name(pd.Series(pd.date_range("2024-12-31", periods=2, tz="Europe/Rome")))
    'Europe/Rome'
    """
    name = str(_zone_of_dtype(column))
    return name if _zone_of_dtype(column) is not None and _NAME.fullmatch(name) else None


def remark_on_mixture(name: str, column: pd.Series) -> str | None:
    """Return a remark on dates without a time zone among dates with one; else None."""
    codes, zones = _cells(column)
    if {True, False} - set(zones):
        return None
    is_bare = _mask(codes, zones, False)
    row, n_further = int(is_bare.argmax()), int(is_bare.sum()) - 1
    further = f" (and {n_further:,} more)" if n_further else ""
    return (
        f"column {name!r} has dates with a time zone, and others without one such as "
        f"{str(column.iloc[row])!r} in {row_name(column, row)}{further}: those are read as UTC"
    )


def require_same_zone(
    name: str, column: pd.Series, is_zoned: bool, training_zone: str | None = None
) -> None:
    """Reject dates without a time zone where those of training have one, and the reverse.

    Parameters
    ----------
    name : str
        Name of the column in error messages.
    column : pandas.Series
    is_zoned : bool
        True if the dates of training have a time zone.
    training_zone : str, optional
        Name of that zone, for the message.

    Raises
    ------
    TableError
        With the first such date and its row.
    """
    codes, zones = _cells(column)
    is_wrong = _mask(codes, zones, not is_zoned)
    if not is_wrong.any():
        return
    row = int(is_wrong.argmax())
    where = f"column {name!r} has {str(column.iloc[row])!r} in {row_name(column, row)}"
    has_dates = getattr(column.dtype, "kind", "O") == "M"
    times = ".dt" if has_dates else f"pandas.to_datetime(table[{name!r}]).dt"
    if is_zoned:
        zone = training_zone or "UTC"
        condition = "" if training_zone else " if they are in UTC"
        raise TableError(
            f"{where}, which has no time zone, but the dates of training have one: add the zone to "
            f"all dates, in pandas by {times}.tz_localize({zone!r}){condition}"
        )
    raise TableError(
        f"{where}, which has a time zone, but the dates of training have none: convert all dates "
        "to the local time of training and leave the zone out, in pandas by "
        f"{times}.tz_convert('UTC').dt.tz_localize(None) if that is UTC"
    )


def _cells(column: pd.Series) -> tuple[NDArray[np.intp], list[bool | None]]:
    """Return the code of each row, -1 where missing, and for each code whether it has a zone."""
    kind, type_name = getattr(column.dtype, "kind", "O"), column.dtype.name
    if kind in "biufcm":
        return np.full(len(column), -1, dtype=np.intp), []
    if kind == "M" or type_name.startswith("period"):
        is_missing = column.isna().to_numpy()
        zones: list[bool | None] = [_zone_of_dtype(column) is not None]
        return np.where(is_missing, -1, 0), [] if is_missing.all() else zones
    distinct: Iterable[object]
    try:
        codes, distinct = column.factorize()
    except TypeError:  # Lists and dicts, which the reader of the column rejects.
        codes, distinct = np.arange(len(column)), column
    return codes, [_zone_of(value) for value in distinct]


def _mask(codes: NDArray[np.intp], zones: list[bool | None], zone: bool) -> NDArray[np.bool_]:
    return np.array([*(each is zone for each in zones), False])[codes]


def _zone_of_dtype(column: pd.Series) -> object:
    dtype = getattr(column.dtype, "pyarrow_dtype", column.dtype)
    return getattr(dtype, "tz", None)


def _zone_of(value: object) -> bool | None:
    """Return True or False for a date with or without a zone, and None for any other value."""
    if isinstance(value, str):
        return has_zone(value)
    if isinstance(value, datetime):
        # NaT is a datetime for Python.
        return value.tzinfo is not None if value == value else None
    from pandas import Period

    return False if isinstance(value, date | Period) else None
