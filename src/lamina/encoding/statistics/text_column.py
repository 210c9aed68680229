"""Statistics of a text column: counts of its distinct cells, in bounded memory.

The counts are exact up to MOST_TEXTS distinct cells. Beyond, the form of the column is decided by
those found so far. Numbers and dates are then read batch by batch. Words become heavy hitters.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lamina.encoding.cells import Cells, make_cells
from lamina.encoding.statistics.distinct import DistinctValues, Hashes, hash_texts
from lamina.encoding.statistics.heavy_hitters import HeavyHitters
from lamina.encoding.statistics.row_digest import MODULUS, RowDigest, factor, find_weights

if TYPE_CHECKING:
    import pyarrow as pa

MOST_TEXTS = 1 << 16

Texts = NDArray[np.object_]
Counts = NDArray[np.int64]


class RowNames(NamedTuple):
    """The rows of a batch for messages.

    Attributes
    ----------
    numbers : ndarray of int64, shape (n_rows,)
    file : str or None
    """

    numbers: Counts
    file: str | None

    def name(self, row: int) -> str:
        """Return the name of a row, such as 'row 7 of sales.parquet'."""
        number = int(self.numbers[row])
        return f"row {number}" if self.file is None else f"row {number} of {self.file}"


class FirstRow(NamedTuple):
    """The first row with a cell: its position in the table, and its name for messages."""

    position: int
    name: str


class TextPart(NamedTuple):
    """The cells of a batch.

    Attributes
    ----------
    distinct : ndarray of str objects, shape (n_distinct,)
    codes : ndarray of int64, shape (n_rows,)
        Position of each row's cell in `distinct`; -1 where missing.
    """

    distinct: Texts
    codes: Counts

    def counts(self) -> Counts:
        """Return the number of rows of each cell."""
        return np.bincount(self.codes + 1, minlength=len(self.distinct) + 1)[1:].astype(np.int64)


def divide_texts(column: pa.Array) -> TextPart:
    """Return the distinct cells of an Arrow column of texts, and the position of each row's."""
    import pyarrow as pa

    coded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    codes = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    distinct = np.array([*coded.dictionary.to_pylist(), None], dtype=object)[:-1]
    counts = np.bincount(codes + 1, minlength=len(distinct) + 1)[1:]
    empty = np.array([text is None for text in distinct], dtype=np.bool_)
    if (counts > 0).all() and not empty.any():
        return TextPart(distinct, codes)
    # Dictionaries of Arrow may have unused and missing entries.
    is_used = (counts > 0) & ~empty
    numbers = np.append(np.where(is_used, np.cumsum(is_used) - 1, -1), -1)
    return TextPart(distinct[is_used], numbers[codes])


class Moved(NamedTuple):
    """Exactly counted cells: texts, counts, weights in the digest, and first rows."""

    texts: Texts
    counts: Counts
    weights: Hashes
    missing_weight: int
    first_row: Callable[[int], FirstRow]


class FirstRows:
    """Function from the position of a text in a batch to the first row with it.

    Parameters
    ----------
    codes : ndarray of int64, shape (n_rows,)
    rows : RowNames
    n_before : int
        Number of rows before the batch.
    """

    def __init__(self, codes: Counts, rows: RowNames, n_before: int) -> None:
        self._codes, self._rows, self._n_before = codes, rows, n_before
        self._firsts: Counts | None = None

    def __call__(self, code: int) -> FirstRow:
        """Return the first row with a text."""
        if self._firsts is None:
            n_rows = len(self._codes)
            self._firsts = np.zeros(n_rows + 1, dtype=np.int64)
            # Of several assignments to one place the last counts, so begin with the last row.
            self._firsts[self._codes[::-1]] = np.arange(n_rows)[::-1]
        row = int(self._firsts[code])
        return FirstRow(self._n_before + row, self._rows.name(row))


class TextColumn:
    """Counts of the distinct cells of a column, with their first rows.

    Parameters
    ----------
    name : str
    most_texts : int
        Maximum number of distinct cells that are counted exactly.
    """

    def __init__(self, name: str, most_texts: int = MOST_TEXTS) -> None:
        self.name = name
        self.most_texts = most_texts
        self.n_rows = 0
        self.n_missing = 0
        self.counts: dict[str, int] = {}
        self.first_rows: dict[str, FirstRow] = {}
        # Weights of the cells in a digest of the column's values, which a form may change.
        self.weights: dict[str, int] = {}
        self.missing_weight = 0
        self.distinct = DistinctValues()
        self.digest = RowDigest()
        # None while the counts are exact; then `counts` holds the first texts found.
        self.heavy: HeavyHitters | None = None

    def add(self, part: TextPart, rows: RowNames) -> None:
        """Add the cells of a batch.

        Parameters
        ----------
        part : TextPart
        rows : RowNames
        """
        texts, codes = part
        # The last hash, 0, is that of a missing cell.
        hashes = np.append(hash_texts(texts), np.uint64(0))
        self.digest.add(hashes[codes])
        n_missing = int((codes < 0).sum())
        counts = part.counts()
        self.distinct.add(hashes[:-1], counts)
        if self.heavy is None:
            weights = find_weights(codes, len(texts), self.n_rows)
            self.count(texts, counts, weights[:-1], FirstRows(codes, rows, self.n_rows))
            self.missing_weight = (self.missing_weight + int(weights[-1])) % MODULUS
        else:
            self.heavy.add(texts, counts)
        self.n_missing += n_missing
        self.n_rows += len(codes)

    def count(
        self,
        texts: Texts,
        counts: Counts,
        weights: Hashes,
        first_rows: Callable[[int], FirstRow],
    ) -> None:
        """Count cells exactly.

        Parameters
        ----------
        texts : ndarray of str objects, shape (n_distinct,)
        counts : ndarray of int64, shape (n_distinct,)
        weights : ndarray of uint64, shape (n_distinct,)
        first_rows : callable
            Returns the first row with the text at a position.
        """
        cells = zip(texts.tolist(), counts.tolist(), weights.tolist(), strict=True)
        for code, (text, n, weight) in enumerate(cells):
            if text not in self.counts:
                self.first_rows[text] = first_rows(code)
            self.counts[text] = self.counts.get(text, 0) + n
            self.weights[text] = (self.weights.get(text, 0) + weight) % MODULUS

    def merge(self, later: TextColumn) -> None:
        """Add the rows that follow these."""
        self.distinct.merge(later.distinct)
        self.digest.merge(later.digest)
        if later.heavy is not None:
            self.count_heavy_hitters()
        if self.heavy is None:
            self._take(later)
        elif later.heavy is None:
            self.heavy.add(*_arrays(later.counts))
        else:
            self.heavy.merge(later.heavy)
        self.n_missing += later.n_missing
        self.n_rows += later.n_rows

    @property
    def is_exact(self) -> bool:
        """True if every distinct cell is counted."""
        return self.heavy is None

    @property
    def is_full(self) -> bool:
        """True if there are more distinct cells than are counted exactly."""
        return self.heavy is None and len(self.counts) > self.most_texts

    def count_heavy_hitters(self) -> None:
        """Count the frequent cells from now on, and keep the first ones as a sample."""
        if self.heavy is None:
            self.heavy = HeavyHitters(self.most_texts)
            self.heavy.add(*_arrays(self.counts))
            for text in list(self.counts)[self.most_texts :]:
                del self.counts[text], self.first_rows[text]
            self.weights.clear()

    def cells(self) -> Cells:
        """Return the distinct cells in the order of their first rows."""
        texts = sorted(self.counts, key=lambda text: self.first_rows[text].position)
        counts = np.array([self.counts[text] for text in texts], dtype=np.int64)
        return make_cells(self.name, texts, counts, lambda i: self.first_rows[texts[i]].name)

    def total_counts(self) -> Mapping[str, int]:
        """Return the counts of all cells, or lower bounds of those of the heavy hitters."""
        return self.counts if self.heavy is None else self.heavy.counts()

    def moved(self, n_before: int) -> Moved:
        """Return the exactly counted cells as they are behind n_before further rows."""
        texts, counts = _arrays(self.counts)
        weights = np.array([*self.weights.values(), self.missing_weight], dtype=np.uint64)
        weights = weights * np.array([factor(n_before)])
        firsts = list(self.first_rows.values())

        def first_row(code: int) -> FirstRow:
            return FirstRow(firsts[code].position + n_before, firsts[code].name)

        return Moved(texts, counts, weights[:-1], int(weights[-1]), first_row)

    def digest_without(self, marks: Collection[str]) -> int:
        """Return the digest of the cells in which these texts are missing values."""
        texts, _ = _arrays(self.counts)
        if self.heavy is not None or not len(texts):
            return self.digest.value
        weights = np.array(list(self.weights.values()), dtype=np.uint64)
        kept = np.array([text not in marks for text in texts.tolist()])
        return int((hash_texts(texts) * weights)[kept].sum(dtype=np.uint64))

    def _take(self, later: TextColumn) -> None:
        moved = later.moved(self.n_rows)
        self.count(moved.texts, moved.counts, moved.weights, moved.first_row)
        self.missing_weight = (self.missing_weight + moved.missing_weight) % MODULUS


def _arrays(counts: Mapping[str, int]) -> tuple[Texts, Counts]:
    texts = np.array([*counts, None], dtype=object)[:-1]
    return texts, np.array(list(counts.values()), dtype=np.int64)
