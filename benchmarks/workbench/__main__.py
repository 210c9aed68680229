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
TRAINING = {"max_iter": 100_000, "n_iter_no_change": 100_000, "batch_size": 10}


class Measured(NamedTuple):
    """What one case came to, a second."""

    alone: float
    watched: float
    frames: float


def experiment_of(case: dict[str, Any]) -> Experiment:
    """The experiment of a case."""
    return first_experiment().merged(ROWS).merged(case).merged({"model": TRAINING})


def measure(case: dict[str, Any], seconds: float) -> Measured:
    """Let a run go at its own pace, first unwatched and then watched."""
    with Server(first=lambda: experiment_of(case)) as server:
        page = subprocess.Popen(
            [sys.executable, "-m", PAGE, server.url], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert page.stdin is not None
        assert page.stdout is not None
        try:
            page.stdout.readline()
            [session] = server.workbench.sessions.values()
            session.do({"do": "pace", "epochs_per_second": None})
            session.do({"do": "play"})
            rates: dict[bool, list[float]] = {False: [], True: []}
            frames = 0
            for watched in (False, True) * 3:
                page.stdin.write(b"watch\n" if watched else b"rest\n")
                page.stdin.flush()
                told = page.stdout.readline()
                before = json.loads(told)["frames"]
                rates[watched].append(_epochs_a_second(session, seconds))
                page.stdin.write(b"rest\n")
                page.stdin.flush()
                if watched:
                    frames += json.loads(page.stdout.readline())["frames"] - before
                else:
                    page.stdout.readline()
        finally:
            page.terminate()
            page.wait()
            page.stdin.close()
            page.stdout.close()
    return Measured(_median(rates[False]), _median(rates[True]), frames / (3 * seconds))


def _epochs_a_second(session: Session, seconds: float) -> float:
    began, before = time.perf_counter(), session.run.gate.epoch
    time.sleep(seconds)
    return (session.run.gate.epoch - before) / (time.perf_counter() - began)


def _median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


def main(
    seconds: Annotated[float, typer.Option(help="How long each measurement takes.")] = 3.0,
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
