"""Read tables from files as pandas data frames, with typed columns and row numbers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from lamina.encoding.boolean_texts import as_booleans
from lamina.encoding.chosen_types import require_chosen_kind
from lamina.encoding.column_form import ColumnForm, FormKind
from lamina.encoding.columns import is_text
from lamina.encoding.file_rows import FILE_ROW, number_rows
from lamina.encoding.form_finding import Finding, Hints, find_form
from lamina.encoding.understanding import Understanding
from lamina.errors import TableError, suggestion
from lamina.tables.contents import read_contents
from lamina.tables.csv_reading import read_csv
from lamina.tables.options import DEFAULTS, ReadingOptions
from lamina.tables.other_formats import read_other
from lamina.tables.sources.schemas import hours_of_day

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

TOTALS = frozenset(
    ("total", "totals", "grand total", "sum", "summe", "gesamt", "gesamtsumme", "somme", "totale")
)
# Fewer rows may hold consecutive integers by chance.
LEAST_COUNTED = 5


def read_table(path: Path, options: ReadingOptions = DEFAULTS) -> pd.DataFrame:
    """Read the table in a file.

    Parameters
    ----------
    path : Path
        CSV or TSV (also compressed by gzip, bzip2, xz or zip), Parquet, Feather, JSON lines or
        Excel, recognised by suffix or first bytes; '-' is standard input.
    options : ReadingOptions
        Options that override the detected properties of the file.

    Returns
    -------
    pandas.DataFrame
        At least one row and one column. Numbers and dates in common forms are float64 or
        datetime64; other texts are unchanged. The index numbers the file's rows from 1.
        `lamina.encoding.understanding.understand` returns the forms and remarks of its
        columns.

    Raises
    ------
    FileNotFoundError
        With the nearest match in the folder.
    TableError
        If the file holds no such table; the message names the line or row, and the cure.
    """
    contents = read_contents(Path(path), unpacks=options.unpacks)
    if not contents.data:
        raise TableError(f"{contents.label} is empty")
    remarks: tuple[str, ...] = ()
    decimal = None
    table = read_other(contents)
    if table is None:
        table, sign, remarks = read_csv(contents, options)
        decimal = "," if sign == "," else None
    del contents
    frame = _as_frame(table)
    if frame.empty:
        raise TableError(f"{path} has no rows below its header" if len(frame.columns) else _EMPTY)
    for name in options.types:
        _require_column(frame, name)
    number_rows(frame)
    frame, total = _without_total(frame)
    remarks = (*remarks, *total)
    return read_forms(frame, options, options.hints(decimal), remarks)


_EMPTY = "the file is empty"


def _as_frame(table: pa.Table | pd.DataFrame) -> pd.DataFrame:
    if not isinstance(table, pa.Table):
        return table
    for i, field in enumerate(table.schema):
        if pa.types.is_time(field.type):
            table = table.set_column(i, field.name, hours_of_day(table.column(i)))
    names = [name.strip() for name in table.column_names]
    if len(set(names)) == len(names):
        table = table.rename_columns(names)
    return table.to_pandas(date_as_object=False, ignore_metadata=True, self_destruct=True)


def _require_column(frame: pd.DataFrame, name: str) -> None:
    if name not in frame.columns:
        names = [str(each) for each in frame.columns]
        raise TableError(
            f"the table has no column {name!r}.{suggestion(name, names)} "
            f"It has: {', '.join(map(repr, names))}."
        )


def _without_total(frame: pd.DataFrame) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Drop a last row that holds the totals of the others."""
    for name in frame.columns:
        column = frame[name]
        last = column.iloc[-1]
        if not isinstance(last, str) or not is_text(column) or len(frame) < LEAST_COUNTED:
            continue
        word = last.strip().rstrip(":").casefold()
        if word in TOTALS and not (column.iloc[:-1] == last).any():
            row = frame.index[-1]
            remark = f"row {row} of the file, the last, is left out: it holds {last!r} in {name!r}"
            return frame.iloc[:-1], (remark,)
    return frame, ()


def read_forms(
    frame: pd.DataFrame, options: ReadingOptions, hints: Hints, file_remarks: tuple[str, ...]
) -> pd.DataFrame:
    """Return the frame with its text columns read in their forms, and an Understanding."""
    forms: dict[str, ColumnForm] = {}
    remarks: dict[str, tuple[str, ...]] = {}
    columns: dict[str, pd.Series] = {}
    for name in frame.columns:
        column = frame[name]
        if str(name) not in options.types and str(name) not in options.forms:
            column = as_booleans(column)
        finding = _finding(str(name), column, options, hints)
        if finding is not None:
            forms[str(name)], remarks[str(name)] = finding.form, finding.remarks
            column = _read(str(name), column, finding)
        columns[name] = column
    read = type(frame)(columns, index=frame.index)
    read.index.name = FILE_ROW
    counters = frozenset(str(name) for name in read.columns if _counts_rows(read[name]))
    Understanding(forms, remarks, file_remarks, counters).attach(read)
    return read


def _finding(name: str, column: pd.Series, options: ReadingOptions, hints: Hints) -> Finding | None:
    """Return the form of a column with remarks; None if the column has a type already."""
    chosen = options.types.get(name)
    if not is_text(column):
        if chosen is None and hints.marks_are_chosen and column.dtype.kind in "iuf":
            # A mark such as -999 is a missing value in later files as well.
            return Finding(ColumnForm("number", missing=tuple(sorted(hints.marks))))
        if chosen is None:
            return None
        require_chosen_kind(name, column, chosen, hints.cures)
        kind: FormKind = "category" if chosen in ("category", "text") else "number"
        if chosen == "date":
            kind = "date"
        return Finding(ColumnForm(kind, is_chosen=True))
    if chosen is None and name in options.forms:
        return Finding(options.forms[name])
    return find_form(name, column, hints, chosen)


def _read(name: str, column: pd.Series, finding: Finding) -> pd.Series:
    if is_text(column):
        return finding.form.read(name, column, finding.values)
    if finding.form.kind != "category":
        return column
    # The user declared numbers as categories.
    from pandas import Series

    from lamina.encoding.columns import categories

    return Series(categories(name, column), index=column.index, dtype=object)


def _counts_rows(column: pd.Series) -> bool:
    if getattr(column.dtype, "kind", "O") not in "iu" or len(column) < LEAST_COUNTED:
        return False
    numbers = column.to_numpy()
    return bool((np.diff(numbers) == 1).all())
