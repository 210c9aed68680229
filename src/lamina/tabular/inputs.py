"""Encoding of a table as numbers, flags, one-hot columns and codes, without the target."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from lamina.encoding import TableEncoding
from lamina.encoding.batches import Source
from lamina.encoding.feature_columns import columns_of_features
from lamina.encoding.frames import ArrayOrTable
from lamina.encoding.statistics import fit_encoding, transform_batch
from lamina.encoding.table_columns import ColumnRecord
from lamina.formulas.table import AnyArray
from lamina.tabular.encoded import EncodedTable

# A column with more categories is also encoded by target statistics.
CODED_FROM = 10
# Maximum number of one-hot columns per column, for the most frequent categories. With 128 the
# errors on tables of salaries and payments were 3 and 13 % larger.
MOST_ONE_HOT = 24
# Days and hours as 0/1 columns halve the error on a table of a city's hourly bike rides.
CALENDAR_PARTS = (
    *("weekday", "month", "hour", "hour_of_day", "half_day"),
    *("day_of_month", "day_of_year", "half_year", "date_of_year"),
)
# For recipes that use the words of texts.
TEXT_COMPONENTS = 30


class EncodedColumns(NamedTuple):
    """Original columns of an encoded table's numbers, parts, texts and categories.

    Attributes
    ----------
    numbers, parts, texts, categories : ndarray of str objects
    """

    numbers: AnyArray
    parts: AnyArray
    texts: AnyArray
    categories: AnyArray


class TableInputs:
    """Encoding fitted on a training table, shared by all recipes.

    Parameters
    ----------
    column_types : dict of str to str, optional
        As in TableEncoding.

    Attributes
    ----------
    encoding_ : TableEncoding
    n_numbers_, n_parts_, n_texts_ : int
        Numbers of the encoding's first columns: standardised numbers, then flags and parts of
        dates, then directions of short texts.
    one_hot_ : ndarray of int
        Indices of the one-hot columns used as inputs, within the encoding's matrix.
    coded_ : list of (int, int)
        Range of one-hot columns within the encoding's matrix, for each coded column.
    """

    encoding_: TableEncoding
    n_numbers_: int
    n_parts_: int
    n_texts_: int
    one_hot_: NDArray[np.int64]
    coded_: list[tuple[int, int]]

    def __init__(self, column_types: Mapping[str, str] | None = None) -> None:
        self.column_types = column_types

    def fit_encode(self, X: ArrayOrTable | Source) -> EncodedTable:
        """Fit the encoding on the training table, and return the table encoded.

        A source is read twice. Only the encoded rows are in memory, one-hot columns as indices.
        """
        encoding = TableEncoding(
            sparse_output=True,
            column_types=self.column_types,
            calendar_parts=CALENDAR_PARTS,
            text_components=TEXT_COMPONENTS,
        )
        is_source = isinstance(X, Source)
        self.encoding_ = fit_encoding(encoding, X) if is_source else encoding.fit(X)
        by_column = self._by_column(X)
        self._divide(by_column)
        return self._encoded(by_column)

    def encode(self, X: ArrayOrTable | Source) -> EncodedTable:
        """Return a table's rows, encoded as in training."""
        return self._encoded(self._by_column(X))

    def _by_column(self, X: ArrayOrTable | Source) -> sparse.csc_array:
        """Return the encoding's matrix of a table or of all batches of a source."""
        if not isinstance(X, Source):
            return sparse.csc_array(self.encoding_.transform(X))
        parts = [transform_batch(self.encoding_, batch) for batch in X.batches()]
        return sparse.csc_array(sparse.vstack(parts, format="csc"))

    @property
    def report_(self) -> list[ColumnRecord]:
        """Interpretation and processing of each column."""
        return self.encoding_.report_

    @property
    def coded_columns_(self) -> list[str]:
        """Names of the coded columns."""
        columns = self._columns
        return [str(columns[start]) for start, _ in self.coded_]

    @property
    def _columns(self) -> AnyArray:
        return columns_of_features(self.encoding_)

    def columns_of_parts(self) -> EncodedColumns:
        """Return the original column of each column of an encoded table."""
        columns = self._columns
        numbers, parts, texts, _ = np.split(columns, self._ends())
        return EncodedColumns(numbers, parts, texts, columns[self.one_hot_])

    def _ends(self) -> list[int]:
        n_dense = self.n_numbers_ + self.n_parts_
        return [self.n_numbers_, n_dense, n_dense + self.n_texts_]

    def _dates(self) -> NDArray[np.bool_]:
        kinds = self.encoding_.kinds_
        return np.array(
            [kinds[name] == "date" for name in self._columns[: self.n_numbers_]], dtype=np.bool_
        )

    def _divide(self, by_column: sparse.csc_array) -> None:
        """Find the parts of the encoding's matrix."""
        encoding = self.encoding_
        self.n_numbers_ = 0 if encoding.scaler_ is None else len(encoding.scaler_.mean_)
        sizes = [len(texts) for texts in encoding.categories_.values()]
        first = by_column.shape[1] - sum(sizes)
        self.n_texts_ = sum(components.width for components in encoding.texts_.values())
        self.n_parts_ = first - self.n_numbers_ - self.n_texts_
        counts = np.diff(by_column.indptr)
        ends = first + np.cumsum(sizes, dtype=np.int64)
        ranges = [(int(end) - size, int(end)) for size, end in zip(sizes, ends, strict=True)]
        kept = [_most_frequent(counts, start, end) for start, end in ranges]
        self.one_hot_ = np.concatenate([*kept, np.empty(0, dtype=np.int64)])
        self.coded_ = [(start, end) for start, end in ranges if end - start > CODED_FROM]

    def _encoded(self, by_column: sparse.csc_array) -> EncodedTable:
        ends = self._ends()
        numbers, parts, texts = np.split(by_column[:, : ends[-1]].toarray(), ends[:2], axis=1)
        return EncodedTable(
            np.ascontiguousarray(numbers, dtype=np.float64),
            parts.astype(np.float32),
            texts.astype(np.float32),
            by_column[:, self.one_hot_].toarray().astype(np.float32),
            _codes(by_column, self.coded_),
            self._dates(),
        )


def _most_frequent(counts: AnyArray, start: int, end: int) -> NDArray[np.int64]:
    """Return the indices of the most frequent categories of a column, in ascending order."""
    order = np.argsort(-counts[start:end], kind="stable")[:MOST_ONE_HOT]
    return np.sort(order + start).astype(np.int64)


def _codes(matrix: sparse.csc_array, ranges: list[tuple[int, int]]) -> NDArray[np.int64]:
    """Return the index of each row's 1 within each range, counted from 1; 0 if there is none."""
    codes = np.zeros((matrix.shape[0], len(ranges)), dtype=np.int64)
    for column, (start, end) in enumerate(ranges):
        codes[:, column] = (matrix[:, start:end] @ np.arange(1, end - start + 1)).astype(np.int64)
    return codes
