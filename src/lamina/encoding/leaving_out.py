"""Columns to leave out: empty ones, constants, copies of others, and row numbers."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

_ID_NAME = re.compile(
    r"(?:.*[\W_])?(?:id|ids|uuid|guid|index|idx|rowid|rownum|row|serial)"
    r"|(?:customer|user|record|row|account|order|patient|member|client|case)(?:id|number|no|nr)",
    re.IGNORECASE,
)
_CAMEL_ID = re.compile(r".*[a-z0-9](?:Id|ID)")
_TIME_NAME = re.compile(
    r".*(?:year|month|week|day|date|time|hour|minute|second|period|step|age|jahr|monat|tag)s?"
    r"|t|y|x",
    re.IGNORECASE,
)

EMPTY = "it has no value in any row"
SINGLE = "it has a value in one row only"
NUMBERED = "it numbers the rows"


def reasons_to_leave_out(
    columns: Mapping[str, pd.Series], counters: Collection[str] = (), kept: Collection[str] = ()
) -> dict[str, str]:
    """Return the reason for each column to leave out, by name.

    Parameters
    ----------
    columns : mapping of str to pandas.Series
        If the table has a single row, only columns without a value are left out.
    counters : collection of str
        Columns that increase by one from row to row of their file.
    kept : collection of str
        Columns whose kind the user chose; they are left out only if they have no value.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"id": [3, 1, 2], "x": [0.5, 1.5, 0.5], "unit": ["m", "m", "m"]})
    >>> reasons_to_leave_out(dict(table.items()))
    {'id': 'it numbers the rows', 'unit': "it is 'm' in every row"}
    """
    empty = {name: EMPTY for name, c in columns.items() if c.isna().all()}
    if all(len(column) < 2 for column in columns.values()):
        return empty
    reasons = dict(empty)
    for position, (name, column) in enumerate(columns.items()):
        if name not in reasons and name not in kept:
            is_counter = name in counters and position == 0
            reason = _reason(name, column, is_counter=is_counter)
            if reason is not None:
                reasons[name] = reason
    reasons |= _copies({n: c for n, c in columns.items() if n not in reasons and n not in kept})
    # If no other column would remain, keep all columns that have a value.
    return reasons if len(reasons) < len(columns) else empty


def _reason(name: str, column: pd.Series, *, is_counter: bool) -> str | None:
    present = column.dropna()
    if len(present) < 2:
        return SINGLE
    if len(present) == len(column) and _is_constant(present):
        return constant_reason(present.iloc[0])
    if len(present) == len(column) and _is_id(name, column, is_counter=is_counter):
        return NUMBERED
    return None


def constant_reason(value: object) -> str:
    """Return the reason to leave out a column of one value."""
    is_number = isinstance(value, int | float | np.number)
    return f"it is {value if is_number else repr(value)!s} in every row"


def _is_constant(present: pd.Series) -> bool:
    try:
        return bool((present == present.iloc[0]).all())
    except (TypeError, ValueError):
        return False


def _is_id(name: str, column: pd.Series, *, is_counter: bool) -> bool:
    """Return True for distinct integers that count the rows, or that have the name of an id."""
    if getattr(column.dtype, "kind", "O") not in "iu" or not column.is_unique:
        return False
    return numbers_rows(name, column.min(), is_counter=is_counter)


def numbers_rows(name: str, low: float, *, is_counter: bool) -> bool:
    """Return True if distinct integers number the rows, by their name, or as they count them.

    Parameters
    ----------
    name : str
    low : float
        Minimum of the column.
    is_counter : bool
        True for the first column of a file, if it increases by one from row to row.
    """
    if is_counter and _TIME_NAME.fullmatch(name) is None and int(low) in (0, 1):
        return True
    return bool(_ID_NAME.fullmatch(name) or _CAMEL_ID.fullmatch(name))


def _copies(columns: Mapping[str, pd.Series]) -> dict[str, str]:
    """Return the columns that equal an earlier one in every row."""
    from pandas.util import hash_pandas_object

    first: dict[bytes, str] = {}
    reasons = {}
    for name, column in columns.items():
        if column.dtype.name == "category":
            column = column.astype(object)
        try:
            hashes = hash_pandas_object(column, index=False).to_numpy()
            key = hashlib.sha256(hashes.tobytes()).digest()
        except TypeError:
            continue
        twin = first.setdefault(key, name)
        if twin != name and columns[twin].dtype == column.dtype and columns[twin].equals(column):
            reasons[name] = copy_reason(twin)
    return reasons


def copy_reason(twin: str) -> str:
    """Return the reason to leave out a column that equals another."""
    return f"it equals column {twin!r}"
