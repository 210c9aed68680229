"""Write a table part by part: the file is at its path once it is complete, or not at all."""

from __future__ import annotations

import bz2
import gzip
import lzma
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from lamina.tables.writing import ending

if TYPE_CHECKING:
    import pandas as pd

Write = Callable[["pd.DataFrame"], None]
OPENERS: Mapping[str, Callable[..., Any]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}


@contextmanager
def table_writer(path: Path | None) -> Iterator[Write]:
    """Open a file for the parts of a table, or standard output as CSV.

    Parameters
    ----------
    path : Path or None
        Its suffix chooses the format, as in `write_table`.

    Yields
    ------
    callable
        `write(frame)` appends rows; all frames have the same columns.

    Raises
    ------
    ValueError
        For a zip file, which cannot be written in parts.
    """
    if path is None:
        yield _text_writer(".csv", sys.stdout)
        return
    if path.suffix.lower() == ".zip":
        raise ValueError(f"--output {path}: a zip file cannot be written in parts: choose .gz")
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".partial-{path.name}")
    try:
        with _writer(ending(path), partial) as write:
            yield write
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def _writer(kind: str, path: Path) -> Iterator[Write]:
    if kind in (".parquet", ".feather"):
        with _arrow_writer(kind, path) as write:
            yield write
        return
    opener = OPENERS.get(path.suffix.lower(), open)
    with opener(path, "wt", encoding="utf-8", newline="") as file:
        yield _text_writer(kind, file)


def _text_writer(kind: str, file: TextIO) -> Write:
    is_first = True

    def write(frame: pd.DataFrame) -> None:
        nonlocal is_first
        if kind == ".jsonl":
            frame.to_json(file, orient="records", lines=True)
        else:
            separator = "\t" if kind == ".tsv" else ","
            frame.to_csv(file, index=False, header=is_first, sep=separator)
        is_first = False

    return write


@contextmanager
def _arrow_writer(kind: str, path: Path) -> Iterator[Write]:
    import pyarrow as pa
    from pyarrow import ipc, parquet

    opened: list[Any] = []

    def write(frame: pd.DataFrame) -> None:
        schema = opened[0].schema if opened and kind == ".parquet" else None
        rows = pa.Table.from_pandas(frame, schema=schema, preserve_index=False)
        if not opened:
            make = parquet.ParquetWriter if kind == ".parquet" else ipc.new_file
            opened.append(make(str(path), rows.schema))
        (opened[0].write_table if kind == ".parquet" else opened[0].write)(rows)

    try:
        yield write
    finally:
        for each in opened:
            each.close()
