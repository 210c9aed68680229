"""A table as the inputs of a network: columns understood by TableEncoding, numbers spread out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import _num_samples

from lamina.encoding import TableEncoding
from lamina.encoding.table_report import ColumnRecord
from lamina.tabular.numeric_features import NumericFeatures

# The most numbers of an input matrix, 1 GiB of float32; rarer categories are left out beyond it.
MOST_NUMBERS = 1 << 28


class TableInputs:
    """The inputs that a recipe's networks learn from.

    Parameters
    ----------
    n_bins : int
        The bins of each number.
    column_types : dict of str to str, optional
        As TableEncoding takes them.

    Attributes
    ----------
    encoding_ : TableEncoding
    numeric_ : NumericFeatures
        Of the standardised numbers and dates of the encoding.
    """

    encoding_: TableEncoding
    numeric_: NumericFeatures

    def __init__(self, n_bins: int, column_types: Mapping[str, str] | None = None) -> None:
        self.n_bins, self.column_types = n_bins, column_types

    def fit(self, X: Any) -> Self:
        """Learn columns, categories, scales and bins from the training table; no target is seen."""
        n_samples = _num_samples(X)
        self.encoding_ = TableEncoding(
            sparse_output=False,
            max_categories=max(2, MOST_NUMBERS // max(1, n_samples)),
            column_types=self.column_types,
        ).fit(X)
        self.numeric_ = NumericFeatures.fit(self._encoded(X)[0], self.n_bins)
        return self

    def transform(self, X: Any) -> NDArray[np.float32]:
        """Return the inputs, shape (n_samples, n_inputs)."""
        numbers, others = self._encoded(X)
        return np.hstack([self.numeric_.transform(numbers), others.astype(np.float32)])

    @property
    def report_(self) -> list[ColumnRecord]:
        """What each column was taken for, and what is done with it."""
        return self.encoding_.report_

    def _encoded(self, X: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The encoding's standardised numbers, and all its 0/1 and calendar columns."""
        encoded = np.asarray(self.encoding_.transform(X), dtype=np.float64)
        n_numbers = 0 if self.encoding_.scaler_ is None else len(self.encoding_.scaler_.mean_)
        return encoded[:, :n_numbers], encoded[:, n_numbers:]
