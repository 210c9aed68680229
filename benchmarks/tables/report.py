"""The measurements as text: each table's errors, and one model compared with every other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rich.box import SIMPLE_HEAD
from rich.table import Table as TextTable

from benchmarks.tables.comparing import compare
from benchmarks.tables.measuring import Measurement


def errors_table(measurements: Iterable[Measurement]) -> TextTable:
    """Return a table with a row for each table, and error and seconds of each model."""
    by_table: dict[str, dict[str, Measurement]] = {}
    for each in measurements:
        by_table.setdefault(each.table, {})[each.model] = each
    models = list(dict.fromkeys(name for row in by_table.values() for name in row))
    table = TextTable("table", "rows", *models, box=SIMPLE_HEAD)
    for name, row in by_table.items():
        n_rows = next(iter(row.values())).n_training_rows
        cells = (_cell(row[model]) if model in row else "–" for model in models)
        table.add_row(name, f"{n_rows:,}", *cells)
    return table


def comparison_table(measurements: Iterable[Measurement], model: str) -> TextTable:
    """Return a row for each other model: how often `model` is better, and by how much."""
    errors: dict[str, dict[str, float]] = {}
    seconds: dict[str, float] = {}
    for each in measurements:
        errors.setdefault(each.model, {})[each.table] = each.error
        seconds[each.model] = seconds.get(each.model, 0.0) + each.seconds
    table = TextTable(
        f"{model} against", "better on", "mean relative error", "time", box=SIMPLE_HEAD
    )
    for other in errors:
        if other != model and model in errors:
            table.add_row(other, *_compared(errors[model], errors[other], seconds, model, other))
    return table


def validation_table(measurements: Iterable[Measurement]) -> TextTable:
    """Return a row for each measurement with a validation error: that error beside the test's."""
    table = TextTable(
        *("table", "model", "by validation", "on the test part", "standard errors apart"),
        box=SIMPLE_HEAD,
    )
    for each in measurements:
        if each.deviation is not None:
            table.add_row(
                *(each.table, each.model),
                f"{each.validation_error:.4g} ± {each.validation_standard_error:.2g}",
                f"{each.error:.4g} ± {each.standard_error:.2g}",
                f"{each.deviation:+.1f}",
            )
    return table


def _compared(
    errors: Mapping[str, float],
    other_errors: Mapping[str, float],
    seconds: Mapping[str, float],
    model: str,
    other: str,
) -> tuple[str, str, str]:
    comparison = compare(errors, other_errors)
    return (
        f"{comparison.n_better} of {comparison.n_tables}",
        f"{comparison.mean_relative_error:+.1%}",
        f"{seconds[model] / seconds[other]:.2f}×",
    )


def _cell(measurement: Measurement) -> str:
    return f"{measurement.error:.5g} ({measurement.seconds:.3g} s)"
