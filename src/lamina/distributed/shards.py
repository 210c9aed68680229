"""Virtual shards: the parts into which a fit on many machines divides its samples and batches.

Sample j of an epoch belongs to shard j mod V, and batch k has the samples k B to (k + 1) B of the
epoch, so that it takes B / V samples of each shard, or one more. V does not depend on the number of
workers, each of which holds V / P consecutive shards.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Division(NamedTuple):
    """Division of the samples among virtual shards.

    Attributes
    ----------
    n_samples : int
    n_shards : int
        V, a power of two.

    Examples
    --------
    >>> division = Division(n_samples=10, n_shards=4)
    >>> [division.size(shard) for shard in range(4)]
    [3, 3, 2, 2]
    >>> [division.part_of_batch(shard, 4, 10) for shard in range(4)]
    [slice(1, 3, None), slice(1, 3, None), slice(1, 2, None), slice(1, 2, None)]
    """

    n_samples: int
    n_shards: int

    def size(self, shard: int) -> int:
        """Return the number of samples of a shard."""
        return self._before(shard, self.n_samples)

    def rows(self, shard: int) -> slice:
        """Return the places of a shard's samples among all, which are consecutive."""
        quotient, left_over = divmod(self.n_samples, self.n_shards)
        start = shard * quotient + min(shard, left_over)
        return slice(start, start + self.size(shard))

    def part_of_batch(self, shard: int, start: int, stop: int) -> slice:
        """Return the part of a shard's order that is in the batch from `start` to `stop`."""
        return slice(self._before(shard, start), self._before(shard, stop))

    def shards_of(self, rank: int, n_workers: int) -> range:
        """Return the shards of one of the workers, whose number is a power of two."""
        n_each = self.n_shards // n_workers
        return range(rank * n_each, (rank + 1) * n_each)

    def _before(self, shard: int, sample: int) -> int:
        """Return how many samples of an epoch before this one belong to the shard."""
        return (sample - shard + self.n_shards - 1) // self.n_shards


def draw_seeds(random_state: np.random.RandomState, n_shards: int) -> NDArray[np.uint32]:
    """Return the seed of each shard's order in one epoch."""
    return random_state.randint(2**32, size=n_shards, dtype=np.uint32)


def order_of_shard(n_samples: int, seed: int | None) -> NDArray[np.int64]:
    """Return the order of a shard's samples in an epoch; as they lie without a seed."""
    order = np.arange(n_samples, dtype=np.int64)
    if seed is not None:
        np.random.RandomState(seed).shuffle(order)
    return order
