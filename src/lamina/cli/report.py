"""Figures on the terminal, as aligned tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from lamina.significant import significant

FIGURE_NAMES: Mapping[str, str] = {
    "accuracy": "accuracy",
    "log_loss": "log loss",
    "rmse": "RMSE",
    "mae": "MAE",
    "r2": "R²",
    "pinball_loss": "pinball",
    "d2_pinball": "D²",
}


def plain_console(*, stderr: bool = False) -> Console:
    """A console that prints names as they are: brackets in a column's name are no markup."""
    return Console(stderr=stderr, markup=False, highlight=False, emoji=False)


def show_figures(console: Console, figures: Mapping[str, Any], title: str) -> None:
    """Print what `metrics.measure` returned."""
    console.print(f"{title} ({count(figures['rows'], 'row')})")
    for key, name in FIGURE_NAMES.items():
        if key in figures:
            console.print(f"  {name:<9} {significant(figures[key])}")
    if "coverage" in figures:
        shares = ((quantile, significant(share)) for quantile, share in figures["coverage"].items())
        show_table(console, ("quantile", "coverage"), shares)
    if "classes" in figures:
        rows = (
            (name, *(significant(of[key]) for key in ("precision", "recall", "f1")), of["rows"])
            for name, of in figures["classes"].items()
        )
        show_table(console, ("class", "precision", "recall", "F1", "rows"), rows)


def show_table(console: Console, header: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    """Print a table whose first column is text, and the others numbers."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for i, name in enumerate(header):
        table.add_column(name, justify="right" if i else "left")
    for row in rows:
        table.add_row(*(Text(str(cell)) for cell in row))
    console.print(table)


def count(n: int, noun: str) -> str:
    """A number of things in words.

    Examples
    --------
    >>> count(1, "row"), count(20640, "row"), count(2, "class")
    ('1 row', '20,640 rows', '2 classes')
    """
    plural = f"{noun}es" if noun.endswith("s") else f"{noun}s"
    return f"{n:,} {noun if n == 1 else plural}"
