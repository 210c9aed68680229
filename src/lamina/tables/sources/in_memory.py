"""Arrow tables and data frames as sources, in slices that copy nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa

from lamina.encoding.batches import Batch, Source
from lamina.errors import TableError
from lamina.tables.sources.schemas import cleaned, conform, is_hidden


@dataclass(frozen=True, kw_only=True)
class TableSource(Source):
    """An Arrow table.

    Attributes
    ----------
    label : str
    table : pyarrow.Table
    rows_per_batch : int
        Maximum number of rows of a batch.
    """

    label: str
    table: pa.Table
    rows_per_batch: int

    @property
    def schema(self) -> pa.Schema:
        """Names and types of the columns."""
        return self.table.schema

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return int(self.table.num_rows)

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[Batch]:
        """Read the rows in order; see Source."""
        first_row = 1
        for rows in self.table.select(self.check_names(columns)).to_batches(self.rows_per_batch):
            if rows.num_rows:
                yield Batch(rows, first_row)
                first_row += rows.num_rows


def open_table(label: str, table: pa.Table, rows_per_batch: int) -> TableSource:
    """Return an Arrow table as a source.

    Raises
    ------
    TableError
        If it has no rows, no columns, or two columns of one name.
    """
    if not table.num_rows:
        raise TableError(f"{label} has no rows")
    schema = cleaned(label, table.schema)
    hidden = [name for name in table.column_names if is_hidden(name)]
    table = table.drop_columns(hidden).rename_columns(schema.names)
    batches = [conform(batch, schema) for batch in table.unify_dictionaries().to_batches()]
    table = pa.Table.from_batches(batches, schema)
    return TableSource(label=label, table=table, rows_per_batch=rows_per_batch)


def as_arrow(label: str, frame: object) -> pa.Table:
    """Convert a data frame of pandas, polars or another library to an Arrow table.

    Raises
    ------
    TableError
        If a column has cells of several types.
    """
    if isinstance(frame, pa.Table):
        return frame
    if isinstance(frame, pa.RecordBatch):
        return pa.Table.from_batches([frame])
    try:
        if type(frame).__module__.partition(".")[0] == "pandas":
            return pa.Table.from_pandas(frame, preserve_index=False)
        return pa.table(frame)
    except (pa.ArrowException, TypeError, ValueError) as error:
        first_line = " ".join(str(error).split())[:200]
        raise TableError(
            f"{label} cannot be read as columns of one type each ({first_line}): convert the "
            "column, for example with table[name].astype(str)"
        ) from None
