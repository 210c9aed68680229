"""Rows of a table as messages count them: from 1, below the header of the file they came from."""

from __future__ import annotations

from typing import Any

# The name of the index of a data frame that was read from a file. It stays with a row when rows are
# shuffled, split or left out.
FILE_ROW = "row of the file"


def number_rows(frame: Any) -> None:
    """Give a data frame the numbers of its rows in the file as its index."""
    from pandas import RangeIndex

    frame.index = RangeIndex(1, len(frame) + 1, name=FILE_ROW)


def row_name(column: Any, position: int) -> str:
    """How a message calls a row of a pandas Series or DataFrame.

    Examples
    --------
    >>> import pandas as pd
    >>> row_name(pd.Series([5, 6]), 1)
    'row 2'
    >>> row_name(pd.Series([5, 6], index=pd.Index([40, 7], name=FILE_ROW)), 1)
    'row 7 of the file'
    """
    if column.index.name == FILE_ROW:
        return f"row {column.index[position]} of the file"
    return f"row {position + 1}"
