"""A case in one precision, timed for every peer in the same rounds."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Self

from benchmarks.speed.timing import Timing, ratio


@dataclass(frozen=True)
class Result:
    """The best timing of every peer.

    Attributes
    ----------
    case : str
    dtype : str
    work : str
        The work of each peer, in words.
    per : str
        The unit of work: 'step', 'iteration', 'call'.
    units : int
        The number of units in a timing.
    timings : list of Timing
    """

    case: str
    dtype: str
    work: str
    per: str
    units: int
    timings: list[Timing]

    def timing(self, peer: str) -> Timing | None:
        """Return the peer's timing, or None if it was not timed."""
        return next((timing for timing in self.timings if timing.peer == peer), None)

    def ratio(self, slower: str, faster: str) -> float | None:
        """Return one peer's time divided by the other's, or None if one was not timed."""
        timings = self.timing(slower), self.timing(faster)
        return None if timings[0] is None or timings[1] is None else ratio(*timings)

    def seconds(self, peer: str) -> float | None:
        """Return the median seconds of one unit, or None if the peer was not timed."""
        timing = self.timing(peer)
        return None if timing is None else timing.median_seconds / self.units

    def plain(self) -> dict[str, Any]:
        """Return the result as plain values."""
        return asdict(self)

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> Self:
        """Return the result from plain values."""
        return cls(**plain | {"timings": [Timing(**timing) for timing in plain["timings"]]})
