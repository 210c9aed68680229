"""Time the training of every peer, and compare it with the physical limit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from benchmarks.speed.cases import Case, Work
from benchmarks.speed.limit import bfloat16_limit, limit_entries
from benchmarks.speed.operations import operations_of_training
from benchmarks.speed.peers import Peer, Way
from benchmarks.speed.peers.lamina import BFLOAT16
from benchmarks.speed.result import Result
from benchmarks.speed.timing import Entry, Patience, Run, measure, timed

TRIAL_PART = 10


def measure_training(
    case: Case, peers: Sequence[Peer], patience: Patience, progress: Callable[[str], None]
) -> Iterator[Result]:
    """Time the case in each precision."""
    for dtype in case.dtypes:
        progress(f"{dtype}: loading")
        work = Work.from_case(case, dtype)
        timings = measure(
            _entries(work, peers), patience, lambda what, d=dtype: progress(f"{d}: {what}")
        )
        per = "iteration" if case.solver == "lbfgs" else "step"
        yield Result(case.name, dtype, in_words(work), per, work.n_steps, timings)


def in_words(work: Work) -> str:
    """Return the network, samples, batch size and epochs in words."""
    case, network = work.case, "→".join(map(str, work.widths))
    if case.solver == "lbfgs":
        return f"{network}, {work.X.shape[0]:,} rows at once, {case.epochs} iterations of L-BFGS"
    early = ", early stopping" if case.early_stopping else ""
    epochs = f"{case.epochs} epoch{'s' if case.epochs > 1 else ''}"
    return f"{network}, batch {case.batch_size}, {epochs} of {work.X.shape[0]:,} rows{early}"


def _entries(work: Work, peers: Sequence[Peer]) -> list[Entry]:
    short = work.shortened(TRIAL_PART)

    def turn(peer: Peer, way: Way, work: Work) -> Run:
        return timed(lambda: peer.prepare(work, way), way.surroundings)

    def trial(peer: Peer, way: Way) -> Run:
        return min(turn(peer, way, short) for _ in range(2))

    entries = [
        Entry(peer.name, way.name, partial(turn, peer, way, work), partial(trial, peer, way))
        for peer in peers
        if peer.takes(work)
        for way in peer.ways()
    ]
    if work.case.solver != "adam":
        return entries
    operations = operations_of_training(work)
    if any(entry.peer == BFLOAT16 for entry in entries):
        entries += bfloat16_limit(operations)
    return entries + limit_entries(operations, work.dtype)
