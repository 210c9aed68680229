"""Parts of a source: random rows held out, and random rows as a data frame."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lamina.encoding.batches import Batch, FrameReader, Source
from lamina.encoding.form_finding import Hints
from lamina.encoding.statistics.distinct import mix
from lamina.encoding.statistics.kept_rows import KeptRows

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


@dataclass(frozen=True)
class RandomRows(Source):
    """Rows of a source whose random numbers lie between two bounds.

    The number of a row depends on the seed and on its place in the source alone, so every reading
    gives the same rows, whatever the batches.

    Attributes
    ----------
    source : Source
    seed : int
    low, high : float
        Bounds between 0 and 1; the row of the upper bound is left out.
    """

    source: Source
    seed: int
    low: float
    high: float

    @property
    def label(self) -> str:
        """Name of the whole source."""
        return self.source.label

    @property
    def schema(self) -> pa.Schema:
        """Schema of the whole source."""
        return self.source.schema

    @property
    def n_rows(self) -> int | None:
        """None: only reading tells it."""
        return None

    @property
    def remarks(self) -> tuple[str, ...]:
        """Remarks on the whole source."""
        return self.source.remarks

    @property
    def files(self) -> tuple[str, ...]:
        """Paths of the whole source."""
        return self.source.files

    @property
    def hints(self) -> Hints:
        """Hints of the whole source."""
        return self.source.hints

    @property
    def reader(self) -> FrameReader | None:
        """Reader of the whole source."""
        return self.source.reader

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[Batch]:
        """Read the rows in order; see Source."""
        n_before = 0
        for batch in self.source.batches(columns):
            drawn = draw_numbers(n_before, batch.n_rows, self.seed)
            n_before += batch.n_rows
            rows = (drawn >= self.low) & (drawn < self.high)
            if rows.any():
                yield batch.select(rows)


def draw_numbers(first: int, n_rows: int, seed: int) -> NDArray[np.float64]:
    """Return a number from 0 to 1 for each of consecutive rows, which depends on row and seed.

    Examples
    --------
    >>> whole = draw_numbers(0, 5, seed=0)
    >>> bool((draw_numbers(2, 3, seed=0) == whole[2:]).all()), bool((whole < 1).all())
    (True, True)
    """
    keys = mix(np.array([seed], dtype=np.uint64))
    rows = np.arange(first, first + n_rows, dtype=np.uint64)
    return np.asarray((mix(mix(rows) ^ keys) >> np.uint64(11)) * 2.0**-53)


def hold_out_rows(source: Source, fraction: float, seed: int) -> tuple[RandomRows, RandomRows]:
    """Return sources of the rows to train on and of a random fraction that is held out."""
    return RandomRows(source, seed, fraction, 1.0), RandomRows(source, seed, 0.0, fraction)


def sample_frame(source: Source, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Return all rows of a source as the data frame that a reader in memory makes of them."""
    kept: KeptRows | None = None
    for batch in source.batches(columns):
        kept = KeptRows(batch.rows.schema, source.reader) if kept is None else kept
        kept.add(batch)
    assert kept is not None
    return kept.frame()
