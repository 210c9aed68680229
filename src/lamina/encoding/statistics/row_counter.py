"""Find columns of integers that count the rows of their files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lamina.encoding.batches import Batch

if TYPE_CHECKING:
    import pandas as pd


class RowCounter:
    """Difference between a column's values and the numbers of their rows, if it is constant.

    Attributes
    ----------
    is_counter : bool
        True while the column increases by one from row to row of each file.
    """

    def __init__(self) -> None:
        self.is_counter = True
        # File and difference of the first and of the last file.
        self._first: tuple[str | None, int] | None = None
        self._last: tuple[str | None, int] | None = None

    def add(self, batch: Batch, column: pd.Series) -> None:
        """Add the rows of a batch."""
        if not self.is_counter or getattr(column.dtype, "kind", "O") not in "iu":
            self.is_counter = False
            return
        steps = column.to_numpy().astype(np.int64) - batch.row_numbers
        if len(steps):
            self.is_counter = bool((steps == steps[0]).all())
            self._join((batch.file, int(steps[0])), (batch.file, int(steps[0])))

    def merge(self, later: RowCounter) -> None:
        """Add the rows that follow these."""
        self.is_counter = self.is_counter and later.is_counter
        if later._first is not None and later._last is not None:
            self._join(later._first, later._last)

    def _join(self, first: tuple[str | None, int], last: tuple[str | None, int]) -> None:
        if self._last is None:
            self._first = first
        elif self._last[0] == first[0] and self._last[1] != first[1]:
            self.is_counter = False
        self._last = last
