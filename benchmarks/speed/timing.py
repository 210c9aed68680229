"""Timing in alternation: each peer in turn, round after round, so that all see one machine."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median

from benchmarks.speed.cases import Work
from benchmarks.speed.peers import Peer, Way


@dataclass
class Timing:
    """One peer in one of its ways: seconds of each round and of the trial, and the last loss."""

    peer: str
    way: str
    n_steps: int
    seconds: list[float] = field(default_factory=list)
    trial: float = float("nan")
    loss: float = float("nan")

    @property
    def microseconds_per_step(self) -> float:
        """The median round's time, over its steps."""
        return median(self.seconds) / self.n_steps * 1e6


def measure(
    work: Work, peers: Sequence[Peer], rounds: int, progress: Callable[[str], None]
) -> list[Timing]:
    """The best way of every peer, over `rounds` rounds after a short trial.

    Parameters
    ----------
    work : Work
    peers : sequence of Peer
    rounds : int
    progress : callable
        Told what comes next, `n_turns` times in all.
    """
    entries = [(peer, way) for peer in peers for way in peer.ways()]
    timings = [Timing(peer.name, way.name, work.n_steps) for peer, way in entries]
    for (peer, way), timing in zip(entries, timings, strict=True):
        progress(f"{peer.name}, {way.name}")
        timing.trial, _ = _time(peer, way, work.shortened(10))
    in_question = [_may_be_best(timing, timings) for timing in timings]
    for _ in range(rounds):
        for (peer, way), timing, runs in zip(entries, timings, in_question, strict=True):
            progress(f"{peer.name}, {way.name}")
            if runs:
                seconds, timing.loss = _time(peer, way, work)
                timing.seconds.append(seconds)
    timed = [timing for timing in timings if timing.seconds]
    return [_best(timing for timing in timed if timing.peer == peer.name) for peer in peers]


def _may_be_best(timing: Timing, timings: list[Timing]) -> bool:
    """Whether a way's trial came near its peer's best: others would only cost time."""
    return timing.trial <= 1.5 * min(t.trial for t in timings if t.peer == timing.peer)


def _best(timings: Iterable[Timing]) -> Timing:
    return min(timings, key=lambda timing: timing.microseconds_per_step)


def n_turns(peers: Sequence[Peer], rounds: int) -> int:
    """How often `measure` calls `progress`."""
    return (rounds + 1) * sum(len(peer.ways()) for peer in peers)


def _time(peer: Peer, way: Way, work: Work) -> tuple[float, float]:
    with way.surroundings():
        train = peer.prepare(work, way)
        gc.collect()
        gc.disable()
        try:
            start = time.perf_counter()
            loss = train()
            return time.perf_counter() - start, loss
        finally:
            gc.enable()
