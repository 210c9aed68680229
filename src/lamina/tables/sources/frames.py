"""Data frames of other libraries as sources; their libraries are not imported."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import pyarrow as pa

from lamina.encoding.batches import Source
from lamina.errors import TableError
from lamina.tables.sources.in_memory import as_arrow, open_table
from lamina.tables.sources.streams import open_stream


def open_frame(frame: Any, rows_per_batch: int) -> Source | None:
    """Return a data frame as a source; None for an object that is no data frame.

    Parameters
    ----------
    frame : object
        An Arrow table, a data frame of pandas or polars, a lazy frame of polars, a data frame of
        Dask, whose partitions are computed one by one, or one of Spark, whose Arrow form is
        collected; or any object with Arrow's C stream interface.
    rows_per_batch : int

    Raises
    ------
    TableError
        If it has no rows, or a column has no single type.
    """
    library, kind = type(frame).__module__.partition(".")[0], type(frame).__name__
    label = f"the {kind}"
    if library == "polars" and kind == "LazyFrame":
        schema = frame.head(0).collect().to_arrow().schema
        return open_stream(
            label, partial(_collected, frame, rows_per_batch), rows_per_batch, schema=schema
        )
    if hasattr(frame, "npartitions") and hasattr(frame, "get_partition"):
        return open_stream(label, partial(_partitions, frame), rows_per_batch)
    if library == "pyspark":
        return open_table(label, _from_spark(frame), rows_per_batch)
    is_series = library == "pandas" and not hasattr(frame, "columns")
    is_pandas = library == "pandas" and hasattr(frame, "iloc")
    is_arrow = isinstance(frame, pa.Table | pa.RecordBatch)
    if not is_series and (is_pandas or is_arrow or hasattr(frame, "__arrow_c_stream__")):
        return open_table(label, as_arrow(label, frame), rows_per_batch)
    return None


def _collected(frame: Any, rows_per_batch: int, columns: Sequence[str] | None) -> Iterator[Any]:
    """Compute a lazy frame of polars in batches, by its streaming engine."""
    chosen = frame if columns is None else frame.select(list(columns))
    if hasattr(chosen, "collect_batches"):
        yield from chosen.collect_batches(chunk_size=rows_per_batch, maintain_order=True)
    else:
        yield from chosen.collect(engine="streaming").iter_slices(rows_per_batch)


def _partitions(frame: Any, columns: Sequence[str] | None) -> Iterator[Any]:
    """Compute the partitions of a data frame of Dask one by one."""
    chosen = frame if columns is None else frame[list(columns)]
    for number in range(chosen.npartitions):
        yield chosen.get_partition(number).compute()


def _from_spark(frame: Any) -> pa.Table:
    if not hasattr(frame, "toArrow"):
        raise TableError(
            "a data frame of this version of Spark has no Arrow form: write it with "
            "frame.write.parquet('folder'), and open the folder"
        )
    return frame.toArrow()
