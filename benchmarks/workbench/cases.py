"""TensorFlow Playground's cases, and a run of one with a page that measures it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from lamina.workbench.data.inputs import INPUTS
from lamina.workbench.runs.experiment import Experiment, first_experiment
from lamina.workbench.server.server import Server
from lamina.workbench.server.sessions import Session

# The Playground has 250 training samples and batches of ten.
ROWS = {"data": {"name": "spiral", "n_samples": 500}, "test_fraction": 0.5}
TRAINING = {"max_iter": 100_000, "n_iter_no_change": 100_000, "batch_size": 10}
CASES: dict[str, dict[str, Any]] = {
    "(4, 2), x and y": {"inputs": ["x", "y"], "model": {"hidden_layer_sizes": [4, 2]}},
    "6 layers of 8, all seven inputs": {
        "inputs": list(INPUTS),
        "model": {"hidden_layer_sizes": [8] * 6},
    },
}


def experiment_of(case: dict[str, Any]) -> Experiment:
    """Return the experiment of a case."""
    return first_experiment().merged(ROWS).merged(case).merged({"model": TRAINING})


class Onlooker:
    """A page in its own process, controlled by commands."""

    def __init__(self, program: str, url: str) -> None:
        pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.process = subprocess.Popen([sys.executable, "-m", program, url], **pipes)
        self._heard()

    def ask(self, do: str, **how: Any) -> Any:
        """Send a command and return the answer."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"do": do, **how}) + "\n")
        self.process.stdin.flush()
        return json.loads(self._heard())

    def _heard(self) -> str:
        assert self.process.stdout is not None
        if not (line := self.process.stdout.readline()):
            raise RuntimeError(f"the page has ended: {self.process.args!r}")
        return str(line)

    def end(self) -> None:
        """End the process."""
        with self.process:
            assert self.process.stdin is not None
            self.process.stdin.close()


@contextmanager
def looked_at(case: dict[str, Any], program: str) -> Iterator[tuple[Session, Onlooker]]:
    """Yield a run of a case and a page that shows it."""
    with Server(first=lambda: experiment_of(case)) as server:
        page = Onlooker(program, server.url)
        try:
            [session] = server.workbench.sessions.values()
            session.do({"do": "pace", "epochs_per_second": None})
            yield session, page
        finally:
            page.end()


def begin_again(session: Session) -> None:
    """Restart the run at epoch 0, because the number of stored epochs is limited."""
    session.do({"do": "reset"})
    session.do({"do": "play"})


def epochs_a_second(session: Session, seconds: float) -> float:
    """Return the current speed of the run."""
    began, before = time.perf_counter(), session.run.controller.epoch
    time.sleep(seconds)
    return (session.run.controller.epoch - before) / (time.perf_counter() - began)
