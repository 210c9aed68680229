"""Target encoding of columns with many categories: statistics of the target by category.

Shapes: codes (n_samples, n_coded); targets y (n_samples, n_targets); for a column of k categories a
table (k + 1, n_targets + 1), its row 0 for missing, rare or unknown categories.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Weight of the overall mean, as a number of samples added to each category.
PRIOR_SAMPLES = 10.0
N_PARTS = 5

Codes = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class TargetStatistics:
    """Smoothed means of the target by category (Micci-Barreca 2001), and their frequencies.

    Category c with n_c samples and sum s_c has (s_c + a ȳ) / (n_c + a), with ȳ the mean over all
    samples and a = 10, and log(1 + n_c). Each of these inputs is standardised.

    Attributes
    ----------
    tables : tuple of ndarray of float32, each of shape (k_j + 1, n_statistics)
        One for each coded column: the inputs for each code.

    Examples
    --------
    >>> import numpy as np
    >>> codes, y = np.array([[1], [1], [2], [2]] * 20), np.array([[0.0], [0.0], [1.0], [1.0]] * 20)
    >>> statistics, inputs = TargetStatistics.fit(codes, y, (3,), np.random.RandomState(0))
    >>> print(statistics.transform(np.array([[1], [2], [0]]))[:, 0].round(1))
    [-1.1  1.1  0. ]
    """

    tables: tuple[NDArray[np.float32], ...]

    @classmethod
    def fit(
        cls, codes: Codes, y: Floats, sizes: tuple[int, ...], random_state: np.random.RandomState
    ) -> tuple[TargetStatistics, NDArray[np.float32]]:
        """Fit the tables; return them with the inputs of the training samples themselves.

        The inputs of a training sample are computed without it, from four random fifths of the
        samples: otherwise they would reveal its target.

        Parameters
        ----------
        codes : ndarray of shape (n_samples, n_coded)
        y : ndarray of shape (n_samples, n_targets)
        sizes : tuple of int
            k_j + 1 for each column.
        random_state : RandomState
        """
        part = random_state.permutation(len(codes)) % N_PARTS
        fitted = [_fit_column(codes[:, j], y, size, part) for j, size in enumerate(sizes)]
        inputs = [inputs for _, inputs in fitted] or [np.empty((len(codes), 0), np.float32)]
        return cls(tuple(table for table, _ in fitted)), np.hstack(inputs)

    def transform(self, codes: Codes) -> NDArray[np.float32]:
        """Return the inputs, shape (n_samples, n_inputs)."""
        empty = np.empty((len(codes), 0), np.float32)
        return np.hstack([empty, *(table[codes[:, j]] for j, table in enumerate(self.tables))])


def _fit_column(
    codes: Codes, y: Floats, size: int, part: NDArray[np.int64]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return a column's standardised table, and the standardised inputs of its samples."""
    inputs = np.empty((len(codes), y.shape[1] + 1))
    for held_out in range(N_PARTS):
        rows = part == held_out
        inputs[rows] = _table(codes[~rows], y[~rows], size)[codes[rows]]
    table = _table(codes, y, size)
    # Scale counts from four fifths of the samples, or categories would look rarer in training.
    inputs[:, -1] = table[codes, -1]
    mean, scale = inputs.mean(axis=0), inputs.std(axis=0)
    scale[scale == 0] = 1.0
    standard = (((values - mean) / scale).astype(np.float32) for values in (table, inputs))
    return next(standard), next(standard)


def _table(codes: Codes, y: Floats, size: int) -> Floats:
    counts = np.bincount(codes, minlength=size).astype(np.float64)
    sums = np.column_stack([np.bincount(codes, column, size) for column in y.T])
    # Code 0 stands for many unrelated rare categories.
    means = (sums + PRIOR_SAMPLES * y.mean(axis=0)) / (counts + PRIOR_SAMPLES)[:, np.newaxis]
    return np.column_stack([means, np.log1p(counts)])
