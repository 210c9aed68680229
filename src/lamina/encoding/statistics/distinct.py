"""Count the distinct values of a stream in bounded memory.

Distinct sampling (Gibbons 2001): all values are counted whose hash is below a threshold, which
halves when too many are found. So the counts are exact up to CAPACITY distinct values; beyond, they
are those of a random sample of the distinct values, from which their number is estimated with a
standard error of 1 / sqrt(CAPACITY / 2), 1.1 %.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

CAPACITY = 1 << 14
# Constants of splitmix64 (Steele, Lea and Flood 2014).
_STEPS = ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB))

Hashes = NDArray[np.uint64]


def mix(bits: Hashes) -> Hashes:
    """Return a hash of each of 64 bits; different bits have different hashes."""
    hashes = bits + np.uint64(0x9E3779B97F4A7C15)
    for shift, factor in _STEPS:
        hashes ^= hashes >> np.uint64(shift)
        hashes *= np.uint64(factor)
    return np.asarray(hashes ^ (hashes >> np.uint64(31)))


def hash_numbers(values: NDArray[np.float64] | NDArray[np.int64]) -> Hashes:
    """Return a hash of each number; 0.0 and -0.0 have the same, and so have all NaN."""
    if values.dtype.kind == "f":
        # Adding 0.0 turns -0.0 into 0.0.
        values = np.where(np.isnan(values), np.nan, values + 0.0)
    return mix(np.ascontiguousarray(values).view(np.uint64))


def hash_texts(texts: NDArray[np.object_]) -> Hashes:
    """Return a hash of each text."""
    from pandas.util import hash_array

    return np.asarray(hash_array(texts, categorize=False), dtype=np.uint64)


class DistinctValues:
    """Counts of distinct values by hash, or of a sample of them.

    Examples
    --------
    >>> values = DistinctValues()
    >>> values.add(hash_numbers(np.array([1.0, 2.0, 1.0])))
    >>> values.n_distinct, values.is_exact, values.any_repeated
    (2, True, True)
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self.capacity = capacity
        self._n_halvings = 0
        self._hashes: Hashes = np.empty(0, dtype=np.uint64)
        self._counts: NDArray[np.int64] = np.empty(0, dtype=np.int64)

    def add(self, hashes: Hashes, counts: NDArray[np.int64] | None = None) -> None:
        """Add hashed values, each occurring once or `counts` times."""
        kept = self._is_below(hashes)
        if not kept.all():
            hashes, counts = hashes[kept], None if counts is None else counts[kept]
        if counts is None:
            hashes, counts = np.unique(hashes, return_counts=True)
        self._join(hashes, counts)

    def merge(self, other: DistinctValues) -> None:
        """Add the values of another count."""
        self._n_halvings = max(self._n_halvings, other._n_halvings)
        self._join(
            np.concatenate([self._hashes, other._hashes]),
            np.concatenate([self._counts, other._counts]),
            replaces=True,
        )

    @property
    def is_exact(self) -> bool:
        """True if all distinct values are counted."""
        return self._n_halvings == 0

    @property
    def n_distinct(self) -> int:
        """Number of distinct values, estimated unless `is_exact`."""
        return len(self._hashes) << self._n_halvings

    @property
    def any_repeated(self) -> bool:
        """True if a counted value occurs twice.

        If p of the distinct values of an inexact count occur twice, this misses all of them with
        probability (1 - p)^(CAPACITY / 2).
        """
        return bool((self._counts > 1).any())

    def _is_below(self, hashes: Hashes) -> NDArray[np.bool_]:
        if self.is_exact:
            return np.ones(len(hashes), dtype=np.bool_)
        return hashes < np.uint64(1 << (64 - self._n_halvings))

    def _join(self, hashes: Hashes, counts: NDArray[np.int64], *, replaces: bool = False) -> None:
        if not replaces:
            hashes = np.concatenate([self._hashes, hashes])
            counts = np.concatenate([self._counts, counts])
        kept = self._is_below(hashes)
        self._hashes, places = np.unique(hashes[kept], return_inverse=True)
        sums = np.zeros(len(self._hashes), dtype=np.int64)
        np.add.at(sums, places, counts[kept])
        self._counts = sums
        while len(self._hashes) > self.capacity:
            self._n_halvings += 1
            kept = self._is_below(self._hashes)
            self._hashes, self._counts = self._hashes[kept], self._counts[kept]
