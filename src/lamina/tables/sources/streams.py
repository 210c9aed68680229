"""Batches that a function gives anew at each pass as a source."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from lamina.encoding.batches import Batch, Source
from lamina.errors import TableError
from lamina.tables.sources.in_memory import as_arrow
from lamina.tables.sources.schemas import cleaned, common_type, conform, is_hidden, said


@dataclass(frozen=True, kw_only=True)
class StreamSource(Source):
    """Batches that a function returns at each call.

    Attributes
    ----------
    label : str
    read : callable
        `read(columns)` returns an iterable of data frames or Arrow tables with these columns, or
        with further ones; None means all.
    schema : pyarrow.Schema
    rows_per_batch : int
    n_rows : int or None
    """

    label: str
    read: Callable[[Sequence[str] | None], Iterable[Any]]
    schema: pa.Schema
    rows_per_batch: int
    n_rows: int | None = None

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[Batch]:
        """Read the rows in order; see Source."""
        names = self.check_names(columns)
        schema = pa.schema([self.schema.field(name) for name in names])
        first_row = 1
        for number, batch in enumerate(self.read(columns), start=1):
            place = f"batch {number} of {self.label}"
            table = _with_schema(place, as_arrow(place, batch), schema)
            for rows in table.to_batches(self.rows_per_batch):
                if rows.num_rows:
                    yield Batch(conform(rows, schema), first_row)
                    first_row += rows.num_rows
        if first_row == 1:
            raise TableError(
                f"{self.label} gives no rows at this pass: it must give its batches at every pass"
            )


def open_stream(
    label: str,
    read: Callable[[Sequence[str] | None], Iterable[Any]],
    rows_per_batch: int,
    *,
    schema: pa.Schema | None = None,
    n_rows: int | None = None,
) -> StreamSource:
    """Return a source of batches; without a schema, the first batch with rows decides it.

    Raises
    ------
    TableError
        If there is no row.
    """
    if schema is None:
        tables = (as_arrow(f"a batch of {label}", batch) for batch in read(None))
        first = next((table for table in tables if table.num_rows), None)
        if first is None:
            raise TableError(f"{label} has no rows")
        schema = first.schema
    return StreamSource(
        label=label,
        read=read,
        schema=cleaned(label, schema),
        rows_per_batch=rows_per_batch,
        n_rows=n_rows,
    )


def _with_schema(place: str, table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Return the columns of a schema, after checking that they can be converted to its types."""
    found = cleaned(place, table.schema)
    kept = [i for i, name in enumerate(table.column_names) if not is_hidden(name)]
    table = table.select(kept).rename_columns(found.names)
    for field in schema:
        if field.name not in found.names:
            raise TableError(
                f"{place} has no column {field.name!r}, which the first batch has: give all "
                "batches the same columns"
            )
        kind = found.field(field.name).type
        if kind != field.type and common_type(field.type, kind) != field.type:
            raise TableError(
                f"column {field.name!r} is {said(kind)} in {place}, but {said(field.type)} in the "
                "first batch: convert it to one type in all batches"
            )
    return table.select(schema.names)
