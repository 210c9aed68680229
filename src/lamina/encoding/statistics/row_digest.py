"""Compare columns row by row without keeping them, by a digest that batches do not affect.

The digest of values with hashes h_0, …, h_(n-1) is Σ h_i r^i mod 2^64, with an odd r. So the digest
of a later part is multiplied by r^n and added. The factors r^i of the rows with one value add up to
the value's weight, from which the digest is computed when the values are known at last.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from lamina.encoding.statistics.distinct import Hashes

_FACTOR = 0xD1342543DE82EF95
MODULUS = 1 << 64


class RowDigest:
    """Digest of the values of a column in their order.

    Examples
    --------
    >>> one, two = RowDigest(), RowDigest()
    >>> one.add(np.array([1, 2, 3], dtype=np.uint64))
    >>> two.add(np.array([1, 2], dtype=np.uint64))
    >>> two.add(np.array([3], dtype=np.uint64))
    >>> one.value == two.value
    True
    """

    def __init__(self) -> None:
        self.n_rows = 0
        self.value = 0

    def add(self, hashes: Hashes) -> None:
        """Append hashed values."""
        self.add_weighted(
            hashes, _powers(len(hashes)) * np.array([factor(self.n_rows)]), len(hashes)
        )

    def add_weighted(self, hashes: Hashes, weights: Hashes, n_rows: int) -> None:
        """Append n_rows rows with distinct hashed values of these weights."""
        part = int((hashes * weights).sum(dtype=np.uint64))
        self.n_rows += n_rows
        self.value = (self.value + part) % MODULUS

    def merge(self, later: RowDigest) -> None:
        """Append the values that follow these."""
        part = later.value * int(factor(self.n_rows))
        self.n_rows += later.n_rows
        self.value = (self.value + part) % MODULUS


def factor(n_rows: int) -> np.uint64:
    """Return the factor of a row behind n_rows others, modulo 2^64."""
    return np.uint64(pow(_FACTOR, n_rows, MODULUS))


def find_weights(codes: NDArray[np.int64], n_distinct: int, n_before: int) -> Hashes:
    """Return the weight of each distinct value of a batch, then that of the missing ones.

    Parameters
    ----------
    codes : ndarray of int64, shape (n_rows,)
        Position of each row's value; -1 where missing.
    n_distinct : int
    n_before : int
        Number of rows before the batch.
    """
    sums = np.zeros(n_distinct + 1, dtype=np.uint64)
    np.add.at(sums, codes, _powers(len(codes)))
    return np.asarray(sums * np.array([factor(n_before)]))


@lru_cache(maxsize=8)
def _powers(n: int) -> Hashes:
    """Return 1, r, …, r^(n-1)."""
    factors = np.full(n, _FACTOR, dtype=np.uint64)
    factors[:1] = 1
    return np.cumprod(factors, dtype=np.uint64)
