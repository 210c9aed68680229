"""Data frames of sources: all rows if they fit into memory, else a random sample that does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from lamina.encoding.batches import Source
from lamina.encoding.source_parts import RandomRows, sample_frame
from lamina.errors import TableError
from lamina.files.memory import available_memory

if TYPE_CHECKING:
    import pandas as pd

# A fit in memory takes about this many times the memory of its data frame.
TIMES_THE_FRAME = 4


class SourceSize(NamedTuple):
    """Number of rows of a source, and the estimated size of its data frame.

    Attributes
    ----------
    n_rows, n_bytes : int
    """

    n_rows: int
    n_bytes: int

    @property
    def fraction_that_fits(self) -> float:
        """Fraction of the rows, at most 1, with which a fit fits into the available memory."""
        available = available_memory()
        if available is None or not self.n_bytes:
            return 1.0
        return min(1.0, available / (TIMES_THE_FRAME * self.n_bytes))


class SourceFrame(NamedTuple):
    """Rows of a source as a data frame.

    Attributes
    ----------
    frame : DataFrame
    n_rows : int
        Number of rows of the source.
    """

    frame: pd.DataFrame
    n_rows: int

    @property
    def remark(self) -> str | None:
        """Sentence about rows that were left out; None if none was."""
        if len(self.frame) == self.n_rows:
            return None
        return (
            f"a random sample of {len(self.frame):,} of the {self.n_rows:,} rows is used, because "
            "the whole table does not fit into memory"
        )


def measure_source(source: Source, columns: Sequence[str] | None = None) -> SourceSize:
    """Count the rows of a source, and estimate the size of its data frame by its first batch.

    Raises
    ------
    TableError
        If there is no row.
    """
    first = next(iter(source.batches(columns)), None)
    if first is None:
        raise TableError(f"{source.label} has no rows")
    n_bytes = int(first.frame().memory_usage(index=False, deep=True).sum())
    n_rows = source.n_rows
    if n_rows is None:
        n_rows = sum(batch.n_rows for batch in source.batches(list(source.columns)[:1]))
    return SourceSize(n_rows, n_bytes * n_rows // first.n_rows)


def frame_of_source(
    source: Source, seed: int = 0, columns: Sequence[str] | None = None
) -> SourceFrame:
    """Return the rows of a source, or a random sample of them that fits into memory.

    Parameters
    ----------
    source : Source
    seed : int
        Seed of the sample.
    columns : sequence of str, optional
        All by default.
    """
    size = measure_source(source, columns)
    fraction = size.fraction_that_fits
    part = source if fraction == 1 else RandomRows(source, seed, 0.0, fraction)
    return SourceFrame(sample_frame(part, columns), size.n_rows)
