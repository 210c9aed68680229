"""`python -m benchmarks.workbench`: epochs and frames a second, and what it costs to be watched.

The page is a process of its own that takes every frame and asks for the next one, as a browser
does, at most sixty times a second; it draws nothing.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import Annotated, Any, NamedTuple

import typer
from rich.console import Console
from rich.table import Table

from lamina.workbench.experiment import Experiment, first_experiment
from lamina.workbench.inputs import INPUTS
from lamina.workbench.server import Server
from lamina.workbench.sessions import Session

PAGE = "benchmarks.workbench.page"
# TensorFlow Playground has 250 rows to learn from, and batches of ten.
ROWS = {"data": {"name": "spiral", "n_samples": 500}, "test_share": 0.5}
CASES: dict[str, dict[str, Any]] = {
    "(4, 2), x and y": {"inputs": ["x", "y"], "model": {"hidden_layer_sizes": [4, 2]}},
    "6 layers of 8, all seven inputs": {
        "inputs": list(INPUTS),
        "model": {"hidden_layer_sizes": [8] * 6},
    },
}
TURNS = 8
TRAINING = {"max_iter": 100_000, "n_iter_no_change": 100_000, "batch_size": 10}


class Measured(NamedTuple):
    """What one case came to, a second."""

    alone: float
    watched: float
    frames: float


def experiment_of(case: dict[str, Any]) -> Experiment:
    """The experiment of a case."""
    return first_experiment().merged(ROWS).merged(case).merged({"model": TRAINING})


class OtherProcess:
    """The page, which watches and rests as it is told."""

    def __init__(self, url: str) -> None:
        pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.process = subprocess.Popen([sys.executable, "-m", PAGE, url], **pipes)
        self.heard()

    def heard(self) -> str:
        """A line that it says."""
        assert self.process.stdout is not None
        return str(self.process.stdout.readline())

    def told(self, word: str) -> int:
        """Tell it to watch or to rest; how many frames it has taken."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{word}\n")
        self.process.stdin.flush()
        return int(json.loads(self.heard())["frames"])

    def end(self) -> None:
        """End it."""
        with self.process:
            self.process.terminate()


def measure(case: dict[str, Any], seconds: float) -> Measured:
    """Let a run go at its own pace, by turns unwatched and watched; the best of each counts.

    Whatever else the machine does takes from both, and seldom from all turns.
    """
    with Server(first=lambda: experiment_of(case)) as server:
        page = OtherProcess(server.url)
        try:
            [session] = server.workbench.sessions.values()
            session.do({"do": "pace", "epochs_per_second": None})
            alone, watched = [], []
            for _ in range(TURNS):
                session.do({"do": "reset"})
                session.do({"do": "play"})
                page.told("rest")
                alone.append(_epochs_a_second(session, seconds))
                before = page.told("watch")
                rate = _epochs_a_second(session, seconds)
                watched.append((rate, (page.told("rest") - before) / seconds))
        finally:
            page.end()
    return Measured(max(alone), *max(watched))


def _epochs_a_second(session: Session, seconds: float) -> float:
    began, before = time.perf_counter(), session.run.gate.epoch
    time.sleep(seconds)
    return (session.run.gate.epoch - before) / (time.perf_counter() - began)


def main(
    seconds: Annotated[float, typer.Option(help="How long each turn takes.")] = 1.0,
) -> None:
    """Print a table of Playground's cases."""
    table = Table("case", "epochs a second, watched", "unwatched", "cost", "frames a second")
    for name, case in CASES.items():
        of = measure(case, seconds)
        cost = 1 - of.watched / of.alone
        table.add_row(
            name, f"{of.watched:,.0f}", f"{of.alone:,.0f}", f"{cost:.0%}", f"{of.frames:.0f}"
        )
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
