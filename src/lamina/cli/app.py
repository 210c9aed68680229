"""The commands, their options and their help; what they do stands in modules of their own."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

import lamina
from lamina.cli.commands import Commands
from lamina.cli.known_data import dataset
from lamina.cli.messages import one_line
from lamina.cli.options import (
    OUTPUT_HELP,
    ModelFile,
    Overwrite,
    Table,
)
from lamina.cli.reading_options import (
    DayFirst,
    Decimal,
    Encoding,
    Marks,
    Separator,
    reading_options,
)
from lamina.cli.train_command import train
from lamina.errors import LaminaError

app = typer.Typer(
    cls=Commands,
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"lamina {lamina.__version__}")
        raise typer.Exit


@app.callback()
def start(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Train multi-layer perceptrons on tables, and use them.

    Examples:

        lamina train houses.csv --target price
        lamina predict houses.lamina new.csv --output prices.csv

    Every command explains itself: `lamina train --help`.
    """


app.command()(train)


@app.command()
def predict(
    model: ModelFile,
    data: Table,
    output: Annotated[Path | None, typer.Option("--output", "-o", help=OUTPUT_HELP)] = None,
    probabilities: Annotated[
        bool, typer.Option("--probabilities", help="Add a column with each class's probability.")
    ] = False,
    interval: Annotated[
        float | None,
        typer.Option(
            metavar="COVERAGE",
            help="Add columns with the bounds of an interval that holds this fraction of the true "
            "values, such as 0.9; only where the model predicts intervals.",
        ),
    ] = None,
    na: Marks = None,
    sep: Separator = None,
    decimal: Decimal = None,
    encoding: Encoding = None,
    day_first: DayFirst = None,
    overwrite: Overwrite = False,
) -> int:
    """Write a model's predictions for the rows of a table, in the table's order.

    Columns are found by name; the others of the table are ignored. Columns that were given to
    `lamina train --id` come first.

    Examples:

        lamina predict houses.lamina new.csv > prices.csv
        lamina predict iris.lamina flowers.csv --probabilities --output species.csv
    """
    from lamina.cli.prediction import predict

    reading = reading_options(
        na=na, sep=sep, decimal=decimal, encoding=encoding, day_first=day_first
    )
    return predict(
        model,
        data,
        output,
        probabilities=probabilities,
        interval=interval,
        overwrite=overwrite,
        reading=reading,
    )


@app.command()
def evaluate(
    model: ModelFile,
    data: Table,
    target: Annotated[
        list[str] | None,
        typer.Option(
            "--target",
            "-t",
            metavar="COLUMN",
            help="The true values' column; by default as in training.",
        ),
    ] = None,
    na: Marks = None,
    sep: Separator = None,
    decimal: Decimal = None,
    encoding: Encoding = None,
    day_first: DayFirst = None,
) -> int:
    """Measure a model on a table whose true values are known.

    Example:

        lamina evaluate houses.lamina sold_last_month.csv
    """
    from lamina.cli.prediction import evaluate

    reading = reading_options(
        na=na, sep=sep, decimal=decimal, encoding=encoding, day_first=day_first
    )
    return evaluate(model, data, tuple(target or ()), reading)


@app.command()
def export(
    model: ModelFile,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="A file that ends in .onnx, .py or .h.")
    ],
    dtype: Annotated[
        str | None,
        typer.Option(
            help="float32 or float64: what the exported network computes in; by default what the "
            "model does."
        ),
    ] = None,
    overwrite: Overwrite = False,
) -> int:
    """Write a model for programs without lamina: ONNX, a Python file for NumPy, or a C header.

    The whole model goes, with the encoding of its table: ONNX has one input for each column, the
    Python file takes a dict of columns, a data frame or rows as dicts, and the C header a struct
    with one field for each column. A date goes into ONNX as microseconds since 1970 in UTC, and
    into C as days since then.

    Before it is written, the export answers rows of zeros, rows as in training and rows with
    missing values, and must answer as the model does: ONNX where onnxruntime is installed, C where
    there is a compiler.

    Examples:

        lamina export houses.lamina --output houses.onnx
        lamina export houses.lamina -o houses.h --dtype float32
    """
    from lamina.cli.exporting import export

    return export(model, output, dtype, overwrite=overwrite)


@app.command()
def info(model: ModelFile) -> int:
    """Show what a model is: its layers, parameters, classes and columns, and how it was trained.

    Example:

        lamina info houses.lamina
    """
    from lamina.cli.info import info

    return info(model)


app.command()(dataset)


@app.command()
def workbench(
    opened: Annotated[
        str | None,
        typer.Argument(
            metavar="LINK", help="A link that was copied in a workbench, or an experiment's file."
        ),
    ] = None,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="On the loopback; 0 is any that is free.")
    ] = 0,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Whether the page is opened at once.")
    ] = True,
) -> int:
    """Open the workbench in the browser: build a network, and watch it learn.

    It serves this machine alone, and only who has the link, until Ctrl-C.

    Examples:

        lamina workbench
        lamina workbench --port 8642 --no-browser
        lamina workbench 'http://127.0.0.1:8642/#lamina=1.…'
        lamina workbench experiment.json

    A link works on every machine: it says what is learned and how. Only a table that was opened is
    not in it; open the same file again.
    """
    from lamina.cli.workbench import serve

    return serve(port, browser=browser, opened=opened)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command; what goes wrong with its input becomes one line and exit code 2."""
    try:
        outcome: Any = app(
            list(arguments) if arguments is not None else None,
            prog_name="lamina",
            standalone_mode=False,
        )
        return int(outcome or 0)
    except (LaminaError, OSError, ValueError, ImportError) as error:
        print(f"lamina: {one_line(error)}", file=sys.stderr)
        return 2
    except Exception as error:
        # typer keeps its usage errors' class to itself; they are known by how they speak.
        if not hasattr(error, "format_message"):
            raise
        if error.format_message():
            print(f"lamina: {error.format_message()} (see lamina --help)", file=sys.stderr)
        return 2
