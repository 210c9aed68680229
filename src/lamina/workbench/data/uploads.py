"""Uploaded tables: received piece by piece, limited in size, read, and described by column.

Nothing in a file is executed or followed. Its name is only a label, and its bytes must be CSV or
Parquet.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING

from lamina.encoding.columns import find_kind
from lamina.encoding.cures import FROM_A_PAGE
from lamina.encoding.understanding import understand
from lamina.errors import ExperimentError, TableError
from lamina.workbench.data.plain import Message
from lamina.workbench.data.unpacking import rows_and_columns, unpacked_bytes

if TYPE_CHECKING:
    import pandas as pd

MOST_BYTES = 64 << 20
MOST_ROWS, MOST_COLUMNS = 100_000, 500
# Maximum size of a Parquet file's table in memory; the file itself may be tiny.
MOST_UNPACKED = 512 << 20
LONGEST_NAME = 100
EXAMPLES, LONGEST_EXAMPLE = 3, 40
PARQUET_MAGIC = b"PAR1"
KINDS = {
    "number": "one number",
    "date": "one number: days since 1970",
    "category": "0 or 1 for each category that is not rare",
}


class TooLarge(ExperimentError):
    """Raised for a table with too many bytes, rows or columns."""


@dataclass(frozen=True)
class UploadedTable:
    """Table from a page or from Python.

    Attributes
    ----------
    name : str
        Name of the file; a label, never used as a path.
    frame : DataFrame of shape (n_rows, n_columns)
    key : str
        Hash of the bytes.
    remarks : tuple of str
        Doubts that arose when the file was read.
    """

    name: str
    frame: pd.DataFrame
    key: str
    remarks: tuple[str, ...] = ()

    @property
    def n_bytes(self) -> int:
        """Size in memory."""
        return int(self.frame.memory_usage(deep=True).sum())

    def to_json(self) -> Message:
        """Return the description for the page."""
        columns = [_column_told(str(name), self.frame[name]) for name in self.frame.columns]
        return {
            "hash": self.key,
            "name": self.name,
            "n_rows": len(self.frame),
            "columns": columns,
            "remarks": list(self.remarks),
        }


async def receive(chunks: AsyncIterator[bytes], announced: int | None, path: Path) -> str:
    """Write the bytes that a page sends to a temporary file, and return their hash.

    Parameters
    ----------
    chunks : async iterator of bytes
    announced : int or None
        Number of bytes announced by the page.
    path : Path
        Chosen by the server, because the file extension decides how a file is unpacked.

    Raises
    ------
    TooLarge
        As soon as there are too many bytes; if they were announced, before the first byte.
    """
    if announced is not None and announced > MOST_BYTES:
        raise _too_many_bytes(announced)
    content, size = hashlib.sha256(), 0
    with path.open("wb") as file:
        async for chunk in chunks:
            size += len(chunk)
            if size > MOST_BYTES:
                raise _too_many_bytes(size)
            content.update(chunk)
            file.write(chunk)
    return content.hexdigest()


def read(path: Path, name: str, key: str) -> UploadedTable:
    """Read the table in a received file.

    Raises
    ------
    TooLarge
        For too many rows or columns, or a file that unpacks to too many bytes.
    ExperimentError
        If the file is not a table.
    """
    from lamina.tables.options import ReadingOptions
    from lamina.tables.reading import read_table

    label = _label(name)
    try:
        _refuse_what_unpacks_to_too_much(path)
        frame = read_table(path, ReadingOptions(unpacks=False, cures=FROM_A_PAGE))
    except TableError as error:
        raise ExperimentError(str(error).replace(str(path), label), None) from None
    _refuse_too_many(*frame.shape)
    remarks = understand(frame).all_remarks()
    # Do not show the path of the temporary file.
    return UploadedTable(
        label, frame, key, tuple(each.replace(str(path), label) for each in remarks)
    )


def require_table_libraries() -> None:
    """Raise ImportError if a library for reading tables is missing."""
    missing = [name for name in ("pandas", "pyarrow") if find_spec(name) is None]
    if missing:
        raise ImportError(f'tables need {", ".join(missing)}: pip install "lamina[cli]"')


def _too_many_bytes(size: int) -> TooLarge:
    return TooLarge(
        f"the file has at least {size:,} bytes, but the workbench accepts at most "
        f"{MOST_BYTES:,}: upload fewer rows",
        None,
    )


def _label(name: str) -> str:
    """Return the last part of a file name, shortened, with printable characters only."""
    last = PurePosixPath(PureWindowsPath(name).name).name
    shown = "".join(letter for letter in last if letter.isprintable())
    return shown[-LONGEST_NAME:] or "table.csv"


def _refuse_what_unpacks_to_too_much(path: Path) -> None:
    with path.open("rb") as file:
        if file.read(len(PARQUET_MAGIC)) != PARQUET_MAGIC:
            return
    _refuse_too_many(*rows_and_columns(path))
    size = unpacked_bytes(path, MOST_UNPACKED)
    if size > MOST_UNPACKED:
        raise TooLarge(
            f"the file unpacks to at least {size:,} bytes, but the workbench accepts at most "
            f"{MOST_UNPACKED:,}: upload a part of it",
            None,
        )


def _refuse_too_many(n_rows: int, n_columns: int) -> None:
    if n_rows > MOST_ROWS or n_columns > MOST_COLUMNS:
        raise TooLarge(
            f"the table has {n_rows:,} rows and {n_columns:,} columns, but the workbench accepts "
            f"at most {MOST_ROWS:,} and {MOST_COLUMNS:,}: upload a part of it",
            None,
        )


def _column_told(name: str, column: pd.Series) -> Message:
    present = column.dropna()
    examples = [str(value)[:LONGEST_EXAMPLE] for value in present.unique()[:EXAMPLES]]
    kind = find_kind(name, column) if len(present) else None
    n_missing = len(column) - len(present)
    becomes = "nothing: it has no value" if kind is None else KINDS[kind]
    if kind is not None and n_missing:
        becomes += ", and 1 where it is missing"
    return {
        "name": name,
        "kind": kind,
        "n_missing": n_missing,
        "n_distinct": int(present.nunique()),
        "examples": examples,
        "becomes": becomes,
    }
