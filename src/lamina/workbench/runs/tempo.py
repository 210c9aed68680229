"""Speed of a fit, and the record of a fast-forward."""

from __future__ import annotations

from time import perf_counter
from typing import NamedTuple


class Speed:
    """Rate at which a count grows, over about the last second."""

    span = 0.5

    def __init__(self) -> None:
        self.marks = [(perf_counter(), 0)]

    def now(self, count: int) -> float:
        """Return the rate; must be called more than once a second."""
        at = perf_counter()
        if at - self.marks[-1][0] >= self.span:
            self.marks = [*self.marks[-1:], (at, count)]
        since, before = self.marks[0]
        return (count - before) / (at - since) if at > since else 0.0


class FastForward(NamedTuple):
    """Fast-forward: epochs that run without frames and without pacing.

    Attributes
    ----------
    epoch : int
        Last epoch of the fast-forward.
    end : float
        Time limit, by `perf_counter`.
    holds : bool
        True to hold after it.
    """

    epoch: int
    end: float
    holds: bool
