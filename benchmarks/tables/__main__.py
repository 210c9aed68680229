"""`python -m benchmarks.tables`: fit every model on the same rows and compare their errors."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.tables.measuring import Measurement, measure
from benchmarks.tables.models import MODELS, Model, versions
from benchmarks.tables.record import Record
from benchmarks.tables.report import comparison_table, errors_table, validation_table
from benchmarks.tables.tables import BenchmarkTable, descriptions, load_table
from lamina.errors import suggestion


def main(
    table: Annotated[
        list[str] | None, typer.Option(help="Only this table. Repeatable; by default all.")
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(help=f"Only this one of: {', '.join(MODELS)}. Repeatable."),
    ] = None,
    max_rows: Annotated[
        int | None, typer.Option(min=100, help="Cut every training part to so many rows.")
    ] = None,
    again: Annotated[
        bool, typer.Option(help="Measure slow peers again that the record has already.")
    ] = False,
    record: Annotated[bool, typer.Option(help="Keep the figures in results/tables.json.")] = False,
) -> None:
    """Print each model's error on the test parts, and the first model compared with the others."""
    chosen = _chosen_models(model)
    names = table or list(descriptions())
    kept, console = Record.load(), Console()
    measurements: list[Measurement] = []
    for name in names:
        rows = load_table(name, max_rows)
        for each in chosen:
            if each.in_time and rows.time is None:
                continue
            measurements.append(_measured(each, rows, kept, again=again))
            console.print(_line(measurements[-1]), highlight=False)
        if record:
            kept.tasks |= {name: rows.task}
            kept.save()
    if record:
        print("`python -m benchmarks.page` writes the record into docs/benchmarks.md and README.md")
    console.print(errors_table(measurements))
    console.print(comparison_table(measurements, chosen[0].name))
    console.print(validation_table(measurements))


def _chosen_models(names: list[str] | None) -> list[Model]:
    for name in names or ():
        if name not in MODELS:
            raise typer.BadParameter(f"no model is named {name!r}.{suggestion(name, MODELS)}")
        if not MODELS[name].is_installed:
            raise typer.BadParameter(f"{name!r} needs: pip install {MODELS[name].package}")
    if names:
        return [MODELS[name] for name in names]
    return [each for each in MODELS.values() if each.is_installed and not each.is_slow]


def _measured(model: Model, table: BenchmarkTable, record: Record, *, again: bool) -> Measurement:
    """Return the record's figure of a slow model, else measure it and add it to the record."""
    kept = record.find(model.name, table.name, len(table.y_train))
    if model.is_slow and kept is not None and not again:
        return kept
    measurement = measure(model, table)
    record.add(measurement, versions(model), f"{datetime.now(UTC):%Y-%m-%d}")
    return measurement


def _line(measurement: Measurement) -> str:
    return (
        f"{measurement.table:<12} {measurement.model:<24} "
        f"{measurement.error:.6g} in {measurement.seconds:.1f} s"
    )


if __name__ == "__main__":
    typer.run(main)
