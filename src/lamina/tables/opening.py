"""Open a table of any size as a source of batches."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lamina.encoding.batches import Source
from lamina.errors import TableError, suggestion
from lamina.tables.options import DEFAULTS, ReadingOptions
from lamina.tables.sources.parquet import open_files
from lamina.tables.sources.paths import find_files, listed

ROWS_PER_BATCH = 1 << 16
FORMATS = {
    ".parquet": "Parquet",
    ".pq": "Parquet",
}


def open(
    source: Any, *, rows_per_batch: int = ROWS_PER_BATCH, reading: ReadingOptions = DEFAULTS
) -> Source:
    """Open a table of any size as a source that is read batch by batch.

    Parameters
    ----------
    source : path, pattern or list of paths
        Parquet files of the same columns. A pattern such as 'sales/*.parquet' names its files in
        the order of their names.
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
        return _open_paths(os.fspath(source), find_files(source), rows_per_batch, reading)
    if isinstance(source, Sequence) and all(isinstance(each, str | os.PathLike) for each in source):
        if not source:
            raise TableError("the list of paths is empty: name at least one file")
        paths = [path for each in source for path in find_files(each)]
        label = listed([os.fspath(each) for each in source])
        return _open_paths(label, paths, rows_per_batch, reading)
    raise TypeError(
        f"a source must be a path, a pattern or a list of paths, got {type(source).__name__}"
    )


def _open_paths(
    label: str, paths: Sequence[Path], rows_per_batch: int, reading: ReadingOptions
) -> Source:
    twice = sorted({str(path) for path in paths if list(paths).count(path) > 1})
    if twice:
        raise TableError(f"{twice[0]} is named twice: name each file once")
    _single_format(paths)
    return open_files(label, [(str(path), {}) for path in paths], rows_per_batch, reading)


def _single_format(paths: Sequence[Path]) -> str:
    """Return the format of files; raise TableError if they have several, or one unknown."""
    formats: dict[str, Path] = {}
    for path in paths:
        suffix = path.suffix.lower()
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
