"""Group of workers that add their gradients and share the updated parameters.

    sum_to_slices   recursive halving: after round k each worker holds the sums of 2^k subtrees for
                    a 2^-k part of the vector, which it got from the worker whose rank differs in
                    bit k. The lower rank is the left subtree, so the tree is that of summing.py.
    share_slices    the same rounds backwards, in which workers exchange their finished parts.

Each worker sends 2 (1 - 1/P) times the vector in a step, and 2 log₂ P messages one after another.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from lamina.formulas.table import Array


class ConnectionBroken(Exception):
    """The connection to another worker broke, or was silent for longer than the time-out."""


class Group(Protocol):
    """Workers of one fit, as one of them sees them.

    Attributes
    ----------
    rank : int
    size : int
        Number of workers, a power of two.
    """

    rank: int
    size: int

    def exchange(self, partner: int, sent: list[Array], received: list[Array]) -> None:
        """Send arrays to a partner and receive as many of the same shapes from it."""
        ...

    def leave(self) -> None:
        """Close the connections to the others."""
        ...


class Alone(Group):
    """Group of one worker."""

    rank, size = 0, 1

    def exchange(self, partner: int, sent: list[Array], received: list[Array]) -> None:
        raise AssertionError("a group of one worker exchanges nothing")

    def leave(self) -> None:
        pass


def partners(group: Group) -> list[int]:
    """Return the partner of each round of halving."""
    return [group.rank ^ (1 << level) for level in range(group.size.bit_length() - 1)]


def halvings(group: Group, length: int) -> list[tuple[slice, slice]]:
    """Return the part of a vector that this worker keeps in each round, and the one it sends.

    Examples
    --------
    >>> halvings(Alone(), 8)
    []
    """
    start, stop, rounds = 0, length, []
    for partner in partners(group):
        middle = (start + stop) // 2
        lower, upper = slice(start, middle), slice(middle, stop)
        kept, sent = (lower, upper) if group.rank < partner else (upper, lower)
        rounds.append((kept, sent))
        start, stop = kept.start, kept.stop
    return rounds


def slice_of(group: Group, length: int) -> slice:
    """Return the part of a vector of which this worker has the sum, and which it updates."""
    rounds = halvings(group, length)
    return rounds[-1][0] if rounds else slice(0, length)


def sum_to_slices(group: Group, vector: Array, numbers: NDArray[np.float64]) -> None:
    """Add the vectors of all workers: each gets the sum in its slice, and all the sum of numbers.

    The length of the vector is a multiple of the number of workers. Other parts of it change too.
    """
    received = np.empty(len(vector) // 2, vector.dtype)
    others = np.empty_like(numbers)
    for partner, (kept, sent) in zip(partners(group), halvings(group, len(vector)), strict=True):
        theirs = received[: kept.stop - kept.start]
        group.exchange(partner, [vector[sent], numbers], [theirs, others])
        vector[kept] += theirs
        numbers += others


def sum_over_slices(group: Group, numbers: NDArray[np.float64]) -> None:
    """Add numbers that belong to the slices of all workers, in the order of the slices."""
    others = np.empty_like(numbers)
    for partner in reversed(partners(group)):
        group.exchange(partner, [numbers], [others])
        numbers += others


def share_slices(group: Group, vector: Array) -> None:
    """Complete a vector of which each worker has its slice."""
    rounds = zip(partners(group), halvings(group, len(vector)), strict=True)
    for partner, (kept, sent) in reversed(list(rounds)):
        group.exchange(partner, [vector[kept]], [vector[sent]])
