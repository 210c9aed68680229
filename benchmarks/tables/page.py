"""The tables' record as Markdown: lamina's estimators and gradient boosting."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from statistics import median

from benchmarks.markdown import markdown_table
from benchmarks.tables.comparing import Comparison, compare
from benchmarks.tables.measuring import Measurement
from benchmarks.tables.record import Record

MODELS = {
    "balanced": "balanced",
    "fast": "fast",
    "catboost": "CatBoost",
    "lightgbm": "LightGBM",
    "hist gradient boosting": "scikit-learn's HistGradientBoosting",
}
# Models that take minutes a table: measured on the tables that the record has.
SLOW = {"catboost bag": "CatBoost, 8 folds, stopped early", "realmlp bag": "RealMLP-TD, 5 folds"}
OURS = ("balanced", "fast")
MEASURES = {"binary": "1 − AUC", "multiclass": "log loss", "regression": "RMSE"}
Row = Mapping[str, Measurement]


def machine(record: Record) -> str:
    """Return sentences on where and when the figures were measured, and the time of each model."""
    described = record.models["balanced"]["machine"]
    measured = [*MODELS, *(name for name in SLOW if name in record.models)]
    models = [record.models[name] for name in measured]
    dates = sorted({model["date"] for model in models})
    versions = dict.fromkeys(f"{model['package']} {model['version']}" for model in models)
    return (
        f"{' to '.join(dict.fromkeys((dates[0], dates[-1])))}, {described['processor']}, "
        f"{described['cores']} cores, {described['instruction_set']}; {', '.join(versions)}. "
        f"Median time for a table: {', '.join(_median_times(record))}.\n"
    )


def errors(record: Record) -> str:
    """Return every table's errors, the least of a row in bold, and the seconds of two models."""
    titles = ["table", "training rows", "error", *MODELS.values(), "balanced, s", "CatBoost, s"]
    rows = (_errors_row(name, row, record.tasks[name]) for name, row in _complete_rows(record))
    return markdown_table(titles, rows)


def comparisons(record: Record) -> str:
    """Return on how many tables lamina's error is lower, and by how much on average."""
    rows = dict(_complete_rows(record))
    lines = []
    for peer, title in {**MODELS, **SLOW}.items():
        measured = {name: row for name, row in rows.items() if peer in row}
        if peer not in OURS and measured:
            compared = (_compare(measured, ours, peer) for ours in OURS)
            lines.append([title, *(_compared(each) for each in compared)])
    titles = ["lamina's error beside that of", *(f"`quality='{ours}'`" for ours in OURS)]
    return markdown_table(titles, lines)


def best_beside_balanced(record: Record) -> str:
    """Return a sentence on 'best' and 'balanced' on the tables where both were measured.

    It gives the median, because on one table an error of 0.0006 is a matter of single rows; and no
    times, because the two were measured beside different other work.
    """
    rows = [row for _, row in _complete_rows(record) if "best" in row]
    if not rows:
        return ""
    ratios = [row["best"].error / row["balanced"].error for row in rows]
    wins = sum(ratio < 1 for ratio in ratios)
    return (
        f"The error of `quality='best'` is lower than that of 'balanced' on {wins} of the "
        f"{len(rows)} tables where it was measured; the median ratio is {median(ratios):.3f}.\n"
    )


def validation(record: Record) -> str:
    """Return each table's error by validation beside that on the test part, and a summary."""
    rows = [
        (name, row, row.get("balanced in time", row["balanced"]))
        for name, row in _complete_rows(record)
    ]
    checked = [(name, row, each) for name, row, each in rows if each.deviation is not None]
    within = sum(abs(each.deviation or 0.0) <= 2 for _, _, each in checked)
    lines = [
        [
            name + (", with `time=`" if "balanced in time" in row else ""),
            f"{_digits(each.validation_error or 0.0)} ± {each.validation_standard_error:.2g}",
            f"{_digits(each.error)} ± {each.standard_error:.2g}",
            f"{each.deviation:+.1f}",
        ]
        for name, row, each in checked
    ]
    titles = ["table", "error by validation", "on the test part", "standard errors apart"]
    summary = f"Within two standard errors on {within} of {len(checked)} tables.\n"
    return f"{summary}\n{markdown_table(titles, lines)}"


def _compare(rows: Mapping[str, Row], ours: str, peer: str) -> Comparison:
    errors = ({name: row[model].error for name, row in rows.items()} for model in (ours, peer))
    return compare(*errors)


def _median_times(record: Record) -> Iterator[str]:
    rows = [row for _, row in _complete_rows(record)]
    for model, title in MODELS.items():
        seconds = median(row[model].seconds for row in rows)
        yield f"{title} {seconds:.0f} s" if seconds >= 10 else f"{title} {seconds:.2g} s"


def _complete_rows(record: Record) -> Iterator[tuple[str, Row]]:
    """Yield each table measured with every model on the same rows, the largest number of them."""
    found: dict[str, dict[int, dict[str, Measurement]]] = {}
    for each in record.measurements.values():
        sizes = found.setdefault(each.table, {})
        sizes.setdefault(each.n_training_rows, {})[each.model] = each
    for name in record.tasks:
        complete = [n for n, row in found.get(name, {}).items() if set(MODELS) <= set(row)]
        if complete:
            yield name, found[name][max(complete)]


def _errors_row(name: str, row: Row, task: str) -> list[str]:
    least = min(row[model].error for model in MODELS)
    cells = (_bold(_digits(e), e == least) for e in (row[model].error for model in MODELS))
    seconds = (f"{row[model].seconds:.0f}" for model in ("balanced", "catboost"))
    return [name, f"{row['balanced'].n_training_rows:,}", MEASURES[task], *cells, *seconds]


def _compared(comparison: Comparison) -> str:
    lower = -100 * comparison.mean_relative_error
    direction = "lower" if lower >= 0 else "higher"
    return (
        f"lower on {comparison.n_better} of {comparison.n_tables} tables, "
        f"on average {abs(lower):.1f} % {direction}"
    )


def _bold(text: str, is_least: bool) -> str:
    return f"**{text}**" if is_least else text


def _digits(error: float) -> str:
    """Return four significant digits, and whole numbers from a thousand on."""
    if error >= 1000:
        return f"{error:,.0f}"
    decimals = 1 if error >= 100 else 2 if error >= 10 else 3 if error >= 1 else 4
    return f"{error:.{decimals}f}"
