"""The command `lamina train`: its options and its help text."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lamina.cli.options import (
    TASKS,
    Device,
    Dropped,
    Group,
    Ids,
    InMemory,
    Json,
    KnownData,
    Model,
    OptionalTable,
    Overwrite,
    Picture,
    Quality,
    Quiet,
    Refit,
    Scoring,
    Seed,
    Settings,
    Spool,
    Targets,
    TaskChoice,
    TaskOption,
    TestSize,
    Time,
    TimeLimit,
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


def train(
    data: OptionalTable = None,
    target: Targets = None,
    dataset: KnownData = None,
    drop: Dropped = None,
    id: Ids = None,
    task: TaskOption = TaskChoice.auto,
    model: Model = None,
    quality: Quality = None,
    time_limit: TimeLimit = None,
    scoring: Scoring = None,
    device: Device = None,
    settings: Settings = None,
    test_size: TestSize = 0.2,
    group: Group = None,
    time: Time = None,
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
    refit: Refit = False,
    plot: Picture = None,
    resume: Annotated[
        Path | None,
        typer.Option(help="A checkpoint to resume from, written by --set checkpoint=FILE."),
    ] = None,
    spool: Spool = None,
    in_memory: InMemory = False,
    overwrite: Overwrite = False,
    save_anyway: Annotated[
        bool,
        typer.Option("--save-anyway", help="Save a model even if it is far worse than a constant."),
    ] = False,
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Train a model on a table, save it, and measure it on held-out rows.

    Numbers, dates, categories and missing values are encoded; the encoding is saved with the model.
    The command prints remarks on doubtful columns. --number, --date, --categorical, --text,
    --na, --decimal and --day-first change how it is read, and --drop leaves it out.

    Examples:

        lamina train --dataset bikes
        lamina train houses.csv --target price
        lamina train churn.parquet -t left --id customer_id -o churn.lamina
        lamina train visits.csv -t cost --group patient --quality fast --refit
        lamina train sales.csv -t amount --time day --json > report.json
        lamina train --dataset digits --model mlp --set hidden_layer_sizes=128,64

    The model is an ensemble: for each fold of the training rows, one or several networks are fitted
    on the other folds, and the predictions of all networks are averaged. A fifth of the rows is
    held out of the whole procedure.

    The report compares three results: on the held-out rows, out of fold (each training row is
    predicted by the networks that were not fitted on it), and for the trivial predictor (class
    frequencies, or mean and median). --refit then fits again on all rows; the report still
    describes the first fit.

    --model mlp trains one network and supports several targets, --set, --plot and --resume. It
    stops when the loss on a tenth of the training rows no longer falls, and keeps the best epoch.
    With fewer than 500 training rows a strong penalty is used instead: --set alpha=3. --set
    early_stopping=false turns both off. --set takes every parameter of MLPClassifier and
    MLPRegressor. A value is a number, true, false, none, a word, or several of these with commas:
    128,64. A dot sets a hyperparameter of a formula, or one entry of a parameter that is a dict:
    --set solver=adamw --set solver.beta_2=0.95.

    A pattern such as 'sales/*.parquet' names several files of one table. A table that does not fit
    into memory is encoded into a spool on disk, and one network is trained on all its rows.

    Ctrl-C ends the fit with exit code 130. One network is saved and measured then, an ensemble is
    not. The exit code is 1 if a fit failed, or if a saved model could not be measured.
    """
    from lamina.cli.request import TrainingRequest
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
            model=None if model is None else model.value,
            quality=quality,
            time_limit=time_limit,
            scoring=scoring,
            device=device,
            settings=tuple(settings or ()),
            test_size=test_size,
            seed=seed,
            group=group,
            time=time,
            refit=refit,
            json=json,
            output=output,
            plot=plot,
            resume=resume,
            spool=spool,
            in_memory=in_memory,
            overwrite=overwrite,
            save_anyway=save_anyway,
            quiet=quiet,
            reading=reading,
        )
    )
