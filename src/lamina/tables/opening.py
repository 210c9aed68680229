"""Open a table of any size as a source of batches."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from pyarrow import dataset as datasets

from lamina.encoding.batches import Source
from lamina.errors import TableError, suggestion
from lamina.tables.options import DEFAULTS, ReadingOptions
from lamina.tables.sources.datasets import open_dataset, open_parquet_folder
from lamina.tables.sources.files import open_text_files
from lamina.tables.sources.frames import open_frame
from lamina.tables.sources.parquet import open_files
from lamina.tables.sources.paths import find_files, listed
from lamina.tables.sources.streams import open_stream

ROWS_PER_BATCH = 1 << 16
FORMATS = {
    **dict.fromkeys((".parquet", ".pq"), "Parquet"),
    **dict.fromkeys((".feather", ".arrow", ".ipc"), "Feather"),
    **dict.fromkeys((".csv", ".tsv", ".txt"), "CSV"),
    **dict.fromkeys((".jsonl", ".ndjson", ".json"), "JSON lines"),
}
_COMPRESSED = (".gz", ".bz2")


def open(
    source: Any, *, rows_per_batch: int = ROWS_PER_BATCH, reading: ReadingOptions = DEFAULTS
) -> Source:
    """Open a table of any size as a source that is read batch by batch.

    Parameters
    ----------
    source : object
        - A path, a pattern such as 'sales/*.parquet', or a list of paths: Parquet, Feather, CSV or
          JSON lines of the same columns. The files of a pattern are in the order of their names.
          CSV and JSON lines are read once more at the beginning, to find the types of columns.
        - A folder of Parquet files; folders in it such as 'year=2024' give a column 'year'.
        - A dataset or table of pyarrow, a data frame of pandas or polars, a LazyFrame of polars.
        - A data frame of Dask, whose partitions are computed one by one, or of Spark 4, which is
          collected in Arrow's form; Spark's larger ones are written as Parquet, and opened.
        - An iterable of data frames, such as a list, or a function that returns a new iterable at
          each call.
    rows_per_batch : int, default=65536
        Maximum number of rows of a batch.
    reading : ReadingOptions, optional
        Options on how to read cells.

    Returns
    -------
    Source
        It reads its files again at each call of `batches`.

    Raises
    ------
    FileNotFoundError
        If there is no such file, or no file matches the pattern, with the nearest match.
    TypeError
        If `source` is an iterator, which gives its batches only once, or no table.
    TableError
        If a file is damaged, two files have different columns, or there is no row; the message
        names the file, its row group and the column.

    Examples
    --------
    >>> import tempfile, pandas as pd, lamina.tables
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for month in (1, 2):
    ...         sales = pd.DataFrame({"price": [1.5, 2.5], "month": month})
    ...         sales.to_parquet(f"{folder}/{month}.parquet")
    ...     source = lamina.tables.open(f"{folder}/*.parquet")
    ...     prices = [batch.rows["price"].to_pylist() for batch in source.batches(["price"])]
    >>> source.n_rows, list(source.columns), prices
    (4, ['price', 'month'], [[1.5, 2.5], [1.5, 2.5]])
    """
    if isinstance(rows_per_batch, bool) or not isinstance(rows_per_batch, int):
        raise TypeError(f"rows_per_batch must be an int, got {rows_per_batch!r}")
    if rows_per_batch < 1:
        raise ValueError(f"rows_per_batch must be at least 1, got {rows_per_batch}")
    if isinstance(source, Source):
        return source
    if isinstance(source, str | os.PathLike):
        return _open_path(os.fspath(source), rows_per_batch, reading)
    if isinstance(source, datasets.Dataset):
        return open_dataset(source, rows_per_batch, reading)
    frame = open_frame(source, rows_per_batch)
    if frame is not None:
        return frame
    if isinstance(source, Sequence):
        if not source:
            raise TableError("the list is empty: give at least one path or data frame")
        if all(isinstance(each, str | os.PathLike) for each in source):
            paths = [path for each in source for path in find_files(each)]
            label = listed([os.fspath(each) for each in source])
            return _open_paths(label, paths, rows_per_batch, reading)
    return _open_batches(source, rows_per_batch)


def _open_path(path: str, rows_per_batch: int, reading: ReadingOptions) -> Source:
    if Path(path).is_dir():
        return open_parquet_folder(Path(path), rows_per_batch, reading)
    return _open_paths(path, find_files(path), rows_per_batch, reading)


def _open_batches(source: Any, rows_per_batch: int) -> Source:
    """Return a function or an iterable of data frames as a source."""
    kind = type(source).__name__
    if callable(source):
        name = getattr(source, "__name__", kind)
        return open_stream(f"the function {name}", partial(_called, source), rows_per_batch)
    if isinstance(source, dict | str | bytes) or not isinstance(source, Iterable):
        raise TypeError(
            "a source must be a path, a pattern, a list of paths, a dataset of pyarrow, a data "
            f"frame, or an iterable or function that gives data frames, got {kind}"
        )
    if iter(source) is source:
        raise TypeError(
            f"a {kind} gives its batches once, but a fit needs two passes: give a function that "
            "makes a new one, such as lamina.tables.open(lambda: read_batches())"
        )
    return open_stream(f"the {kind}", partial(_iterated, source), rows_per_batch)


def _called(make: Callable[[], Iterable[Any]], columns: Sequence[str] | None) -> Iterable[Any]:
    return make()


def _iterated(batches: Iterable[Any], columns: Sequence[str] | None) -> Iterable[Any]:
    return batches


def _open_paths(
    label: str, paths: Sequence[Path], rows_per_batch: int, reading: ReadingOptions
) -> Source:
    twice = sorted({str(path) for path in paths if list(paths).count(path) > 1})
    if twice:
        raise TableError(f"{twice[0]} is named twice: name each file once")
    file_format = _single_format(paths)
    names = [str(path) for path in paths]
    if file_format == "Parquet":
        return open_files(label, [(name, {}) for name in names], rows_per_batch, reading)
    return open_text_files(label, names, file_format, rows_per_batch, reading)


def _single_format(paths: Sequence[Path]) -> str:
    """Return the format of files; raise TableError if they have several, or one unknown."""
    formats: dict[str, Path] = {}
    for path in paths:
        suffix = path.suffix.lower()
        if suffix in _COMPRESSED:
            suffix = path.with_suffix("").suffix.lower()
        if suffix not in FORMATS:
            raise TableError(
                f"{path} cannot be read in batches: its name must end in one of "
                f"{', '.join(FORMATS)}.{suggestion(suffix, FORMATS)}"
            )
        formats.setdefault(FORMATS[suffix], path)
    if len(formats) > 1:
        (first, path), (second, other) = list(formats.items())[:2]
        raise TableError(
            f"{path} is {first}, but {other} is {second}: open files of one format, for example "
            f"{path.parent / ('*' + path.suffix)}"
        )
    return next(iter(formats))
