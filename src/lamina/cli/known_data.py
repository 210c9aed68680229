"""`lamina dataset`: list the built-in data sets, or write one to a file for the other commands."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    import pandas as pd

    from lamina.datasets.dataset import Task
    from lamina.tables.options import ReadingOptions

Name = Annotated[
    str | None,
    typer.Argument(metavar="NAME", help="A built-in data set; without a name all are listed."),
]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", help="The file to write.", show_default="NAME.csv"),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace existing files.")]


def dataset(name: Name = None, output: Output = None, overwrite: Overwrite = False) -> int:
    """List the built-in data sets, or write one as a table.

    Examples:

        lamina dataset
        lamina dataset bikes
        lamina dataset iris --output flowers.parquet

    penguins, bikes and income are small real tables with categories; the others are arrays.
    """
    if name is None:
        if output is not None:
            raise ValueError(f"--output {output} needs the name of the data: lamina dataset bikes")
        show_known()
        return 0
    from lamina.datasets import SHIPPED
    from lamina.tables.options import DEFAULTS
    from lamina.tables.writing import check_output, write_table

    path = output or Path(f"{name}.csv")
    table, target, _ = read_known(name, DEFAULTS)
    check_output(path, overwrite=overwrite)
    if name in SHIPPED and path.suffix == ".csv":
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(SHIPPED[name].path, path)
    else:
        # Parquet and Feather would fail to store the notes on how the columns were read.
        table.attrs.clear()
        write_table(table, path)
    print(f"{path}: {len(table):,} rows; the target is {target!r}")
    return 0


def show_known() -> None:
    """Print a line for each data set: name, task, description."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    from lamina.datasets import DATASETS, SHIPPED

    listed = Table("name", "task", "about", box=SIMPLE_HEAD)
    for table in SHIPPED.values():
        listed.add_row(table.name, table.task, table.about)
    for record in DATASETS.values():
        listed.add_row(record.name, record.task, record.about)
    Console().print(listed)


def read_known(name: str, reading: ReadingOptions) -> tuple[pd.DataFrame, str, Task]:
    """Return the table of a built-in data set, the name of its target, and its task.

    Raises
    ------
    UnknownNameError
        If no data set has this name; the message gives the nearest match.
    """
    from lamina.datasets import DATASETS, SHIPPED
    from lamina.formulas.table import RecordTable
    from lamina.tables.problem import table_of
    from lamina.tables.reading import read_table

    if name in SHIPPED:
        shipped = SHIPPED[name]
        return read_table(shipped.path, reading), shipped.target, shipped.task
    everything = RecordTable("data set", *SHIPPED.values(), *DATASETS.values())
    data = DATASETS[everything[name].name].load()
    return table_of(data), data.target, data.task
