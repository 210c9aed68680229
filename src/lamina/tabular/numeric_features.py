"""Features of numbers: each one scaled, smoothly clipped, and encoded by bins.

Shapes: x (n_samples, n_numbers); the result (n_samples, n_numbers + the bins of all columns).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

# Bound of the smooth clipping: z / sqrt(1 + (z / 3)²) stays within ±3.
CLIP = 3.0
# The inverse of a smaller width would be infinite.
SMALLEST = float(np.finfo(np.float64).tiny)


@dataclass(frozen=True)
class NumericFeatures:
    """Features fitted on the numbers of a training table.

    A number x becomes c(s (x - median)), with s = 1 / (q75 - q25) and c(z) = z / √(1 + (z/3)²)
    (Holzmüller, Grinsztajn, Steinwart 2024, RealMLP). It also has one input for each bin between
    neighbouring quantiles e_t, e_{t+1}: min(max((x - e_t) / (e_{t+1} - e_t), 0), 1), the piecewise
    linear encoding of Gorishniy, Rubachev, Babenko (2022).

    Attributes
    ----------
    median, factor : ndarray of shape (n_numbers,)
    edges : tuple of ndarray
        Edges of each number's bins in ascending order; empty if there are none.

    Examples
    --------
    >>> import numpy as np
    >>> features = NumericFeatures.fit(np.array([[0.0], [1.0], [2.0], [4.0]]), n_bins=2)
    >>> print(features.transform(np.array([[1.5], [9.0]])).round(2))
    [[0.   1.   0.  ]
     [2.46 1.   1.  ]]
    """

    median: Numbers
    factor: Numbers
    edges: tuple[Numbers, ...]

    @classmethod
    def fit(
        cls, x: Numbers, n_bins: int, binned: NDArray[np.bool_] | None = None
    ) -> NumericFeatures:
        """Fit medians, scales and bins.

        Parameters
        ----------
        x : ndarray of shape (n_samples, n_numbers)
        n_bins : int
            Maximum number of bins per column.
        binned : ndarray of bool, shape (n_numbers,), optional
            Mask of the columns with bins; by default all.
        """
        if not x.shape[1]:
            return cls(np.empty(0), np.empty(0), ())
        low, median, high = np.quantile(x, [0.25, 0.5, 0.75], axis=0)
        # If more than half of the values are equal, use the whole range instead of the quartiles.
        width = np.where(high > low, high - low, (x.max(axis=0) - x.min(axis=0)) / 2)
        # A column that is constant in training is ignored.
        factor = np.divide(1.0, width, out=np.zeros_like(width), where=width > SMALLEST)
        has_bins = np.ones(x.shape[1], dtype=np.bool_) if binned is None else binned
        edges = (
            _edges(column, n_bins) if has else np.empty(0)
            for column, has in zip(x.T, has_bins, strict=True)
        )
        return cls(median, factor, tuple(edges))

    @property
    def n_features_out(self) -> int:
        """Number of columns returned by `transform`."""
        return len(self.median) + sum(max(len(edges) - 1, 0) for edges in self.edges)

    def equals(self, other: NumericFeatures) -> bool:
        """Return True if both compute the same inputs."""
        if self is other:
            return True
        arrays = zip(
            (self.median, self.factor, *self.edges),
            (other.median, other.factor, *other.edges),
            strict=False,
        )
        return len(self.edges) == len(other.edges) and all(np.array_equal(*pair) for pair in arrays)

    def transform(self, x: Numbers) -> NDArray[np.float32]:
        """Return the inputs of a network, shape (n_samples, n_features_out)."""
        inputs = np.empty((len(x), self.n_features_out), dtype=np.float32)
        z = (x - self.median) * self.factor
        end = x.shape[1]
        inputs[:, :end] = z / np.hypot(1.0, z / CLIP)
        for column, edges in zip(x.T, self.edges, strict=True):
            if len(edges) > 1:
                start, end = end, end + len(edges) - 1
                fractions = (column[:, np.newaxis] - edges[:-1]) / np.diff(edges)
                inputs[:, start:end] = np.clip(fractions, 0.0, 1.0)
        return inputs


def _edges(column: Numbers, n_bins: int) -> Numbers:
    """Return quantiles of the values; values that are frequent on their own are always edges.

    If nine of ten values are 0, almost all quantiles are 0 and would leave one bin for all other
    values: these get quantiles of their own.
    """
    values, counts = np.unique(column, return_counts=True)
    frequent = values[counts * n_bins > len(column)]
    others = column[~np.isin(column, frequent)]
    n_others = n_bins - len(frequent)
    ends = values[[0, -1]]
    if n_others < 1 or not len(others):
        return _distinct(np.union1d(frequent, ends))
    return _distinct(
        np.concatenate([frequent, ends, np.quantile(others, np.linspace(0, 1, n_others + 1))])
    )


def _distinct(edges: Numbers) -> Numbers:
    """Return edges in ascending order, without those too close to the next one."""
    distinct = np.unique(edges)
    if len(distinct) < 3:
        # A single bin would repeat the scaled number.
        return np.empty(0)
    least = 1e-9 * (distinct[-1] - distinct[0])
    return np.asarray(distinct[np.append(True, np.diff(distinct) > least)])
