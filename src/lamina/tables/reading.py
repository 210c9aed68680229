"""Tables from files: CSV, strictly read, and Parquet, as pandas data frames."""

from __future__ import annotations

import csv
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import csv as arrow_csv

from lamina.errors import TableError, suggestion

SEPARATORS = ",;\t|"
PARQUET_ENDINGS = (".parquet", ".pq")
PARQUET_MAGIC = b"PAR1"
# A row must fit into a block.
BLOCK_BYTES = 1 << 24


def read_table(path: Path, texts: Collection[str] = ()) -> Any:
    """The table in a CSV file (compressed or not) or a Parquet file.

    Parameters
    ----------
    path : Path
        Ending in .parquet or .pq for Parquet; all else is CSV in UTF-8, with a header, its
        separator the one of `, ; tab |` that the header has most of. An unnamed first column is
        taken for row numbers and left out.
    texts : collection of str
        Columns of a CSV file that are text even where they look like numbers or dates.

    Returns
    -------
    pandas.DataFrame
        With at least one row and one column; an empty cell, NA, NaN, null and their like are
        missing values.

    Raises
    ------
    FileNotFoundError
        Its message has the nearest match in the folder.
    TableError
        For a file that holds no such table; the message says in which line, and why.
    """
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder: name a CSV or Parquet file in it")
    if not path.exists():
        siblings = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
        raise FileNotFoundError(f"{path}: no such file.{suggestion(path.name, siblings)}")
    table = _read_parquet(path) if _is_parquet(path) else _read_csv(path, texts)
    names = [name.strip() for name in table.column_names]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise TableError(f"{path} has two columns named {min(twice)!r}: rename one of them")
    frame = table.rename_columns(names).to_pandas(date_as_object=False)
    frame = frame.drop(columns="", errors="ignore")
    if frame.empty:
        raise TableError(f"{path} has no rows below its header" if names else f"{path} is empty")
    return frame


def _is_parquet(path: Path) -> bool:
    with path.open("rb") as file:
        return path.suffix.lower() in PARQUET_ENDINGS or file.read(4) == PARQUET_MAGIC


def _read_parquet(path: Path) -> Any:
    from pyarrow import parquet

    try:
        return parquet.read_table(path)
    except pa.ArrowException as error:
        raise TableError(f"{path} is no Parquet file that can be read: {error}") from None


def _read_csv(path: Path, texts: Collection[str]) -> Any:
    header = _header(path)
    parsing = arrow_csv.ParseOptions(delimiter=_separator(header), newlines_in_values=True)
    converting = arrow_csv.ConvertOptions(
        strings_can_be_null=True, column_types={name: pa.string() for name in texts}
    )
    try:
        # One thread knows the number of a bad row; it is asked only once there is one.
        try:
            table = _parse(path, parsing, converting, use_threads=True)
        except pa.ArrowInvalid:
            table = _parse(path, parsing, converting, use_threads=False)
    except pa.ArrowInvalid as error:
        raise TableError(f"{path} cannot be read as CSV: {_in_plain_words(error)}") from None
    for name, kind in zip(table.column_names, table.schema.types, strict=True):
        if pa.types.is_binary(kind):
            raise TableError(f"{path}: column {name!r} is no UTF-8 text: save the file as UTF-8")
    return table


def _parse(path: Path, parsing: Any, converting: Any, *, use_threads: bool) -> Any:
    reading = arrow_csv.ReadOptions(use_threads=use_threads, block_size=BLOCK_BYTES)
    return arrow_csv.read_csv(
        path, read_options=reading, parse_options=parsing, convert_options=converting
    )


def _header(path: Path) -> str:
    """The first line that is not empty; raises TableError where the file cannot be text."""
    with pa.input_stream(str(path), compression="detect") as stream:
        start = stream.read(1 << 16)
    if b"\0" in start:
        raise TableError(f"{path} is no text file: give a CSV or Parquet file")
    try:
        lines = start.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        # A letter cut in two by the end of what was read is none of the file's faults.
        if error.start < len(start) - 4:
            raise TableError(f"{path} is no UTF-8 text: save the file as UTF-8") from None
        lines = start[: error.start].decode("utf-8-sig").splitlines()
    header: str | None = next((line for line in lines if line.strip()), None)
    if header is None:
        raise TableError(f"{path} is empty")
    return header


def _separator(header: str) -> str:
    def n_fields(separator: str) -> int:
        return len(next(csv.reader([header], delimiter=separator)))

    return max(SEPARATORS, key=n_fields)


def _in_plain_words(error: Exception) -> str:
    return str(error).removeprefix("CSV parse error: ").strip()
