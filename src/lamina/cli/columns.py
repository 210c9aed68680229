"""Show how `lamina train` reads and encodes each column of a table, before training."""

from __future__ import annotations

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from lamina.cli.request import ModelKind
from lamina.encoding import TableEncoding
from lamina.encoding.frames import ArrayOrTable
from lamina.encoding.table_columns import ColumnRecord
from lamina.tabular.column_report import report_inputs

MOST_COLUMNS = 40
# Names take at most a third of the terminal's width; longer names wrap.
NAMES_FRACTION = 3


def columns_of(X: ArrayOrTable, kind: ModelKind = "mlp") -> list[ColumnRecord]:
    """Return a record of how the model uses each column of the training rows.

    Raises
    ------
    TableError
        If the rows cannot be encoded; training has not started then.
    """
    encoding = TableEncoding().fit(X)
    return report_inputs(encoding) if kind == "tabular" else list(encoding.report_)


def show_columns(console: Console, records: Sequence[ColumnRecord]) -> None:
    """Print the records as a table with one line for each column."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    longest = max((len(record["column"]) for record in records[:MOST_COLUMNS]), default=0)
    width = max(len("column"), min(longest, console.width // NAMES_FRACTION))
    table.add_column("column", overflow="fold", width=width)
    table.add_column("kind")
    table.add_column("missing", justify="right")
    table.add_column("distinct", justify="right")
    table.add_column("use", overflow="fold")
    for record in records[:MOST_COLUMNS]:
        counts = (f"{record['n_missing']:,}", f"{record['n_distinct']:,}")
        cells = (record["column"], record["kind"], *counts, record["action"])
        table.add_row(*map(Text, cells))
    console.print(table)
    more = len(records) - MOST_COLUMNS
    if more > 0:
        console.print(f"and {more:,} more columns")
