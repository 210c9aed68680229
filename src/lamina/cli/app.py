"""The commands of the command line: their arguments, options and help texts.

Each command imports the module that does its work only when it runs.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

import lamina
from lamina.cli.commands import Commands
from lamina.cli.known_data import dataset
from lamina.cli.messages import one_line
from lamina.cli.options import (
    OUTPUT_HELP,
    Device,
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


def _show_version(show: bool) -> None:
    if show:
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
            "values, such as 0.9; only for models that predict intervals.",
        ),
    ] = None,
    na: Marks = None,
    sep: Separator = None,
    decimal: Decimal = None,
    encoding: Encoding = None,
    day_first: DayFirst = None,
    device: Device = None,
    overwrite: Overwrite = False,
) -> int:
    """Write a model's predictions for the rows of a table, in the table's order.

    Columns are matched by name, and other columns are ignored. The columns that `lamina train --id`
    named come first in the output.

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
        device=device,
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
            help="The column of true values; by default the target of the training.",
        ),
    ] = None,
    na: Marks = None,
    sep: Separator = None,
    decimal: Decimal = None,
    encoding: Encoding = None,
    day_first: DayFirst = None,
    device: Device = None,
) -> int:
    """Measure a model on a table whose true values are known.

    Example:

        lamina evaluate houses.lamina sold_last_month.csv
    """
    from lamina.cli.prediction import evaluate

    reading = reading_options(
        na=na, sep=sep, decimal=decimal, encoding=encoding, day_first=day_first
    )
    return evaluate(model, data, tuple(target or ()), reading, device)


@app.command()
def export(
    model: ModelFile,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            help="A file whose ending chooses the format, such as .onnx, .py or .h.",
        ),
    ],
    dtype: Annotated[
        str | None,
        typer.Option(
            help="Precision of the exported network, float32 or float64; by default the model's."
        ),
    ] = None,
    overwrite: Overwrite = False,
) -> int:
    """Write a model for programs without lamina: ONNX, a Python file for NumPy, or a C header.

    The export includes the encoding of the table. The ONNX model has one input for each column, the
    Python file takes a dict of columns, a data frame or rows as dicts, and the C header takes a
    struct with one field for each column. Dates are microseconds since 1970 (UTC) in ONNX, and days
    since 1970 in C.

    Before the file is written, the export's predictions are compared with the model's, on rows of
    zeros, rows similar to the training data and rows with missing values. This check needs
    onnxruntime for ONNX, and a C compiler for C.

    Examples:

        lamina export houses.lamina --output houses.onnx
        lamina export houses.lamina -o houses.h --dtype float32
    """
    from lamina.cli.exporting import export

    return export(model, output, dtype, overwrite=overwrite)


@app.command()
def info(model: ModelFile) -> int:
    """Show a model's layers, parameters, classes and columns, and how it was trained.

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
            metavar="LINK", help="A link copied from a workbench, or an experiment's file."
        ),
    ] = None,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0 chooses a free one.")
    ] = 0,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open the page in the browser.")
    ] = True,
) -> int:
    """Open the workbench in the browser: build a network, and watch it learn.

    The server runs until Ctrl-C. Only this machine can reach it, and only with the printed link.

    Examples:

        lamina workbench
        lamina workbench --port 8642 --no-browser
        lamina workbench 'http://127.0.0.1:8642/#lamina=1.…'
        lamina workbench experiment.json

    A link works on every machine: it holds the data set, the network and its settings. It does not
    hold a table that you opened from a file; open the same file again.
    """
    from lamina.cli.workbench import serve

    return serve(port, browser=browser, opened=opened)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command; report an error in its input as one line and return exit code 2."""
    try:
        outcome: int | None = app(
            list(arguments) if arguments is not None else None,
            prog_name="lamina",
            standalone_mode=False,
        )
        return int(outcome or 0)
    except (LaminaError, OSError, ValueError, ImportError) as error:
        print(f"lamina: {one_line(error)}", file=sys.stderr)
        return 2
    except Exception as error:
        # typer does not export the class of its usage errors; only they have `format_message`.
        if not hasattr(error, "format_message"):
            raise
        if error.format_message():
            print(f"lamina: {error.format_message()} (see lamina --help)", file=sys.stderr)
        return 2
