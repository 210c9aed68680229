"""Read Parquet, Feather, JSON lines and Excel files as Arrow tables or data frames."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import datetime
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pyarrow as pa

from lamina.errors import TableError
from lamina.tables.contents import ZIP, Contents

if TYPE_CHECKING:
    import pandas as pd

PARQUET = b"PAR1"
_OLE = b"\xd0\xcf\x11\xe0"
_DAMAGED = "is damaged or cut short, or no such file"
# Functions that convert the files of other programs, by suffix.
_CONVERSIONS = {
    ".sav": "pandas.read_spss",
    ".dta": "pandas.read_stata",
    ".sas7bdat": "pandas.read_sas",
    ".xpt": "pandas.read_sas",
    ".ods": "pandas.read_excel",
    ".h5": "pandas.read_hdf",
    ".hdf5": "pandas.read_hdf",
    ".pkl": "pandas.read_pickle",
    ".pickle": "pandas.read_pickle",
    ".orc": "pandas.read_orc",
    ".xml": "pandas.read_xml",
    ".html": "pandas.read_html",
    ".rds": "the package pyreadr",
    ".rdata": "the package pyreadr",
    ".arff": "scipy.io.arff.loadarff",
    ".sqlite": "pandas.read_sql",
    ".sqlite3": "pandas.read_sql",
    ".db": "pandas.read_sql",
}


def read_other(contents: Contents) -> pa.Table | pd.DataFrame | None:
    """Read the table of a file in another format than CSV; return None for CSV.

    Returns
    -------
    pyarrow.Table, pandas.DataFrame or None

    Raises
    ------
    TableError
        If the file is damaged, or its format must be converted first.
    """
    data, ending = contents.data, contents.ending
    if data.startswith(PARQUET) or ending in (".parquet", ".pq"):
        return _read_arrow(contents, "Parquet", _parquet)
    if data.startswith((b"ARROW1", b"FEA1")) or ending in (".feather", ".arrow", ".ipc"):
        return _read_arrow(contents, "Feather", _feather)
    if ending in (".jsonl", ".ndjson", ".json"):
        return _read_arrow(contents, "JSON", _json)
    if data.startswith(ZIP) or ending in (".xlsx", ".xlsm"):
        return _excel(contents)
    if data.startswith(_OLE) or ending == ".xls":
        raise TableError(
            f"{contents.label} has Excel's format before 2007: save it as .xlsx or .csv"
        )
    if data.startswith(b"SQLite format 3") or ending in _CONVERSIONS:
        how = _CONVERSIONS.get(ending, "pandas.read_sql")
        raise TableError(
            f"{contents.label} has a format that lamina does not read: convert it to CSV or "
            f"Parquet, for example with {how} and DataFrame.to_parquet"
        )
    return None


def _read_arrow(contents: Contents, kind: str, read: Callable[[bytes], pa.Table]) -> pa.Table:
    try:
        table = read(contents.data)
        # Reading the names raises UnicodeDecodeError if they are not UTF-8.
        names = [str(name) for name in table.column_names]
    except UnicodeDecodeError:
        raise TableError(
            f"{contents.label} has column names that are no UTF-8: rename them in the program that "
            "wrote the file"
        ) from None
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError, MemoryError) as error:
        first_line = " ".join(str(error).split())[:200]
        raise TableError(
            f"{contents.label} is no {kind} file that can be read: it {_DAMAGED} ({first_line})"
        ) from None
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise TableError(f"{contents.label} has two columns named {twice[0]!r}: rename one of them")
    _reject_bad_texts(contents.label, table)
    # pandas stores its row labels as further columns.
    hidden = [name for name in table.column_names if name.startswith("__index_level_")]
    return table.drop_columns(hidden)


def _reject_bad_texts(label: str, table: pa.Table) -> None:
    """Reject texts that are not UTF-8; Arrow checks them only when they are read."""
    for name, column in zip(table.column_names, table.columns, strict=True):
        is_dictionary = pa.types.is_dictionary(column.type)
        chunks = [chunk.dictionary if is_dictionary else chunk for chunk in column.chunks]
        for chunk in chunks:
            if pa.types.is_string(chunk.type) or pa.types.is_large_string(chunk.type):
                try:
                    chunk.cast(pa.large_binary()).cast(pa.large_string())
                except pa.ArrowInvalid:
                    raise TableError(
                        f"{label}: column {name!r} holds texts that are no UTF-8: create the file "
                        "again from its source"
                    ) from None


def _parquet(data: bytes) -> pa.Table:
    from pyarrow import parquet

    table = parquet.read_table(pa.BufferReader(data))
    table.validate(full=True)
    return table


def _feather(data: bytes) -> pa.Table:
    from pyarrow import feather

    table = feather.read_table(pa.BufferReader(data), memory_map=False)
    table.validate(full=True)
    return table


def _json(data: bytes) -> pa.Table:
    from pyarrow import json as arrow_json

    data = data.removeprefix(b"\xef\xbb\xbf").strip()
    if not data:
        return pa.table({})
    if data.startswith(b"["):
        try:
            rows = json.loads(data)
        except RecursionError:
            raise ValueError("its lists are nested too deeply") from None
        if not all(isinstance(row, dict) for row in rows):
            raise ValueError("its list holds something other than objects with named values")
        return pa.Table.from_pylist(rows)
    return arrow_json.read_json(pa.BufferReader(data))


def _excel(contents: Contents) -> pd.DataFrame:
    import pandas as pd

    if find_spec("openpyxl") is None:
        raise ImportError(
            f'{contents.label} is an Excel file, and reading it needs openpyxl: pip install "lamina'
            '[excel]", or save it as CSV'
        )
    try:
        frame = pd.read_excel(
            io.BytesIO(contents.data), dtype=object, keep_default_na=False, na_values=[""]
        )
    except Exception as error:
        # For a damaged file, openpyxl raises errors of a dozen modules.
        raise TableError(
            f"{contents.label} is no Excel file that can be read: it {_DAMAGED} "
            f"({type(error).__name__}: {error})"
        ) from None
    unnamed = [
        name
        for i, name in enumerate(frame.columns)
        if str(name).startswith("Unnamed: ") and (i == 0 or frame[name].isna().all())
    ]
    frame = frame.drop(columns=unnamed).dropna(how="all")
    frame.columns = [str(name).strip() for name in frame.columns]
    return frame.apply(_typed_cells)


def _typed_cells(column: pd.Series) -> pd.Series:
    """Convert a column of Excel's cells to their common type; to text if numbers and texts mix."""
    from pandas.api.types import infer_dtype

    typed = column.infer_objects()
    if typed.dtype != object or infer_dtype(typed, skipna=True) in ("string", "boolean"):
        return typed
    if not any(isinstance(value, str) for value in typed):
        return typed
    return typed.map(_cell_text, na_action="ignore")


def _cell_text(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value.isoformat(sep=" ") if isinstance(value, datetime) else str(value)
