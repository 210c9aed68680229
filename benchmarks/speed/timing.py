"""Alternating timing: each round runs every entry once.

A machine's speed varies from second to second, so ratios are computed within a round, and their
median counts. Each run begins after a pause: for some 25 ms after a product, the threads of
OpenBLAS wait in a loop, and the next library would share its cores with them.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from statistics import median
from time import perf_counter, sleep
from typing import Any, NamedTuple

from benchmarks.speed.peers.peer import Training

LEAST_SECONDS = 0.05
PAUSE_SECONDS = 0.1
NOT_IN_QUESTION = 1.25


class Run(NamedTuple):
    """One run: its seconds, a loss or score, and the seconds of compilation before it."""

    seconds: float
    figure: float = float("nan")
    compile_seconds: float = 0.0


@dataclass(frozen=True)
class Entry:
    """One configuration of a peer, which runs in every round.

    Attributes
    ----------
    peer : str
        Only the fastest entry of a peer counts.
    way : str
    run : callable
        Runs the work.
    trial : callable
        Runs a part of the work; entries whose trial is much slower than their peer's best drop out.
    """

    peer: str
    way: str
    run: Callable[[], Run]
    trial: Callable[[], Run]


@dataclass
class Timing:
    """One peer in one configuration: the seconds of the trial and of each round, and its result."""

    peer: str
    way: str
    seconds: list[float] = field(default_factory=list)
    figure: float = float("nan")
    compile_seconds: float = 0.0
    trial: float = float("nan")

    @property
    def so_far(self) -> float:
        """The median of the rounds, or the trial's time before the first round."""
        return median(self.seconds) if self.seconds else self.trial

    @property
    def median_seconds(self) -> float:
        """The median of the rounds."""
        return median(self.seconds)


@dataclass(frozen=True)
class Patience:
    """The number of rounds: a minimum, then more until a number of seconds has passed."""

    least_rounds: int = 3
    seconds: float = 15.0
    most_rounds: int = 9

    def allows(self, rounds: int, since: float) -> bool:
        """Return True if another round may begin."""
        if rounds < self.least_rounds:
            return True
        return rounds < self.most_rounds and perf_counter() - since < self.seconds


def measure(
    entries: Sequence[Entry], patience: Patience, progress: Callable[[str], None]
) -> list[Timing]:
    """Return the fastest configuration of every peer, all timed in the same rounds.

    Parameters
    ----------
    entries : sequence of Entry
    patience : Patience
    progress : callable
        Receives the name of the next run.
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
    """Return True if a configuration is close to its peer's fastest so far."""
    best = min(other.so_far for _, other in turns if other.peer == timing.peer)
    return timing.so_far <= NOT_IN_QUESTION * best


def best_ways(timings: Sequence[Timing]) -> list[Timing]:
    """Return each peer's timing with the smallest median, in the order of the peers."""
    best: dict[str, Timing] = {}
    for timing in timings:
        so_far = best.get(timing.peer)
        if so_far is None or timing.median_seconds < so_far.median_seconds:
            best[timing.peer] = timing
    return list(best.values())


def ratio(slower: Timing, faster: Timing) -> float:
    """Return one timing divided by the other: the median over the rounds."""
    pairs = zip(slower.seconds, faster.seconds, strict=True)
    return median(slow / fast for slow, fast in pairs)


def timed(
    prepare: Callable[[], Training], surroundings: Callable[[], AbstractContextManager[Any]]
) -> Run:
    """Return the mean time of a training after a pause, repeated for LEAST_SECONDS."""
    spent, repetitions, figure = 0.0, 0, float("nan")
    with surroundings(), _no_garbage_collected():
        training = prepare()
        sleep(PAUSE_SECONDS)
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
