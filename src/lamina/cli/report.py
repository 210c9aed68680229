"""Print metrics on the terminal as aligned tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from lamina.cli.metrics import by_target
from lamina.cli.verdicts import loss_in
from lamina.files.model_file import Json
from lamina.significant import significant

FIGURE_NAMES: Mapping[str, str] = {
    "log_loss": "log loss",
    "brier": "Brier score",
    "auc": "AUC",
    "accuracy": "accuracy",
    "macro_f1": "macro F1",
    "rmse": "RMSE",
    "mae": "MAE",
    "r2": "R²",
    "pinball_loss": "pinball",
    "d2_pinball": "D²",
}
CONSTANT_NAMES: Mapping[str, str] = {
    "log_loss": "class frequencies",
    "rmse": "mean, median",
    "pinball_loss": "quantiles",
}


def plain_console(*, stderr: bool = False) -> Console:
    """Return a console that does not interpret brackets in names as markup."""
    return Console(stderr=stderr, markup=False, highlight=False, emoji=False)


def show_figures(
    console: Console,
    columns: Mapping[str, Mapping[str, Json]],
    constant: Mapping[str, Json] | None = None,
    names: Sequence[str] = ("",),
) -> None:
    """Print metrics side by side, then the classes or the coverage of the first column.

    Parameters
    ----------
    console : Console
    columns : dict
        Results of `metrics.measure`, by the heading of their column.
    constant : dict, optional
        Result of `metrics.measure_constants` for the rows of the first column.
    names : sequence of str
        Names of the targets; each of several targets has its own tables.
    """
    by_heading = {heading: dict(by_target(found, names)) for heading, found in columns.items()}
    for name in names:
        found = {heading: targets[name] for heading, targets in by_heading.items()}
        if len(names) > 1:
            console.print(f"target {name}", soft_wrap=True)
        if constant is not None:
            best = dict(by_target(constant, names))[name]
            found[CONSTANT_NAMES[loss_in(best).key]] = best
        _show_side_by_side(console, found)
        _show_details(console, next(iter(found.values())), next(iter(found)))


def _show_side_by_side(console: Console, columns: Mapping[str, Mapping[str, Json]]) -> None:
    rows: list[list[object]] = [["rows", *(f"{each['rows']:,}" for each in columns.values())]]
    for key, name in FIGURE_NAMES.items():
        cells = [significant(each[key]) if key in each else "" for each in columns.values()]
        if any(cells):
            rows.append([name, *cells])
    show_table(console, ("", *columns), rows)


def _show_details(console: Console, figures: Mapping[str, Json], heading: str) -> None:
    if "coverage" in figures:
        fractions = ((quantile, significant(f)) for quantile, f in figures["coverage"].items())
        show_table(console, (f"quantile, {heading}", "coverage"), fractions)
    if "classes" in figures:
        rows = (
            (name, *(significant(each[key]) for key in ("precision", "recall", "f1")), each["rows"])
            for name, each in figures["classes"].items()
        )
        show_table(console, (f"class, {heading}", "precision", "recall", "F1", "rows"), rows)


def show_table(console: Console, header: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    """Print a table whose first column is text and whose other columns are numbers."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for i, name in enumerate(header):
        table.add_column(name, justify="right" if i else "left")
    for row in rows:
        table.add_row(*(Text(str(cell)) for cell in row))
    console.print(table)


def count(n: int, noun: str) -> str:
    """Return a number with its noun, in the singular or plural.

    Examples
    --------
    >>> count(1, "row"), count(20640, "row"), count(2, "class")
    ('1 row', '20,640 rows', '2 classes')
    """
    plural = f"{noun}es" if noun.endswith("s") else f"{noun}s"
    return f"{n:,} {noun if n == 1 else plural}"
