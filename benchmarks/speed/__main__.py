"""`python -m benchmarks.speed`: time a step of training in lamina and its peers; print a table."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from benchmarks.machine import processor
from benchmarks.speed.cases import CASES, Work
from benchmarks.speed.peers import present_peers
from benchmarks.speed.report import Result, grids, record
from benchmarks.speed.timing import measure, n_turns
from lamina.errors import UnknownNameError

DTYPES = ("float64", "float32")


def main(
    case: Annotated[
        list[str] | None, typer.Option(help=f"Only this one of: {', '.join(CASES)}. Repeatable.")
    ] = None,
    rounds: Annotated[
        int, typer.Option(min=1, help="Timed rounds, of which the median counts.")
    ] = 5,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown.")] = False,
    keep: Annotated[bool, typer.Option("--record", help="Keep it in benchmarks/results.")] = False,
) -> None:
    """Train the same networks in lamina, scikit-learn and, where installed, PyTorch, in turn.

    Each peer's best way counts: its BLAS on one thread or on all, its optimizer fused or foreach.
    """
    try:
        cases = [CASES[name] for name in case or CASES]
    except UnknownNameError as error:
        raise typer.BadParameter(str(error), param_hint="--case") from None
    console, peers, results = Console(stderr=True), present_peers(), []
    with Progress(console=console, transient=True) as progress:
        total = len(cases) * len(DTYPES) * n_turns(peers, rounds)
        bar = progress.add_task("loading", total=total)
        for work in (Work.of(chosen, dtype) for chosen in cases for dtype in DTYPES):

            def show(what: str, work: Work = work) -> None:
                text = f"{work.case.name} {work.dtype}: {what}"
                progress.update(bar, advance=1, description=text)

            results.append(Result.of(work, measure(work, peers, rounds, show)))
    for grid in grids(results):
        if as_markdown:
            print(grid.as_markdown())
        else:
            Console().print(grid.for_terminal())
    print(f"Medians of {rounds} rounds, each peer at its best, on {processor()}.")
    if keep:
        console.print(f"recorded in {record(results, rounds)}")


if __name__ == "__main__":
    typer.run(main)
