"""The arguments and options of the commands, each with its help text."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lamina.cli.commands import DATA_NAMES, QUALITY_NAMES

if TYPE_CHECKING:
    from lamina.datasets.dataset import Task


class TaskChoice(StrEnum):
    """The values of --task."""

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
        help=f"How much time the ensemble may spend on accuracy: {QUALITY_NAMES}.",
        show_default="balanced",
    ),
]
TimeLimit = Annotated[
    float | None,
    typer.Option(metavar="SECONDS", help="Time limit for fitting the ensemble, in seconds."),
]
Scoring = Annotated[
    str | None,
    typer.Option(
        metavar="SCORER",
        help="The scikit-learn scorer that selects the ensemble, such as neg_log_loss.",
        show_default="roc_auc, neg_log_loss or neg_root_mean_squared_error",
    ),
]
Device = Annotated[
    str | None,
    typer.Option(
        metavar="DEVICE",
        help="Where to compute: cpu, cuda, cuda:1, mps, or auto for the best device present. A GPU "
        'needs PyTorch: pip install "lamina[torch]".',
        show_default="cpu",
    ),
]
Group = Annotated[
    str | None,
    typer.Option(
        metavar="COLUMN",
        help="Keep rows with the same value, such as those of one patient, on one side of every "
        "split; the column is not used as a feature.",
    ),
]
Time = Annotated[
    str | None,
    typer.Option(
        metavar="COLUMN", help="Hold out the latest rows by this column of dates or numbers."
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
    typer.Option("--json", help="Print only the report on stdout, as JSON."),
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
        help="The column to predict; give the option several times to predict several columns.",
    ),
]
KnownData = Annotated[
    str | None,
    typer.Option(metavar="NAME", help=f"A built-in data set in place of DATA: {DATA_NAMES}."),
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
        help="A column that identifies the rows: no feature, but copied into the predictions.",
    ),
]
TaskOption = Annotated[
    TaskChoice,
    typer.Option(metavar="TASK", help=f"{', '.join(TaskChoice)}; auto decides by the target."),
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
    float, typer.Option(help="The fraction of the rows held out to measure the model.")
]
Seed = Annotated[int, typer.Option(min=0, help="Seed of the split and of the model's fit.")]
Picture = Annotated[
    Path | None, typer.Option(help="A picture of the loss curve: .png, .pdf or .svg.")
]
Spool = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER",
        help="Train from a spool in this folder: the encoded rows in files, removed at the end. "
        "Tables that do not fit into memory have one by themselves.",
        show_default="that of temporary files",
    ),
]
InMemory = Annotated[
    bool, typer.Option("--in-memory", help="Read the table as a whole, however large it is.")
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace existing files.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print only warnings and errors.")]
