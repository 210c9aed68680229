"""Time zones of dates: times with and without one cannot be compared, so a column has one kind."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING

from lamina.encoding.file_rows import row_name
from lamina.errors import TableError

if TYPE_CHECKING:
    import pandas as pd

_TIME = re.compile(r"\d:\d{2}")
_ZONE = re.compile(r"\d:\d{2}.*(?:Z|UTC|GMT|[+-]\d{2}:?\d{2})\s*$", re.IGNORECASE)


def find_zone(column: pd.Series) -> bool | None:
    """Return True if the times of a pandas column have a time zone, False if they have none.

    Returns
    -------
    bool or None
        None if the column has both kinds, or none: only dates without a time of day, or no value.

    Examples
    --------
    >>> import pandas as pd
    >>> find_zone(pd.Series(["2024-12-31 10:00Z", None])), find_zone(pd.Series(["2024-12-31"]))
    (True, None)
    """
    if getattr(column.dtype, "kind", "O") == "M" and not column.isna().all():
        return _has_zone_type(column.dtype)
    kinds = {zone for value in column.dropna().unique() if (zone := _zone_of(value)) is not None}
    return kinds.pop() if len(kinds) == 1 else None


def require_same_zone(name: str, column: pd.Series, has_zone: bool) -> None:
    """Reject times without a time zone where training had one, and the reverse.

    Raises
    ------
    TableError
    """
    found = find_zone(column)
    if found is None or found == has_zone:
        return
    row = int((~column.isna()).to_numpy().argmax())
    where = f"column {name!r} has {str(column.iloc[row])!r} in {row_name(column, row)}"
    if has_zone:
        raise TableError(
            f"{where}, a time without a time zone, but the times of training have one: add it, in "
            "pandas by .dt.tz_localize('Europe/Rome')"
        )
    raise TableError(
        f"{where}, a time with a time zone, but the times of training have none: convert it to "
        "the zone of training and leave the zone out, in pandas by "
        ".dt.tz_convert('Europe/Rome').dt.tz_localize(None)"
    )


def _has_zone_type(dtype: object) -> bool:
    arrow = getattr(dtype, "pyarrow_dtype", dtype)
    return getattr(arrow, "tz", None) is not None


def _zone_of(value: object) -> bool | None:
    if isinstance(value, datetime):
        return value.tzinfo is not None
    if isinstance(value, str) and _TIME.search(value):
        return _ZONE.search(value) is not None
    return None
