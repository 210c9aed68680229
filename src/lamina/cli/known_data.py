"""`lamina dataset`: known data as a file, so that the other commands have a table to begin with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Name = Annotated[str, typer.Argument(metavar="NAME", help="One of those of train --dataset.")]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", help="The file to write.", show_default="NAME.csv"),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace files that are there.")]


def dataset(name: Name, output: Output = None, overwrite: Overwrite = False) -> int:
    """Write known data as a table, its target in the last column.

    Examples:

        lamina dataset diabetes
        lamina dataset iris --output flowers.parquet
    """
    from lamina.datasets import load
    from lamina.tables.problem import table_of
    from lamina.tables.writing import check_output, write_table

    path = output or Path(f"{name}.csv")
    data = load(name)
    check_output(path, overwrite=overwrite)
    write_table(table_of(data), path)
    print(f"{path}: {len(data.X):,} rows; the target is {data.target!r}")
    return 0
