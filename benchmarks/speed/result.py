"""One line of the tables: a case in one precision, timed for every peer in the same rounds."""

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
        What each peer did, in words.
    per : str
        What `units` counts: 'step', 'iteration', 'call'.
    units : int
        How many of them a timing covers.
    timings : list of Timing
    """

    case: str
    dtype: str
    work: str
    per: str
    units: int
    timings: list[Timing]

    def timing(self, peer: str) -> Timing | None:
        """The peer's timing; None where it didn't take part."""
        return next((timing for timing in self.timings if timing.peer == peer), None)

    def ratio(self, slower: str, faster: str) -> float | None:
        """How many times one peer's time the other's is; None where one didn't take part."""
        timings = self.timing(slower), self.timing(faster)
        return None if timings[0] is None or timings[1] is None else ratio(*timings)

    def seconds(self, peer: str) -> float | None:
        """The median seconds of one unit; None where the peer didn't take part."""
        timing = self.timing(peer)
        return None if timing is None else timing.median_seconds / self.units

    def plain(self) -> dict[str, Any]:
        """The result as JSON takes it."""
        return asdict(self)

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> Self:
        """The result that `plain` was made of."""
        return cls(**plain | {"timings": [Timing(**timing) for timing in plain["timings"]]})
