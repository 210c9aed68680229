"""Row numbers for messages: rows of a file count from 1, below the header."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

# Name of the index of a data frame that was read from a file. The index keeps the row of the file
# when rows are shuffled, split or left out.
FILE_ROW = "row of the file"


# The same for rows selected from a data frame that a program made.
TABLE_ROW = "row of the table"


def number_used_rows(frame: pd.DataFrame, rows: NDArray[np.int64]) -> pd.DataFrame:
    """Return some rows of a data frame, whose names in messages are those of the whole frame."""
    from pandas import Index

    chosen = frame.iloc[rows]
    if frame.index.name != FILE_ROW:
        chosen = chosen.set_axis(Index(rows + 1, name=TABLE_ROW))
    return chosen


def number_rows(frame: pd.DataFrame) -> None:
    """Set the index of a data frame to the row numbers of its file."""
    from pandas import RangeIndex

    frame.index = RangeIndex(1, len(frame) + 1, name=FILE_ROW)


def row_name(column: pd.Series, position: int) -> str:
    """Return the name of a row of a pandas Series or DataFrame for messages.

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
    if column.index.name == TABLE_ROW:
        return f"row {column.index[position]}"
    return f"row {position + 1}"
