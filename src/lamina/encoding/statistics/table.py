"""Fit an encoding in one pass over the batches of a source, and encode its batches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Self, cast

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from lamina.encoding.batches import Batch, Source
from lamina.encoding.boolean_texts import read_booleans
from lamina.encoding.form_finding import ColumnType
from lamina.encoding.statistics.column import ColumnStatistics
from lamina.encoding.statistics.fitting import fit_summaries
from lamina.encoding.statistics.kept_rows import KeptRows
from lamina.encoding.statistics.summary import summarize
from lamina.encoding.table import TableEncoding
from lamina.encoding.table_columns import IN_FRAMES, check_types
from lamina.errors import TableError
from lamina.formulas.table import Array

if TYPE_CHECKING:
    import pyarrow as pa


class TableStatistics:
    """Statistics of a table's columns in one pass over its batches, in bounded memory.

    A table of up to 4,194,304 cells and 64 MiB is kept, and the encoding fitted to it equals the
    one in memory bit by bit. For a larger one, numbers of rows, missing values, minimum and maximum
    are exact, and means and variances are those in memory up to rounding. The ranks of medians have
    an error that the sketch of each column states (`quantiles.py`). Up to 65,536 different texts of
    a column are counted exactly. With more, a column of numbers or dates is read in the form of the
    first ones, and a column of words has its most frequent ones, as a remark in the report says.

    Instances can be pickled. Statistics of consecutive parts of a table can be merged; the result
    depends on the parts and the order of merging only within the errors above.

    Parameters
    ----------
    source : Source
        It decides the columns, and how texts are read.
    columns : sequence of str, optional
        Columns to encode, all by default.
    column_types : mapping of str to str, optional
        As in the TableEncoding that is fitted later.

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

    def __init__(
        self,
        source: Source,
        columns: Sequence[str] | None = None,
        column_types: Mapping[str, str] | None = None,
    ) -> None:
        names = source.check_names(columns)
        check_types(column_types or {}, names)
        self.schema: pa.Schema = _selected(source.schema, names)
        self.column_types = dict(column_types or {})
        self.n_rows = 0
        self._is_file = source.reader is not None
        self._hints = source.hints if self._is_file else IN_FRAMES
        self._types = source.types
        self._kept: KeptRows | None = KeptRows(self.schema, source.reader)
        self._columns: dict[str, ColumnStatistics] = {}

    @property
    def is_exact(self) -> bool:
        """True if the table is kept, so that an encoding equals the one in memory."""
        return self._kept is not None

    def add(self, batch: Batch) -> None:
        """Add the rows of the next batch; further columns are ignored.

        Raises
        ------
        TableError
            If a cell cannot be used; the message names the file and the row group.
        """
        if not batch.n_rows:
            return
        self.n_rows += batch.n_rows
        batch = batch.with_columns(self.schema.names)
        if self._kept is None:
            self._count(batch)
        else:
            self._kept.add(batch)
            if self._kept.is_large:
                self.stream()

    def stream(self) -> None:
        """Keep no rows from now on."""
        if self._kept is None:
            return
        batches, self._kept = self._kept.batches, None
        self._columns = {field.name: self._column(field.name, field.type) for field in self.schema}
        for batch in batches:
            self._count(batch)

    def merge(self, later: Self) -> None:
        """Add the statistics of the rows that follow these, which may change `later`.

        Raises
        ------
        ValueError
            If they have other columns.
        TableError
            If a column has cells of different kinds in both.
        """
        if not later.schema.equals(self.schema) or later.column_types != self.column_types:
            raise ValueError("statistics of tables with different columns cannot be merged")
        self.n_rows += later.n_rows
        if self._kept is not None and later._kept is not None:
            self._kept.merge(later._kept)
            if self._kept.is_large:
                self.stream()
            return
        self.stream()
        later.stream()
        for name, column in self._columns.items():
            column.merge(later._columns[name])

    def fit(self, encoding: TableEncoding) -> TableEncoding:
        """Fit an encoding; the statistics remain unchanged.

        Raises
        ------
        ValueError
            If the encoding has other column types.
        TableError
            As `TableEncoding.fit`.
        """
        if dict(encoding.column_types or {}) != self.column_types:
            raise ValueError(
                f"the encoding has column_types={encoding.column_types!r}, but the statistics are "
                f"those of {self.column_types!r}: pass the same to TableStatistics"
            )
        if not self.n_rows:
            raise TableError("the table has no rows: 0 sample(s), while a minimum of 1 is required")
        if self._kept is not None:
            fitted: TableEncoding = encoding.fit(self._kept.frame(self.column_types))
            return fitted
        summaries = {
            name: summarize(column, is_file=self._is_file) for name, column in self._columns.items()
        }
        return fit_summaries(encoding, summaries, self.n_rows)

    def _column(self, name: str, kind: pa.DataType) -> ColumnStatistics:
        own = cast("ColumnType | None", self.column_types.get(name))
        hints = self._hints if own is None else IN_FRAMES
        chosen = own or self._types.get(name)
        return ColumnStatistics(name, kind, hints, chosen, is_bare=own in ("category", "text"))

    def _count(self, batch: Batch) -> None:
        with batch.naming_errors():
            frame = batch.frame()
            for name, column in self._columns.items():
                column.add(batch, frame[name])


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
    statistics = TableStatistics(source, columns, encoding.column_types)
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
    matrix = transform_batch(encoding, batch)
    dense = matrix if isinstance(matrix, np.ndarray) else matrix.toarray()
    return dense.astype(np.float32)


def transform_batch(encoding: TableEncoding, batch: Batch) -> Array | sparse.csr_array:
    """Encode the rows of a batch as `TableEncoding.transform` does, in float64.

    Raises
    ------
    TableError
        As `TableEncoding.transform`, with the batch's file and row group.
    """
    with batch.naming_errors():
        return encoding.transform(read_booleans(batch.frame(), encoding.kinds_, encoding.forms_))


def _selected(schema: pa.Schema, names: Sequence[str]) -> pa.Schema:
    import pyarrow as pa

    return pa.schema([schema.field(name) for name in names])
