"""The tables of a run: on the terminal, as Markdown for the README, as a record in results/."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.table import Table

from benchmarks.machine import describe_machine
from benchmarks.speed.cases import Work
from benchmarks.speed.timing import Timing

RESULTS = Path(__file__).parents[1] / "results"


@dataclass(frozen=True)
class Result:
    """One case in one precision: the best timing of every peer, lamina's first."""

    case: str
    network: str
    rows: int
    batch_size: int
    epochs: int
    dtype: str
    timings: list[Timing]

    @classmethod
    def of(cls, work: Work, timings: list[Timing]) -> Result:
        """The result of measuring that work."""
        network, case = "→".join(map(str, work.widths)), work.case
        return cls(
            case.name, network, len(work.X), case.batch_size, case.epochs, work.dtype, timings
        )

    def ratio(self, timing: Timing) -> float:
        """How many times lamina's time that timing is."""
        return timing.microseconds_per_step / self.timings[0].microseconds_per_step


@dataclass(frozen=True)
class Grid:
    """A table as texts: what it shows, the titles of its columns, and its rows."""

    caption: str
    titles: list[str]
    rows: list[list[str]]

    def for_terminal(self) -> Table:
        """The grid for rich to print."""
        table = Table(*self.titles, box=SIMPLE_HEAD, title=self.caption, title_justify="left")
        for cells in self.rows:
            table.add_row(*cells)
        return table

    def as_markdown(self) -> str:
        """The grid for the README."""
        lines = [self.titles, ["---"] * len(self.titles), *self.rows]
        return "\n".join([self.caption, "", *(f"| {' | '.join(cells)} |" for cells in lines), ""])


def grids(results: list[Result]) -> list[Grid]:
    """What was trained, how long its steps took, and the losses that show the same work done."""
    peers = [timing.peer for timing in results[0].timings]
    speed_titles = ["case", "dtype", peers[0]]
    speed_titles += [title for peer in peers[1:] for title in (peer, "ratio")]
    networks = {result.case: _network(result) for result in results}
    return [
        Grid("Trained", ["case", "network", "rows", "batch", "epochs"], list(networks.values())),
        Grid("Microseconds a step", speed_titles, list(map(_speed, results))),
        Grid("Loss of the last epoch", ["case", "dtype", *peers], list(map(_losses, results))),
    ]


def _network(result: Result) -> list[str]:
    numbers = (result.rows, result.batch_size, result.epochs)
    return [result.case, result.network, *map(str, numbers)]


def _speed(result: Result) -> list[str]:
    first, *others = result.timings
    cells = [result.case, result.dtype, _rounded(first)]
    for timing in others:
        cells += [_rounded(timing), f"{result.ratio(timing):.1f}×"]
    return cells


def _rounded(timing: Timing) -> str:
    microseconds = timing.microseconds_per_step
    return f"{microseconds:.3g}" if microseconds < 1000 else f"{microseconds:,.0f}"


def _losses(result: Result) -> list[str]:
    return [result.case, result.dtype, *(f"{timing.loss:.8g}" for timing in result.timings)]


def record(results: list[Result], rounds: int) -> Path:
    """Write the results, with the machine's description, to benchmarks/results."""
    machine = describe_machine()
    name = re.sub(r"[^a-z0-9]+", "-", machine["processor"].lower()).strip("-")
    path = RESULTS / f"{datetime.now(UTC):%Y-%m-%d}-{name}.json"
    plain = {"machine": machine, "rounds": rounds, "results": list(map(asdict, results))}
    RESULTS.mkdir(exist_ok=True)
    path.write_text(json.dumps(plain, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return path
