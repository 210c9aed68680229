"""What `lamina train` takes each column of a table for, and does with it, before it trains."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from lamina.encoding import TableEncoding
from lamina.encoding.table_report import ColumnRecord

MOST_COLUMNS = 40


def columns_of(X: Any) -> list[ColumnRecord]:
    """Return the record of each column of the training rows.

    Raises
    ------
    TableError
        For rows that cannot be encoded: before anything is learned from them.
    """
    return list(TableEncoding().fit(X).report_)


def show_columns(console: Console, records: Sequence[ColumnRecord]) -> None:
    """Print the records as a table with a line for each column."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("column", overflow="fold")
    table.add_column("kind")
    table.add_column("missing", justify="right")
    table.add_column("distinct", justify="right")
    table.add_column("what is done with it", overflow="fold")
    for record in records[:MOST_COLUMNS]:
        counts = (f"{record['n_missing']:,}", f"{record['n_distinct']:,}")
        cells = (record["column"], record["kind"], *counts, record["action"])
        table.add_row(*map(Text, cells))
    console.print(table)
    more = len(records) - MOST_COLUMNS
    if more > 0:
        console.print(f"and {more:,} more columns")
