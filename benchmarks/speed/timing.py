"""Timing in alternation: each entry in turn, round after round, so that all see one machine.

A machine's speed drifts from second to second, so ratios are taken round by round, between times
that lie close together, and their median counts.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from statistics import median
from time import perf_counter
from typing import Any, NamedTuple

from benchmarks.speed.peers.peer import Training

LEAST_SECONDS = 0.05
NOT_IN_QUESTION = 1.25


class Run(NamedTuple):
    """What one turn came to: its seconds, a loss or score, the seconds of compiling before it."""

    seconds: float
    figure: float = float("nan")
    compile_seconds: float = 0.0


@dataclass(frozen=True)
class Entry:
    """Something that takes its turn in every round.

    Attributes
    ----------
    peer : str
        Of a peer's entries, its ways, only the best counts.
    way : str
    run : callable
        One turn.
    trial : callable
        The like, but shorter; entries whose trial lags behind their peer's best drop out.
    """

    peer: str
    way: str
    run: Callable[[], Run]
    trial: Callable[[], Run]


@dataclass
class Timing:
    """One peer in one of its ways: its seconds in the trial and each round, and what came out."""

    peer: str
    way: str
    seconds: list[float] = field(default_factory=list)
    figure: float = float("nan")
    compile_seconds: float = 0.0
    trial: float = float("nan")

    @property
    def so_far(self) -> float:
        """What is known of its time: the rounds' median, the trial before the first."""
        return median(self.seconds) if self.seconds else self.trial

    @property
    def median_seconds(self) -> float:
        """The median round's time."""
        return median(self.seconds)


@dataclass(frozen=True)
class Patience:
    """How many rounds: at least so many, then more until so many seconds have gone."""

    least_rounds: int = 3
    seconds: float = 15.0
    most_rounds: int = 9

    def allows(self, rounds: int, since: float) -> bool:
        """Whether another round may begin."""
        if rounds < self.least_rounds:
            return True
        return rounds < self.most_rounds and perf_counter() - since < self.seconds


def measure(
    entries: Sequence[Entry], patience: Patience, progress: Callable[[str], None]
) -> list[Timing]:
    """The best way of every peer, all of them timed in the same rounds.

    Parameters
    ----------
    entries : sequence of Entry
    patience : Patience
    progress : callable
        Told what comes next.
    """
    timings = []
    for entry in entries:
        progress(f"{entry.peer}, {entry.way}: trial")
        timings.append(Timing(entry.peer, entry.way, trial=entry.trial().seconds))
    turns = list(zip(entries, timings, strict=True))
    rounds, since = 0, perf_counter()
    while patience.allows(rounds, since):
        rounds += 1
        turns = [(entry, timing) for entry, timing in turns if _is_in_question(timing, turns)]
        for entry, timing in turns:
            progress(f"{entry.peer}, {entry.way}: round {rounds}")
            seconds, timing.figure, timing.compile_seconds = entry.run()
            timing.seconds.append(seconds)
    return best_ways([timing for _, timing in turns])


def _is_in_question(timing: Timing, turns: Sequence[tuple[Entry, Timing]]) -> bool:
    """Whether a way comes near its peer's best so far: others would only cost time."""
    best = min(other.so_far for _, other in turns if other.peer == timing.peer)
    return timing.so_far <= NOT_IN_QUESTION * best


def best_ways(timings: Sequence[Timing]) -> list[Timing]:
    """Of each peer the timing with the smallest median, in the order in which peers come first."""
    best: dict[str, Timing] = {}
    for timing in timings:
        so_far = best.get(timing.peer)
        if so_far is None or timing.median_seconds < so_far.median_seconds:
            best[timing.peer] = timing
    return list(best.values())


def ratio(slower: Timing, faster: Timing) -> float:
    """How many times one's time the other's is: the median over the rounds."""
    pairs = zip(slower.seconds, faster.seconds, strict=True)
    return median(slow / fast for slow, fast in pairs)


def timed(
    prepare: Callable[[], Training], surroundings: Callable[[], AbstractContextManager[Any]]
) -> Run:
    """The mean time of a training, repeated while that takes less than LEAST_SECONDS in all."""
    spent, repetitions, figure = 0.0, 0, float("nan")
    with surroundings(), _no_garbage_collected():
        training = prepare()
        while spent < LEAST_SECONDS:
            if repetitions and not training.is_repeatable:
                training = prepare()
            start = perf_counter()
            figure = training.run()
            spent += perf_counter() - start
            repetitions += 1
    return Run(spent / repetitions, figure, training.compile_seconds)


@contextmanager
def _no_garbage_collected() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
