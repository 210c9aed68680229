"""Encode a source into a spool in two passes: statistics first, then the encoded rows."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import DTypeLike

from lamina.encoding.batches import Batch, Source
from lamina.encoding.source_targets import (
    TargetColumns,
    TargetForm,
    TargetStatistics,
    as_codes,
)
from lamina.encoding.statistics import TableStatistics, encode_batch
from lamina.encoding.table import TableEncoding
from lamina.errors import TableError
from lamina.files.spool import Spool, open_spool, spool_folder
from lamina.formulas.table import AnyArray, Array

# Bytes of each row that a fit needs beside the samples: their order, and targets as trained on.
BYTES_OF_FIT = 24


@dataclass(frozen=True)
class SpoolProgress:
    """Progress of the passes over a source.

    Attributes
    ----------
    stage : {'reading', 'encoding'}
        First or second pass.
    n_rows : int
        Number of rows of the pass so far.
    n_rows_in_all : int or None
        None before the first pass has counted them.
    n_bytes : int
        Size of the spool; 0 in the first pass.
    folder : str
        Place of the spool.
    """

    stage: Literal["reading", "encoding"]
    n_rows: int
    n_rows_in_all: int | None
    n_bytes: int
    folder: str


Progress = Callable[[SpoolProgress], None]


@dataclass(frozen=True)
class SpooledSamples:
    """Encoded samples in a spool.

    Attributes
    ----------
    X : ndarray of shape (n_samples, n_features)
    y : ndarray of shape (n_samples,) or (n_samples, n_targets)
        Numbers in float64, or codes of classes.
    weight : ndarray of shape (n_samples,), or None
    classes : ndarray of shape (n_classes,), or None
    encoding : TableEncoding
    columns : TargetColumns
    n_without : int
        Number of rows without a target, which are left out.
    spool : Spool
    """

    X: Array
    y: AnyArray
    weight: Array | None
    classes: AnyArray | None
    encoding: TableEncoding
    columns: TargetColumns
    n_without: int
    spool: Spool


@dataclass(frozen=True)
class SpoolRequest:
    """What to encode, and where to.

    Attributes
    ----------
    target : str or sequence of str
    form : {'numbers', 'labels'}
    weight : str or None
    folder : str or path-like or None
        None for the folder of temporary files.
    dtype : dtype
        Dtype of X.
    drop : sequence of str
        Columns that are no features.
    """

    target: str | Sequence[str]
    form: TargetForm
    weight: str | None = None
    folder: str | os.PathLike[str] | None = None
    dtype: DTypeLike = np.float32
    drop: Sequence[str] = ()


@contextmanager
def spooled(
    source: Source,
    request: SpoolRequest,
    encoding: TableEncoding | None = None,
    progress: Progress | None = None,
) -> Iterator[SpooledSamples]:
    """Encode a source into a spool, which is removed at the end of the `with` statement.

    Parameters
    ----------
    source : Source
    request : SpoolRequest
    encoding : TableEncoding, optional
        Unfitted encoding; TableEncoding() by default.
    progress : callable, optional
        It receives a SpoolProgress after each batch.

    Raises
    ------
    TableError
        If rows cannot be read or encoded; names the file and the row group.
    SpoolError
        If the disk is too small.
    """
    columns = TargetColumns.of_source(
        source, request.target, request.form, request.weight, request.drop
    )
    folder = spool_folder(request.folder)
    report = _Report(progress, str(folder))
    counted, encoding = _first_pass(source, columns, encoding, report)
    shape = counted.n_rows, len(encoding.get_feature_names_out())
    n_bytes = size_of_spool(shape, request, len(columns.targets))
    report.begin(counted.n_rows + counted.n_without, n_bytes)
    with open_spool(folder, n_bytes) as spool:
        arrays = _arrays(spool, shape, request, columns)
        samples = SpooledSamples(
            *arrays, counted.classes, encoding, columns, counted.n_without, spool
        )
        _second_pass(source, samples, report)
        yield samples


def size_of_spool(shape: tuple[int, int], request: SpoolRequest, n_targets: int = 1) -> int:
    """Return the number of bytes of a spool, with those that a fit to it needs beside it.

    Examples
    --------
    >>> size_of_spool((1_000_000, 20), SpoolRequest("price", "numbers"))
    112000000
    """
    n_rows, n_features = shape
    of_target = 4 if request.form == "labels" else 8 * n_targets
    of_weight = 0 if request.weight is None else 8
    each = n_features * np.dtype(request.dtype).itemsize + of_target + of_weight
    return n_rows * (each + BYTES_OF_FIT)


class _Report:
    """Count rows, and report them."""

    def __init__(self, progress: Progress | None, folder: str) -> None:
        self.progress, self.folder = progress, folder
        self.n_rows, self.n_bytes = 0, 0
        self.in_all: int | None = None

    def begin(self, n_rows: int, n_bytes: int) -> None:
        """Begin the second pass."""
        self.n_rows, self.in_all, self.n_bytes = 0, n_rows, n_bytes
        self.add(0)

    def add(self, n_rows: int) -> None:
        self.n_rows += n_rows
        if self.progress is None:
            return
        stage: Literal["reading", "encoding"] = "encoding" if self.n_bytes else "reading"
        self.progress(SpoolProgress(stage, self.n_rows, self.in_all, self.n_bytes, self.folder))


def _first_pass(
    source: Source, columns: TargetColumns, encoding: TableEncoding | None, report: _Report
) -> tuple[TargetStatistics, TableEncoding]:
    """Count rows and classes, and fit the encoding to the rows with a target."""
    counted, statistics = TargetStatistics(columns), TableStatistics(source, columns.features)
    report.in_all = source.n_rows
    for batch in source.batches(columns.names):
        rows = counted.add(batch)
        if rows.n_rows:
            statistics.add(columns.feature_rows(rows))
        report.add(batch.n_rows)
    counted.require_rows(source.label)
    return counted, statistics.fit(TableEncoding() if encoding is None else encoding)


def _arrays(
    spool: Spool, shape: tuple[int, int], request: SpoolRequest, columns: TargetColumns
) -> tuple[Array, AnyArray, Array | None]:
    n_rows, n_targets = shape[0], len(columns.targets)
    X = spool.create("X", shape, request.dtype)
    if columns.form == "labels":
        y = spool.create("y", (n_rows,), np.int32)
    else:
        y = spool.create("y", (n_rows,) if n_targets == 1 else (n_rows, n_targets), np.float64)
    weight = None if columns.weight is None else spool.create("weight", (n_rows,), np.float64)
    return X, y, weight


def _second_pass(source: Source, samples: SpooledSamples, report: _Report) -> None:
    """Write the encoded rows into the arrays."""
    columns, end, n_rows = samples.columns, 0, len(samples.X)
    for batch in source.batches(columns.names):
        rows = columns.with_target(batch)
        start, end = end, end + rows.n_rows
        if end > n_rows:
            break
        if rows.n_rows:
            write_batch(samples, rows, slice(start, end))
        report.add(batch.n_rows)
    if end != n_rows:
        raise TableError(
            f"{source.label} has changed between the two passes over its rows: it had {n_rows:,} "
            "rows with a target. Fit again when nothing writes to it"
        )


def write_batch(samples: SpooledSamples, batch: Batch, place: slice) -> None:
    """Write the encoded rows of a batch to a place of the samples' arrays.

    Raises
    ------
    TableError
        For a cell that cannot be encoded, or a number too large for the dtype of X.
    """
    columns = samples.columns
    with np.errstate(over="ignore"):
        samples.X[place] = encode_batch(samples.encoding, columns.feature_rows(batch))
    if not np.isfinite(samples.X[place]).all():
        names = samples.encoding.get_feature_names_out()
        row, column = np.argwhere(~np.isfinite(samples.X[place]))[0]
        raise TableError(
            f"{batch.place}: column {names[column]!r} is too large for float32 in row "
            f"{batch.row_numbers[row]}: divide it by a power of ten, or take its logarithm"
        )
    values = columns.read(batch)
    if samples.classes is not None:
        values = as_codes(values, samples.classes, columns.targets[0], batch)
    samples.y[place] = values
    weight = columns.read_weight(batch)
    if samples.weight is not None and weight is not None:
        samples.weight[place] = weight
