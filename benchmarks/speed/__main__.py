"""`python -m benchmarks.speed`: time lamina, its peers and the machine's limit; print it all."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks.machine import OthersFraction
from benchmarks.speed.goals import impossible
from benchmarks.speed.measurements import MEASUREMENTS, Measurement
from benchmarks.speed.peers import absent_peers, present_peers
from benchmarks.speed.record import Record
from benchmarks.speed.report import grids, summary
from benchmarks.speed.timing import Patience
from lamina.errors import UnknownNameError


def main(
    case: Annotated[
        list[str] | None,
        typer.Option(help=f"Only this one of: {', '.join(MEASUREMENTS)}. Repeatable."),
    ] = None,
    rounds: Annotated[int, typer.Option(min=1, help="Minimum number of rounds of each case.")] = 3,
    seconds: Annotated[float, typer.Option(min=0.0, help="Further rounds for this long.")] = 12.0,
    keep: Annotated[bool, typer.Option("--record", help="Keep it in benchmarks/results.")] = False,
) -> None:
    """Time the same work in lamina, scikit-learn and, if installed, PyTorch and JAX, alternating.

    Each peer's fastest configuration counts. Ctrl-C prints the tables of the finished measurements.
    The exit status is 1 if a result exceeds the machine's limit by over 3 %, which is then wrong.
    """
    try:
        chosen = [MEASUREMENTS[name] for name in case or MEASUREMENTS]
    except UnknownNameError as error:
        raise typer.BadParameter(str(error), param_hint="--case") from None
    patience = Patience(least_rounds=rounds, seconds=seconds, most_rounds=max(9, rounds))
    record, is_whole = _measure(chosen, patience)
    # rich assumes 80 columns if the output is no terminal, and would cut cells.
    console = Console() if Console().is_terminal else Console(width=200)
    for grid in grids(record):
        console.print(grid.for_terminal())
    if absent_peers():
        print(f"Not installed, so not measured: {', '.join(absent_peers())}.")
    print(summary(record))
    if keep and is_whole:
        print(f"Recorded in {record.save()}; `python -m benchmarks.page` writes its tables.")
    too_fast = impossible(record.results)
    for sentence in too_fast:
        print(sentence, file=sys.stderr)
    raise typer.Exit(130 if not is_whole else 1 if too_fast else 0)


def _measure(chosen: list[Measurement], patience: Patience) -> tuple[Record, bool]:
    """Return the record, and False if it was interrupted."""
    record, peers, others = Record(), present_peers(), OthersFraction()
    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True) as progress:
        bar = progress.add_task("", total=len(chosen))
        for measurement in chosen:
            if not console.is_terminal:
                print(f"measuring {measurement.name}", file=sys.stderr, flush=True)

            def show(what: str, name: str = measurement.name) -> None:
                progress.update(bar, description=f"{name} {what}")

            try:
                for measured in measurement.run(peers, patience, show):
                    record.add(measured)
            except KeyboardInterrupt:
                return record, False
            finally:
                record.others_fraction = others.read()
            progress.advance(bar)
    return record, True


if __name__ == "__main__":
    typer.run(main)
