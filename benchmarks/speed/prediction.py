"""Time predictions for one sample and for a million, NumPy in and NumPy out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from benchmarks.speed import rows
from benchmarks.speed.cases import Case, Work
from benchmarks.speed.limit import limit_entries
from benchmarks.speed.operations import operations_of_prediction
from benchmarks.speed.peers import Peer, Way
from benchmarks.speed.result import Result
from benchmarks.speed.timing import Entry, Patience, Run, measure, timed
from lamina.formulas.table import RecordTable

N_FEATURES = 50

PREDICTIONS = RecordTable(
    "prediction",
    Case("predict-one", "regression", (100,), 200, 1, partial(rows.plain, 1, N_FEATURES)),
    Case("predict-many", "regression", (100,), 200, 1, partial(rows.plain, 1_000_000, N_FEATURES)),
)


def measure_prediction(
    case: Case, peers: Sequence[Peer], patience: Patience, progress: Callable[[str], None]
) -> Iterator[Result]:
    """Time the case in each precision."""
    for dtype in case.dtypes:
        progress(f"{dtype}: loading")
        work = Work.from_case(case, dtype)
        entries = _entries(work, peers)
        timings = measure(entries, patience, lambda what, d=dtype: progress(f"{d}: {what}"))
        n_samples = work.X.shape[0]
        words = (
            f"{'→'.join(map(str, work.widths))}, {n_samples:,} row{'s' if n_samples > 1 else ''}"
        )
        yield Result(case.name, dtype, words, "call", 1, timings)


def _entries(work: Work, peers: Sequence[Peer]) -> list[Entry]:
    def turn(peer: Peer, way: Way) -> Run:
        return timed(lambda: peer.prepare_prediction(work, way), way.surroundings)

    turns = [(p, w, partial(turn, p, w)) for p in peers if p.takes(work) for w in p.ways()]
    entries = [Entry(peer.name, way.name, run, run) for peer, way, run in turns]
    # One sample is over before a second thread starts, and its cost is that of the call.
    is_one = work.X.shape[0] == 1
    return entries + ([] if is_one else limit_entries(operations_of_prediction(work), work.dtype))
