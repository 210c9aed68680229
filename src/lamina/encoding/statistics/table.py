"""Fit an encoding in one pass over the batches of a source, and encode its batches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from lamina.encoding.batches import Batch, Source
from lamina.encoding.statistics.kept_rows import KeptRows
from lamina.encoding.table import TableEncoding
from lamina.errors import TableError

if TYPE_CHECKING:
    import pyarrow as pa


class TableStatistics:
    """Statistics of a table's columns in one pass over its batches.

    A small table is kept, and the encoding fitted on it equals the one in memory bit by bit.
    Instances can be pickled. Statistics of consecutive parts of a table can be merged.

    Parameters
    ----------
    source : Source
        It decides the columns, and how texts are read.
    columns : sequence of str, optional
        Columns to encode, all by default.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from lamina.encoding import TableEncoding
    >>> from lamina.encoding.batches import Batch
    >>> from lamina.tables.sources.parquet import ParquetSource
    >>> rows = pa.RecordBatch.from_pydict({"x": [1.0, 3.0], "city": ["Rome", "Oslo"]})
    >>> statistics = TableStatistics(ParquetSource(schema=rows.schema))
    >>> statistics.add(Batch(rows))
    >>> encoding = statistics.fit(TableEncoding(min_frequency=1))
    >>> encode_batch(encoding, Batch(rows))
    array([[-1.,  0.,  1.],
           [ 1.,  1.,  0.]], dtype=float32)
    """

    def __init__(self, source: Source, columns: Sequence[str] | None = None) -> None:
        names = source.check_names(columns)
        self.schema: pa.Schema = _selected(source.schema, names)
        self.n_rows = 0
        self._kept = KeptRows(self.schema, source.reader)

    def add(self, batch: Batch) -> None:
        """Add the rows of the next batch; further columns are ignored."""
        self.n_rows += batch.n_rows
        self._kept.add(batch.with_columns(self.schema.names))

    def merge(self, later: Self) -> None:
        """Add the statistics of the rows that follow these.

        Raises
        ------
        ValueError
            If they have other columns.
        """
        if not later.schema.equals(self.schema):
            raise ValueError("statistics of tables with different columns cannot be merged")
        self.n_rows += later.n_rows
        self._kept.merge(later._kept)

    def fit(self, encoding: TableEncoding) -> TableEncoding:
        """Fit an encoding; the statistics remain unchanged.

        Raises
        ------
        TableError
            As `TableEncoding.fit`.
        """
        if not self.n_rows:
            raise TableError("the table has no rows: 0 sample(s), while a minimum of 1 is required")
        fitted: TableEncoding = encoding.fit(self._kept.frame())
        return fitted


def fit_encoding(
    encoding: TableEncoding, source: Source, columns: Sequence[str] | None = None
) -> TableEncoding:
    """Fit an encoding in one pass over a source.

    Parameters
    ----------
    encoding : TableEncoding
    source : Source
    columns : sequence of str, optional
        Columns to encode, all by default.

    Raises
    ------
    TableError
        As `TableEncoding.fit`, and where the source cannot be read.
    """
    statistics = TableStatistics(source, columns)
    for batch in source.batches(columns):
        statistics.add(batch)
    return statistics.fit(encoding)


def encode_batch(encoding: TableEncoding, batch: Batch) -> NDArray[np.float32]:
    """Encode the rows of a batch as in memory; the result is dense.

    Raises
    ------
    TableError
        As `TableEncoding.transform`, with the batch's file and row group.
    """
    with batch.naming_errors():
        matrix = encoding.transform(batch.frame())
    dense = matrix if isinstance(matrix, np.ndarray) else matrix.toarray()
    return dense.astype(np.float32)


def _selected(schema: pa.Schema, names: Sequence[str]) -> pa.Schema:
    import pyarrow as pa

    return pa.schema([schema.field(name) for name in names])
