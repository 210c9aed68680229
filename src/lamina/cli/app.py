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
    TASKS,
    Dropped,
    Ids,
    KnownData,
    ModelFile,
    OptionalTable,
    Overwrite,
    Picture,
    Quiet,
    Seed,
    Settings,
    Table,
    Targets,
    TaskChoice,
    TaskOption,
    TestSize,
)
from lamina.cli.reading_options import (
    Categorical,
    Date,
    DayFirst,
    Decimal,
    Encoding,
    Marks,
    Number,
    Separator,
    Text,
    reading_options,
)
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


@app.command()
def train(
    data: OptionalTable = None,
    target: Targets = None,
    dataset: KnownData = None,
    drop: Dropped = None,
    id: Ids = None,
    task: TaskOption = TaskChoice.auto,
    settings: Settings = None,
    test_size: TestSize = 0.2,
    seed: Seed = 0,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The model's file.", show_default="NAME.lamina"),
    ] = None,
    categorical: Categorical = None,
    text: Text = None,
    number: Number = None,
    date: Date = None,
    na: Marks = None,
    sep: Separator = None,
    decimal: Decimal = None,
    encoding: Encoding = None,
    day_first: DayFirst = None,
    plot: Picture = None,
    resume: Annotated[
        Path | None,
        typer.Option(help="A checkpoint to go on from, which --set checkpoint=FILE has written."),
    ] = None,
    overwrite: Overwrite = False,
    save_anyway: Annotated[
        bool,
        typer.Option("--save-anyway", help="Save also a fit that is far worse than a constant."),
    ] = False,
    quiet: Quiet = False,
) -> int:
    """Train a network on a table, save it, and measure it on rows held out.

    Numbers, dates, categories and missing values are encoded; the encoding is saved with the model.
    What is in doubt about a column is said; --number, --date, --categorical, --text, --na,
    --decimal and --day-first decide otherwise, and --drop leaves a column out.

    Examples:

        lamina train houses.csv --target price
        lamina train churn.parquet -t left --id customer_id -o churn.lamina
        lamina train --dataset digits --set hidden_layer_sizes=128,64
        lamina train claims.csv -t claims --set loss=poisson --plot loss.png
        lamina train patients.csv -t systolic -t diastolic

    Training ends where the loss on a tenth of its rows no longer falls, and the best epoch is kept.
    Below 500 training rows there is a strong penalty instead: --set alpha=3. Both are left out by
    --set early_stopping=false.

    --set takes every parameter of MLPClassifier and MLPRegressor. Its values are numbers, true,
    false, none, words, and commas for several: 128,64. A point leads into a parameter with entries:
    --set learning_rate=step --set learning_rate_options.every=20.

    Ctrl-C ends the training, not the command: the model so far is saved and measured, and the exit
    code is 130. It is 1 where a fit has failed, or where a saved model could not be measured.
    """
    from lamina.cli.preparing import TrainingRequest
    from lamina.cli.training import train

    reading = reading_options(
        categorical=categorical,
        text=text,
        number=number,
        date=date,
        na=na,
        sep=sep,
        decimal=decimal,
        encoding=encoding,
        day_first=day_first,
    )
    return train(
        TrainingRequest(
            data=data,
            targets=tuple(target or ()),
            dataset=dataset,
            drop=tuple(drop or ()),
            ids=tuple(id or ()),
            task=TASKS[task],
            settings=tuple(settings or ()),
            test_size=test_size,
            seed=seed,
            output=output,
            plot=plot,
            resume=resume,
            overwrite=overwrite,
            save_anyway=save_anyway,
            quiet=quiet,
            reading=reading,
        )
    )


@app.command()
def predict(
    model: ModelFile,
    data: Table,
    output: Annotated[Path | None, typer.Option("--output", "-o", help=OUTPUT_HELP)] = None,
    probabilities: Annotated[
        bool, typer.Option("--probabilities", help="Add a column with each class's probability.")
    ] = False,
    na: Marks = None,
    sep: Separator = None,
    decimal: Decimal = None,
    encoding: Encoding = None,
    day_first: DayFirst = None,
    overwrite: Overwrite = False,
) -> int:
    """Write a model's predictions for the rows of a table, in the table's order.

    Columns are found by name; those that the model doesn't know are passed over. Columns that were
    given to `lamina train --id` come first.

    Examples:

        lamina predict houses.lamina new.csv > prices.csv
        lamina predict iris.lamina flowers.csv --probabilities --output species.csv
    """
    from lamina.cli.prediction import predict

    reading = reading_options(
        na=na, sep=sep, decimal=decimal, encoding=encoding, day_first=day_first
    )
    return predict(
        model, data, output, probabilities=probabilities, overwrite=overwrite, reading=reading
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
