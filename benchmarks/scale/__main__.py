"""`python -m benchmarks.scale --gigabytes 1`: peaks and rates by size of the table."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

from benchmarks.scale.limit import LimitedRun, run_limited
from benchmarks.scale.table import write_table

GIB, MIB = 2**30, 2**20
LIMIT = 2 * GIB
# Goals: bytes beside four times the parameters, rows a second, and the fraction of the rate of a
# fit in memory.
MOST_MEMORY, LEAST_ENCODED, LEAST_FRACTION = GIB, 300_000, 0.85


def main(
    gigabytes: Annotated[
        list[float] | None, typer.Option(help="Size of the Parquet files. Repeatable.")
    ] = None,
    folder: Annotated[
        Path | None, typer.Option(help="Where the files are written, and removed at the end.")
    ] = None,
    in_memory: Annotated[
        bool, typer.Option(help="Also fit in memory, which needs as much as the encoded table.")
    ] = True,
) -> None:
    """Train and predict under a limit of 2 GiB, and print peaks, rates and goals."""
    for size in gigabytes or [1.0, 4.0, 16.0]:
        place = Path(tempfile.mkdtemp(prefix="lamina-scale-", dir=folder))
        try:
            measure(place, size, in_memory)
        finally:
            shutil.rmtree(place)


def measure(place: Path, size: float, in_memory: bool) -> None:
    """Measure one size of the table, and print it."""
    rows = write_table(place, int(size * 1e9))
    print(f"{size:g} GB of Parquet, {rows:,} rows")
    train, peak = run_job("train", place, LIMIT)
    bound = MOST_MEMORY + 4 * train["parameters"]
    encoded = rows / train["encoding"]
    print(f"  train: {peak / MIB:,.0f} MiB, at most {bound / MIB:,.0f}: {met(peak <= bound)}")
    print(f"  encoding: {encoded:,.0f} rows a second: {met(encoded >= LEAST_ENCODED)}")
    print(f"  an epoch: {rows / train['epoch']:,.0f} rows a second")
    answer, peak = run_job("predict", place, LIMIT)
    print(f"  predict: {peak / MIB:,.0f} MiB, {rows / answer['seconds']:,.0f} rows a second")
    if in_memory:
        there, _ = run_job("train_in_memory", place, 64 * GIB)
        fraction = there["epoch"] / train["epoch"]
        print(f"  rate beside that in memory: {fraction:.2f}: {met(fraction >= LEAST_FRACTION)}")
        print(f"  equal bits: {met(there['checksum'] == train['checksum'])}")


def run_job(name: str, place: Path, limit: int) -> tuple[dict[str, Any], int]:
    """Run a job, and return its result and the peak of its anonymous memory."""
    command = [sys.executable, "-m", "benchmarks.scale.job", name, str(place)]
    run: LimitedRun = run_limited(command, limit)
    if run.returncode:
        raise SystemExit(f"{name} ended with code {run.returncode} under {limit / GIB:g} GiB")
    if not run.is_limited:
        print("  no control group could be made: memory is measured and not limited")
    result: dict[str, Any] = json.loads(run.output)
    return result, run.peak


def met(is_met: bool) -> str:
    """Return a word for a goal."""
    return "met" if is_met else "NOT met"


if __name__ == "__main__":
    typer.run(main)
