"""The distinct cells of a text column with their counts and places, which decide its form."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lamina.encoding.file_rows import row_name
from lamina.encoding.missing_marks import is_missing_number

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Cells:
    """The distinct cells of a column, in the order of their first rows, and their counts.

    Attributes
    ----------
    name : str
        Name of the column.
    distinct : sequence of str
    counts : ndarray of int64, shape (n_distinct,)
    present : sequence of int
        Positions of the cells that are no mark of a missing number.
    place_of : callable
        Returns the name of the first row with the cell at a position of `distinct`.
    """

    name: str
    distinct: Sequence[str]
    counts: NDArray[np.int64]
    present: Sequence[int]
    place_of: Callable[[int], str]

    def texts(self) -> list[str]:
        """Return the cells that are no mark of a missing number."""
        return [self.distinct[code] for code in self.present]

    def place(self, text: str) -> str:
        """Return the name of the row in which a text first occurs."""
        return self.place_of(list(self.distinct).index(text))

    def n_rows(self, texts: Collection[str]) -> int:
        """Return the number of rows with any of the texts."""
        chosen = set(texts)
        return int(sum(self.counts[i] for i, text in enumerate(self.distinct) if text in chosen))

    def quoted(self, texts: Sequence[str]) -> str:
        """Return the first of the texts with its row, and the number of further cells."""
        further = self.n_rows(texts) - 1
        more = f" (and {further:,} more)" if further else ""
        return f"{texts[0]!r} in {self.place(texts[0])}{more}"


def make_cells(
    name: str, distinct: Sequence[str], counts: NDArray[np.int64], place_of: Callable[[int], str]
) -> Cells:
    """Return the cells of a column by their texts and counts."""
    present = [i for i, text in enumerate(distinct) if not is_missing_number(text)]
    return Cells(name, distinct, counts, present, place_of)


def count_cells(name: str, column: pd.Series) -> Cells:
    """Count the distinct cells of a pandas column of texts."""
    codes, distinct = column.factorize()
    counts = np.bincount(codes[codes >= 0], minlength=len(distinct))

    def place_of(code: int) -> str:
        return row_name(column, int(np.argmax(codes == code)))

    return make_cells(name, [str(text) for text in distinct], counts, place_of)
