"""`lamina train`: its options and its help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lamina.cli.options import (
    TASKS,
    Dropped,
    Group,
    Ids,
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
        typer.Option(help="A checkpoint to go on from, which --set checkpoint=FILE has written."),
    ] = None,
    overwrite: Overwrite = False,
    save_anyway: Annotated[
        bool,
        typer.Option("--save-anyway", help="Save also a fit that is far worse than a constant."),
    ] = False,
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Train a model on a table, save it, and measure it on rows held out.

    Numbers, dates, categories and missing values are encoded; the encoding is saved with the model.
    Doubts about a column are printed; --number, --date, --categorical, --text, --na, --decimal and
    --day-first decide otherwise, and --drop leaves a column out.

    Examples:

        lamina train --dataset bikes
        lamina train houses.csv --target price
        lamina train churn.parquet -t left --id customer_id -o churn.lamina
        lamina train visits.csv -t cost --group patient --quality fast --refit
        lamina train sales.csv -t amount --time day --json > report.json
        lamina train --dataset digits --model mlp --set hidden_layer_sizes=128,64

    The model is an ensemble: one network or several are fitted without each fold of the training
    rows, and their predictions are averaged. A fifth of the rows is held out of all of it.

    The figures of the held-out rows stand beside those of predictions out of fold (each training
    row, predicted by the networks that were not fitted on it) and of the trivial predictor: the
    class frequencies, or mean and median. --refit fits again on all rows after that; the figures
    are those of the first fit.

    --model mlp trains one network, and takes several targets, --set, --plot and --resume. Training
    ends where the loss on a tenth of its rows no longer falls, and the best epoch is kept. Below
    500 training rows there is a strong penalty instead: --set alpha=3. Both are left out by --set
    early_stopping=false. --set takes every parameter of MLPClassifier and MLPRegressor. Its values
    are numbers, true, false, none, words, and commas for several: 128,64. A point leads into a
    parameter with entries: --set learning_rate=step --set learning_rate_options.every=20.

    Ctrl-C ends the fit with exit code 130. An ensemble is not saved then; one network is, and
    measured. The code is 1 where a fit has failed, or where a saved model could not be measured.
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
            overwrite=overwrite,
            save_anyway=save_anyway,
            quiet=quiet,
            reading=reading,
        )
    )
