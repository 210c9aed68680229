"""The options and arguments of the commands, each with its help."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lamina.cli.commands import DATA_NAMES, QUALITY_NAMES

if TYPE_CHECKING:
    from lamina.datasets.dataset import Task


class TaskChoice(StrEnum):
    """What --task takes."""

    auto = "auto"
    classification = "classification"
    regression = "regression"


TASKS: dict[TaskChoice, Task | None] = {
    TaskChoice.auto: None,
    TaskChoice.classification: "classification",
    TaskChoice.regression: "regression",
}


class ModelChoice(StrEnum):
    """The values of --model."""

    tabular = "tabular"
    mlp = "mlp"


Model = Annotated[
    ModelChoice | None,
    typer.Option(
        metavar="MODEL",
        help="tabular, the ensemble for tables, or mlp, one network with the parameters of --set.",
        show_default="tabular",
    ),
]
Quality = Annotated[
    str | None,
    typer.Option(
        metavar="QUALITY",
        help=f"How much time the ensemble takes for its accuracy: {QUALITY_NAMES}.",
        show_default="balanced",
    ),
]
TimeLimit = Annotated[
    float | None,
    typer.Option(metavar="SECONDS", help="The seconds that the fit of the ensemble may take."),
]
Scoring = Annotated[
    str | None,
    typer.Option(
        metavar="SCORER",
        help="A scorer of scikit-learn, such as neg_log_loss, that the ensemble is chosen by.",
        show_default="roc_auc, neg_log_loss or neg_root_mean_squared_error",
    ),
]
Group = Annotated[
    str | None,
    typer.Option(
        metavar="COLUMN",
        help="Rows with the same value, such as those of a patient, stay on one side of every "
        "split; the column is not learned from.",
    ),
]
Time = Annotated[
    str | None,
    typer.Option(
        metavar="COLUMN", help="Hold out the last rows by this column of dates or numbers."
    ),
]
Refit = Annotated[
    bool,
    typer.Option(
        "--refit",
        help="After measuring, fit again on all rows, held-out ones included, and save that model.",
    ),
]
Json = Annotated[
    bool,
    typer.Option("--json", help="Print the whole report as JSON, and nothing else, on stdout."),
]
ModelFile = Annotated[
    Path, typer.Argument(metavar="MODEL", help="A file that `lamina train` wrote.")
]
OUTPUT_HELP = (
    "A file that ends in .csv, .tsv, .parquet, .feather or .jsonl; by default the terminal."
)
TABLE_HELP = "CSV, Parquet, Feather, JSON lines or Excel, also compressed; - for standard input."
Table = Annotated[Path, typer.Argument(metavar="DATA", help=TABLE_HELP)]
OptionalTable = Annotated[Path | None, typer.Argument(metavar="DATA", help=TABLE_HELP)]
Targets = Annotated[
    list[str] | None,
    typer.Option(
        "--target",
        "-t",
        metavar="COLUMN",
        help="The column to learn to predict; several, given one by one, are learned together.",
    ),
]
KnownData = Annotated[
    str | None,
    typer.Option(metavar="NAME", help=f"Known data, in place of DATA: {DATA_NAMES}."),
]
Dropped = Annotated[
    list[str] | None,
    typer.Option(metavar="COLUMN", help="A column to leave out; may be given several times."),
]
Ids = Annotated[
    list[str] | None,
    typer.Option(
        "--id",
        metavar="COLUMN",
        help="A column that names the rows: not learned from, and written beside the predictions.",
    ),
]
TaskOption = Annotated[
    TaskChoice,
    typer.Option(metavar="TASK", help=f"{', '.join(TaskChoice)}; auto goes by the target."),
]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        "-s",
        metavar="NAME=VALUE",
        help="A parameter of the network of --model mlp; may be given several times.",
    ),
]
TestSize = Annotated[
    float, typer.Option(help="The part of the rows that is held out to measure the model.")
]
Seed = Annotated[int, typer.Option(min=0, help="Draws the split and, unless --set, random_state.")]
Picture = Annotated[
    Path | None, typer.Option(help="A picture of the loss curve: .png, .pdf or .svg.")
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace files that are there.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but warnings and errors.")]
