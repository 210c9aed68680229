"""Columns whose cells are of several types: numbers or dates, and texts that say 'missing'."""

from __future__ import annotations

from typing import Any

from lamina.encoding.columns import is_text, kind_of
from lamina.encoding.file_rows import row_name
from lamina.encoding.missing_marks import ANYWHERE, is_missing_number
from lamina.errors import TableError


def text_cells(column: Any) -> Any:
    """Return which cells of a pandas column are texts, as a bool Series."""
    if is_text(column):
        return column.notna()
    from pandas import Series

    if column.dtype != object:
        return Series(False, index=column.index)
    return column.map(lambda value: isinstance(value, str)).astype(bool)


def missing_cells(column: Any) -> Any:
    """Return which cells are texts that stand for a missing number, as a bool Series."""
    return column.map(lambda value: isinstance(value, str) and is_missing_number(value)).astype(
        bool
    )


def without_marks(name: str, column: Any) -> tuple[Any, tuple[str, ...]]:
    """Return a column of numbers or dates without its marks such as '?', and a remark about them.

    A column of texts alone, or with other texts beside its numbers, is returned as it is.

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
        if kind_of(name, others) == "category":
            return column, ()
    except TableError:
        return column, ()
    position = int(marks.to_numpy().argmax())
    written = [text for text in column[marks] if text.strip() not in ANYWHERE]
    further = f" (and {int(marks.sum()) - 1:,} more)" if marks.sum() > 1 else ""
    place = row_name(column, position)
    remark = f"column {name!r} holds {column.iloc[position]!r} in {place}{further}: read as missing"
    return column.mask(marks), (remark,) if written else ()
