"""`python -m benchmarks.scaling`: measure the curves, keep their numbers, draw them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from benchmarks.machine import OthersFraction
from benchmarks.scaling.curves import CURVES, RESULTS, Measured, measure_curve
from benchmarks.scaling.picture import draw
from lamina.errors import UnknownNameError

NUMBERS = RESULTS / "scaling.json"
PICTURE = Path(__file__).parents[2] / "docs" / "images" / "scaling.png"


def main(
    curve: Annotated[
        list[str] | None,
        typer.Option(help=f"Measure only this one of: {', '.join(CURVES)}. Repeatable."),
    ] = None,
    draw_only: Annotated[bool, typer.Option(help="Draw the numbers that are kept.")] = False,
) -> None:
    """Write benchmarks/results/scaling.json and docs/images/scaling.png."""
    try:
        chosen = [CURVES[name] for name in curve or CURVES]
    except UnknownNameError as error:
        raise typer.BadParameter(str(error), param_hint="--curve") from None
    measured = Measured.load(NUMBERS) if (curve or draw_only) and NUMBERS.exists() else Measured()
    if not draw_only:
        with Progress(console=Console(stderr=True), transient=True) as progress:
            total = 2 * sum(len(one.values) for one in chosen)
            bar = progress.add_task("", total=total)

            def show(what: str) -> None:
                progress.update(bar, advance=1, description=what)

            others = OthersFraction()
            for one in chosen:
                measured.seconds[one.name] = measure_curve(one, show)
            # Curves kept from an earlier run may have had a busier machine.
            measured.others_fraction = max(measured.others_fraction or 0.0, others.read() or 0.0)
        measured.save(NUMBERS)
    draw(measured, PICTURE)
    print(f"numbers in {NUMBERS}, picture in {PICTURE}")


if __name__ == "__main__":
    typer.run(main)
