"""The tables of a record on the terminal, with the goals; `page` has those for readers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.box import SIMPLE_HEAD
from rich.table import Table

from benchmarks.machine import QUIET
from benchmarks.markdown import ABSENT
from benchmarks.speed import goals
from benchmarks.speed.goals import MARKS, Pair, standing, standings
from benchmarks.speed.limit import LIMIT_ONE
from benchmarks.speed.memory import MIB, Footprint
from benchmarks.speed.peers.lamina import BFLOAT16, ONE_THREAD
from benchmarks.speed.record import Record
from benchmarks.speed.result import Result

PEERS = {"scikit-learn": goals.SCIKIT_LEARN, "PyTorch": goals.PYTORCH, "JAX": goals.JAX}
LIMITS: dict[str, Pair] = {
    "of the limit, one thread": goals.OF_ONE_THREAD,
    "of the limit, all threads": goals.OF_ALL_THREADS,
    "all threads against one": goals.ALL_AGAINST_ONE,
    "default threads against one": goals.CHOICE_AGAINST_ONE,
}
NOTHING = ABSENT


@dataclass(frozen=True)
class Grid:
    """A table of texts: its caption, the titles of its columns, and its rows."""

    caption: str
    titles: Sequence[str]
    rows: Sequence[Sequence[str]]

    def for_terminal(self) -> Table:
        """Return the grid as a table of rich."""
        table = Table(*self.titles, box=SIMPLE_HEAD, title=self.caption, title_justify="left")
        for cells in self.rows:
            table.add_row(*cells)
        return table


def grids(record: Record) -> list[Grid]:
    """Return the tables that the record has figures for: the claims, then the evidence."""
    return [grid for grid in (*claims(record), *evidence(record)) if grid.rows]


def claims(record: Record) -> list[Grid]:
    """Return the tables of times, of the machine's limit, and of memory."""
    beside_peers = [result for result in record.results if result.timing("scikit-learn")]
    beside_limit = [result for result in record.results if result.timing(ONE_THREAD)]
    limit = (
        f"Beside the machine's limit; the choice of threads is judged to {100 * goals.NOISE:.0f} %"
    )
    cost = "Resident memory that a fit adds at its peak, MiB"
    return [
        Grid("Time, and its ratio to lamina's", _speed_titles(), [*map(_speed, beside_peers)]),
        Grid(limit, _limit_titles(), [*map(_limit, beside_limit)]),
        Grid(cost, _MEMORY_TITLES, [*map(_memory, record.footprints)]),
        Grid("bfloat16", ["figure", "float32", "bfloat16", "against the goal"], _bfloat16(record)),
    ]


def evidence(record: Record) -> list[Grid]:
    """Return the tables that show the same work and results, and each configuration."""
    results = [result for result in record.results if result.timing("scikit-learn")]
    peers = ["lamina", *PEERS]
    loss = "The last epoch's loss; the mean of the predictions; the search's best score"
    return [
        Grid(loss, ["case", "dtype", *peers], [*map(_figures, results)]),
        Grid("What was done", ["case", "work"], list(dict.fromkeys(map(_work, results)))),
        Grid(
            "Each peer's best way",
            ["case", "dtype", *peers, "JAX compiles"],
            [*map(_ways, results)],
        ),
    ]


def summary(record: Record) -> str:
    """Return how many goals are met, on what machine."""
    met = [bool(one.is_met) for result in record.results for one in standings(result)]
    met += [one.is_met for one in (*record.footprints, *record.accuracies)]
    machine = record.machine
    return (
        f"{sum(met)} of {len(met)} goals met. Medians of rounds in alternation, "
        f"each peer at its best, on {machine['processor']} with {machine['cores']} cores and "
        f"{machine['instruction_set']}; {versions_text(record)}; {record.date}.{_traffic(record)}"
    )


def versions_text(record: Record) -> str:
    """Return the libraries' names and versions, separated by commas."""
    return ", ".join(f"{name} {version}" for name, version in record.machine["versions"].items())


def _traffic(record: Record) -> str:
    """Return a warning if other processes used the machine."""
    fraction = record.others_fraction
    if fraction is None or fraction <= QUIET:
        return ""
    return (
        f" The machine was not quiet: other processes took {100 * fraction:.0f} % of it, so these "
        "are no true figures."
    )


def _speed_titles() -> list[str]:
    return [
        "case",
        "dtype",
        "for a",
        "lamina",
        *(t for peer in PEERS for t in (peer, "ratio, goal")),
    ]


def _speed(result: Result) -> list[str]:
    cells = [result.case, result.dtype, result.per, time_of(result, "lamina")]
    for peer, pair in PEERS.items():
        cells += [time_of(result, peer), _said(result, pair)]
    return cells


def time_of(result: Result, peer: str) -> str:
    """Return the median time of one unit of work, with its unit; a dash where it was not timed."""
    seconds = result.seconds(peer)
    if seconds is None:
        return NOTHING
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{_three_digits(seconds / size)} {unit}"
    return f"{_three_digits(seconds / 1e-6)} µs"


def _three_digits(number: float) -> str:
    return f"{number:.3g}" if number < 999.5 else f"{number:.0f}"


def _said(result: Result, pair: Pair) -> str:
    found = standing(result, pair)
    return NOTHING if found is None else str(found)


def _limit_titles() -> list[str]:
    return ["case", "dtype", "peak of a thread", *LIMITS]


def _limit(result: Result) -> list[str]:
    peak = result.timing(LIMIT_ONE)
    rate = NOTHING if peak is None else f"{peak.figure / 1e9:.0f} GFLOP/s"
    return [result.case, result.dtype, rate, *(_said(result, pair) for pair in LIMITS.values())]


_MEMORY_TITLES = ("case", "dtype", "data", "parameters", "lamina", "allowed", "scikit-learn")


def _memory(footprint: Footprint) -> list[str]:
    growth = footprint.growth
    return [
        footprint.case,
        footprint.dtype,
        *(f"{size / MIB:.1f}" for size in (footprint.data, footprint.parameters)),
        f"{growth['lamina'] / MIB:.1f}",
        f"{MARKS[footprint.is_met]} {footprint.allowed / MIB:.1f}",
        f"{growth['scikit-learn'] / MIB:.1f}",
    ]


def _bfloat16(record: Record) -> list[list[str]]:
    timed = [result for result in record.results if result.timing(BFLOAT16)]
    pairs = {
        "beside float32": goals.BFLOAT16_AGAINST_FLOAT32,
        "beside PyTorch's float32": goals.BFLOAT16_AGAINST_PYTORCH,
        "of the limit in bfloat16": goals.BFLOAT16_OF_LIMIT,
    }
    rows = [
        [
            f"{one.case}, a {one.per}, {words}",
            time_of(one, "lamina"),
            time_of(one, BFLOAT16),
            _said(one, pair),
        ]
        for one in timed
        for words, pair in pairs.items()
    ]
    rows += [
        ["held-out accuracy, MNIST", f"{a.float32:.4f}", f"{a.bfloat16:.4f}", MARKS[a.is_met]]
        for a in record.accuracies
    ]
    return rows


def _figures(result: Result) -> list[str]:
    timings = map(result.timing, ("lamina", *PEERS))
    return [result.case, result.dtype, *(f"{t.figure:.6g}" if t else NOTHING for t in timings)]


def _work(result: Result) -> tuple[str, str]:
    return result.case, result.work


def _ways(result: Result) -> list[str]:
    timings = map(result.timing, ("lamina", *PEERS))
    jax = result.timing("JAX")
    compiling = f"{jax.compile_seconds:.1f} s" if jax else NOTHING
    return [result.case, result.dtype, *(t.way if t else NOTHING for t in timings), compiling]
