"""Columns with cells of several types: numbers or dates, and texts for missing values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lamina.encoding.columns import find_kind, is_text
from lamina.encoding.file_rows import row_name
from lamina.encoding.missing_marks import ANYWHERE, is_missing_number
from lamina.errors import TableError

if TYPE_CHECKING:
    import pandas as pd


def text_cells(column: pd.Series) -> pd.Series:
    """Return a mask, a bool Series, of the cells of a pandas column that are texts."""
    if is_text(column):
        return column.notna()
    from pandas import Series

    if column.dtype != object:
        return Series(False, index=column.index)
    return column.map(lambda value: isinstance(value, str)).astype(bool)


def missing_cells(column: pd.Series) -> pd.Series:
    """Return a mask, a bool Series, of the cells that are texts for a missing number."""
    return column.map(lambda value: isinstance(value, str) and is_missing_number(value)).astype(
        bool
    )


def without_marks(name: str, column: pd.Series) -> tuple[pd.Series, tuple[str, ...]]:
    """Return a column of numbers or dates without marks such as '?', with a remark on them.

    A column of texts only, or of numbers and other texts, is returned unchanged.

    Examples
    --------
    >>> import pandas as pd
    >>> column, remarks = without_marks("size", pd.Series([1.5, "?", 2], dtype=object))
    >>> column.isna().tolist(), remarks
    ([False, True, False], ("column 'size' holds '?' in row 2: read as missing",))
    """
    if column.dtype != object or is_text(column):
        return column, ()
    marks = missing_cells(column)
    others = column[~marks & column.notna()]
    if not marks.any() or not len(others) or text_cells(others).any():
        return column, ()
    try:
        if find_kind(name, others) == "category":
            return column, ()
    except TableError:
        return column, ()
    position = int(marks.to_numpy().argmax())
    written = [text for text in column[marks] if text.strip() not in ANYWHERE]
    further = f" (and {int(marks.sum()) - 1:,} more)" if marks.sum() > 1 else ""
    place = row_name(column, position)
    remark = f"column {name!r} holds {column.iloc[position]!r} in {place}{further}: read as missing"
    return column.mask(marks), (remark,) if written else ()
