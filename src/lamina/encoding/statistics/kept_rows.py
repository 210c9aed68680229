"""Rows of a small table, kept to fit its encoding in memory."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lamina.encoding.batches import Batch, FrameReader
from lamina.encoding.file_rows import FILE_ROW, TABLE_ROW
from lamina.encoding.understanding import understand

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

# Fewer rows may hold consecutive integers by chance.
LEAST_COUNTED = 5
# A table with more cells (200,000 rows of 20 columns), or larger, is not kept.
MOST_CELLS = 1 << 22
MOST_BYTES = 1 << 26


class KeptRows:
    """Batches of a table in order.

    Parameters
    ----------
    schema : pyarrow.Schema
    reader : callable or None
        As `Source.reader`.
    """

    def __init__(self, schema: pa.Schema, reader: FrameReader | None) -> None:
        self.schema = schema
        self.reader = reader
        self.batches: list[Batch] = []

    def add(self, batch: Batch) -> None:
        """Keep a batch."""
        if batch.n_rows:
            self.batches.append(batch)

    @property
    def is_large(self) -> bool:
        """True if the rows take more memory than kept rows may."""
        n_cells = len(self.schema) * sum(batch.n_rows for batch in self.batches)
        n_bytes = sum(batch.rows.nbytes for batch in self.batches)
        return n_cells > MOST_CELLS or n_bytes > MOST_BYTES

    def merge(self, later: KeptRows) -> None:
        """Keep the rows that follow these."""
        self.batches += later.batches

    def frame(self, chosen: Collection[str] = ()) -> pd.DataFrame:
        """Return all rows as the data frame that a reader in memory makes of them.

        Parameters
        ----------
        chosen : collection of str
            Columns whose cells remain as they are, because the encoding reads them.
        """
        import pyarrow as pa

        table = pa.Table.from_batches([batch.rows for batch in self.batches], self.schema)
        frame = table.unify_dictionaries().to_pandas(date_as_object=False, ignore_metadata=True)
        numbers = np.concatenate([batch.row_numbers for batch in self.batches])
        frame.index = self._index(numbers)
        if self.reader is None:
            return frame
        raw = frame[[name for name in frame.columns if name in chosen]]
        names = list(frame.columns)
        frame = self.reader(frame.drop(columns=raw.columns))
        for name in raw.columns:
            frame.insert(names.index(name), name, raw[name])
        # Rows may have been left out, so integers are compared with the rows of their files.
        counters = frozenset(str(n) for n in frame.columns if self._counts(frame[n], numbers))
        replace(understand(frame), counters=counters).attach(frame)
        return frame

    def _index(self, numbers: NDArray[np.int64]) -> pd.Index:
        """Return the index that names the rows in messages."""
        from pandas import Index, RangeIndex

        files = [batch.file for batch in self.batches]
        if len(set(files)) > 1:
            places = [
                f"{row} of {batch.file}" for batch in self.batches for row in batch.row_numbers
            ]
            return Index(places, name=TABLE_ROW)
        name = TABLE_ROW if files[0] is None else FILE_ROW
        if bool((np.diff(numbers) == 1).all()):
            return RangeIndex(int(numbers[0]), int(numbers[-1]) + 1, name=name)
        return Index(numbers, name=name)

    def _counts(self, column: pd.Series, numbers: NDArray[np.int64]) -> bool:
        """Return True if a column increases by one from row to row of each file."""
        if getattr(column.dtype, "kind", "O") not in "iu" or len(column) < LEAST_COUNTED:
            return False
        offsets = column.to_numpy().astype(np.int64) - numbers
        ends = np.cumsum([batch.n_rows for batch in self.batches])
        joins = [
            end
            for end, (one, following) in zip(ends.tolist(), pairwise(self.batches), strict=False)
            if one.file != following.file
        ]
        jumps = np.diff(offsets) != 0
        jumps[np.array(joins, dtype=np.int64) - 1] = False
        return not jumps.any()
