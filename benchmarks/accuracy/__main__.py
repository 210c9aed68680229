"""`python -m benchmarks.accuracy`: fit built-in data and compare the figures with scikit-learn."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from benchmarks.accuracy.expectations import EXPECTATIONS
from benchmarks.accuracy.import_time import TARGETS, import_seconds
from lamina.errors import UnknownNameError

LARGEST_IMPORT_COST = 0.05


def main(
    case: Annotated[
        list[str] | None,
        typer.Option(help=f"Only this one of: {', '.join(EXPECTATIONS)}. Repeatable."),
    ] = None,
    import_rounds: Annotated[int, typer.Option(min=0, help="How often to import; 0: never.")] = 9,
) -> None:
    """Print every figure and the expected one; exit with 1 if they differ."""
    try:
        chosen = [EXPECTATIONS[name] for name in case or EXPECTATIONS]
    except UnknownNameError as error:
        raise typer.BadParameter(str(error), param_hint="--case") from None
    console = Console()
    table = Table("fit", "figure", "measured", "expected", "agree", box=SIMPLE_HEAD)
    all_agree = True
    with Progress(console=Console(stderr=True), transient=True) as progress:
        imports = (import_rounds + 1) * len(TARGETS) if import_rounds else 0
        bar = progress.add_task("", total=len(chosen) + imports)
        for expectation in chosen:
            progress.update(bar, description=expectation.about)
            measured = expectation.measure()
            progress.advance(bar)
            for figure, expected in expectation.expected.items():
                decimals = len(expected.partition(".")[2])
                got = f"{measured[figure]:.{decimals}f}"
                all_agree &= got == expected
                agree = "yes" if got == expected else "NO"
                table.add_row(expectation.name, figure, got, expected, agree)

        def show(what: str) -> None:
            progress.update(bar, advance=1, description=what)

        seconds = import_seconds(import_rounds, show) if import_rounds else None
    console.print(table)
    if seconds is not None:
        all_agree &= _print_import_time(console, seconds)
    raise typer.Exit(0 if all_agree else 1)


def _print_import_time(console: Console, seconds: dict[str, float]) -> bool:
    cost = seconds["lamina"] - seconds["sklearn.neural_network"]
    console.print(
        f"import lamina: {seconds['lamina'] * 1e3:.0f} ms, {cost * 1e3:+.0f} ms beside "
        f"sklearn.neural_network; at most {LARGEST_IMPORT_COST * 1e3:+.0f} ms"
    )
    return cost <= LARGEST_IMPORT_COST


if __name__ == "__main__":
    typer.run(main)
