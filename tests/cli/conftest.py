"""Fixtures that run the command line as users do: in an empty folder, with real files."""

from __future__ import annotations

import subprocess
import sys
from contextlib import ExitStack
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

from lamina.cli import main

for _needed in ("typer", "rich", "pyarrow"):
    pytest.importorskip(_needed)

# Options for a fit that ends at once, without a warning about convergence.
QUICK = (
    *("--model", "mlp"),
    *("--set", "max_iter=30", "--set", "tol=10", "--set", "n_iter_no_change=5"),
)


class Ran(NamedTuple):
    """The exit code and the output of a command."""

    code: int
    out: str
    err: str


@pytest.fixture
def lamina(capsys, monkeypatch, tmp_path):
    """Return a function that runs `lamina` in the test's own folder: `lamina("train", …)`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")

    def run(*arguments: object) -> Ran:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        return Ran(code, *capsys.readouterr())

    return run


@pytest.fixture
def train(lamina):
    """Return a function that trains one network quickly with `lamina train` and must succeed."""

    def run(*arguments: object) -> Ran:
        ran = lamina("train", *arguments, *QUICK)
        assert ran.code == 0, ran.err
        return ran

    return run


@pytest.fixture
def refusal(lamina):
    """Return a function that runs a failing command (exit code 2) and returns its one line."""

    def run(*arguments: object) -> str:
        ran = lamina(*arguments)
        assert ran.code == 2, ran
        assert ran.err.startswith("lamina: ")
        assert ran.err.count("\n") == 1
        return ran.err.strip()

    return run


@pytest.fixture
def houses(tmp_path):
    """Return a table with odd names, quotes, dates and gaps; the targets are price and heating."""
    rng = np.random.default_rng(0)
    n_rows = 120
    table = pd.DataFrame(
        {
            " Größe, m² ": rng.normal(100, 30, n_rows).round(1),
            'the "city"': rng.choice(["Köln", "São Paulo, SP", 'a "b"'], n_rows),
            "built": pd.date_range("1990-01-01", periods=n_rows).strftime("%Y-%m-%d"),
            "garden": rng.choice(["true", "false"], n_rows),
            "id": [f"h{i}" for i in range(n_rows)],
        }
    )
    table["price"] = (1000 * table[" Größe, m² "] + rng.normal(0, 500, n_rows)).round(2)
    table["heating"] = np.where(table["price"] > 100_000, "gas", "[bold]oil")
    table.loc[::9, [" Größe, m² ", 'the "city"', "garden"]] = None
    table.to_csv(tmp_path / "houses.csv", index=False)
    return table


@pytest.fixture
def process(tmp_path):
    """Return a function that starts `lamina` as a process with pipes; it ends with the test."""
    command = "import sys; from lamina.cli import main; sys.exit(main())"
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with ExitStack() as stack:

        def start(*arguments: str, **options: object) -> subprocess.Popen[str]:
            started = subprocess.Popen(
                [sys.executable, "-c", command, *arguments],
                **{"cwd": tmp_path, "text": True, **pipes, **options},
            )
            stack.enter_context(started)
            stack.callback(started.kill)
            return started

        yield start
