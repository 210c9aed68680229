"""Compare columns row by row without keeping them, by a digest that batches do not affect.

The digest of values with hashes h_1, …, h_n is Σ h_i r^(n-i) mod 2^64, with an odd r. So a later
part of n rows is appended by digest * r^n + its digest.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from lamina.encoding.statistics.distinct import Hashes

_FACTOR = 0xD1342543DE82EF95
_MODULUS = 1 << 64


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
        with np.errstate(over="ignore"):
            part = int((hashes * _powers(len(hashes))).sum(dtype=np.uint64))
        self._append(len(hashes), part)

    def merge(self, later: RowDigest) -> None:
        """Append the values that follow these."""
        self._append(later.n_rows, later.value)

    def _append(self, n_rows: int, value: int) -> None:
        self.n_rows += n_rows
        self.value = (self.value * pow(_FACTOR, n_rows, _MODULUS) + value) % _MODULUS


@lru_cache(maxsize=8)
def _powers(n: int) -> NDArray[np.uint64]:
    """Return r^(n-1), …, r, 1."""
    factors = np.full(n, _FACTOR, dtype=np.uint64)
    factors[:1] = 1
    with np.errstate(over="ignore"):
        return np.cumprod(factors, dtype=np.uint64)[::-1].copy()
