"""Find the frequent texts of a stream in bounded memory.

The summary of Misra and Gries (1982), which Agarwal et al. (2012, "Mergeable summaries") show how
to merge: when there are more than `capacity` counters, the next largest count is subtracted from
all, and those that reach 0 are dropped. Every count is then too low by at most `error`, which is at
most n / (capacity + 1) after n texts; so no text with more rows than that is lost.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Texts = NDArray[np.object_]
Counts = NDArray[np.int64]


class HeavyHitters:
    """Lower bounds of the counts of the most frequent texts.

    Parameters
    ----------
    capacity : int
        Maximum number of counters after dropping; up to twice as many are held before.

    Examples
    --------
    >>> heavy = HeavyHitters(capacity=1)
    >>> heavy.add(np.array(["a", "b", "c"], dtype=object), np.array([5, 1, 1]))
    >>> heavy.counts(), heavy.error
    ({'a': 4}, 1)
    """

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        # Upper bound of what any count is too low by.
        self.error = 0
        self._texts: Texts = np.empty(0, dtype=object)
        self._counts: Counts = np.empty(0, dtype=np.int64)

    def add(self, texts: Texts, counts: Counts) -> None:
        """Add texts with their numbers of rows."""
        import pandas as pd

        codes, self._texts = pd.factorize(np.concatenate([self._texts, texts]))
        sums = np.zeros(len(self._texts), dtype=np.int64)
        np.add.at(sums, codes, np.concatenate([self._counts, counts]))
        self._counts = sums
        if len(sums) > 2 * self.capacity:
            self._drop()

    def merge(self, other: HeavyHitters) -> None:
        """Add the counts of another summary."""
        self.error += other.error
        self.add(other._texts, other._counts)

    def counts(self) -> dict[str, int]:
        """Return the counts by text."""
        self._drop()
        return dict(zip(self._texts.tolist(), self._counts.tolist(), strict=True))

    def _drop(self) -> None:
        if len(self._counts) <= self.capacity:
            return
        least = int(np.partition(self._counts, -self.capacity - 1)[-self.capacity - 1])
        kept = self._counts > least
        self.error += least
        self._texts, self._counts = self._texts[kept], self._counts[kept] - least
