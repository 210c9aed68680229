"""How fast a fit goes: a count's speed, and epochs that pass unseen."""

from __future__ import annotations

from time import perf_counter
from typing import NamedTuple


class Speed:
    """How fast a count grows, over the last second or so."""

    span = 0.5

    def __init__(self) -> None:
        self.marks = [(perf_counter(), 0)]

    def now(self, count: int) -> float:
        """The speed, for whoever asks more than once a second."""
        at = perf_counter()
        if at - self.marks[-1][0] >= self.span:
            self.marks = [*self.marks[-1:], (at, count)]
        since, before = self.marks[0]
        return (count - before) / (at - since) if at > since else 0.0


class Hurry(NamedTuple):
    """Epochs that pass unseen, as fast as they can.

    Attributes
    ----------
    epoch : int
        The last of them.
    end : float
        When it ends in any case, by `perf_counter`.
    holds : bool
        Whether none may pass after it.
    """

    epoch: int
    end: float
    holds: bool
