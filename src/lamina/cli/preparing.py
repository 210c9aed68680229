"""What `lamina train` checks and reads before any work begins."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pandas as pd

from lamina.cli.report import count
from lamina.datasets import load
from lamina.datasets.dataset import Task
from lamina.tables.contents import STANDARD_INPUT
from lamina.tables.options import DEFAULTS, ReadingOptions
from lamina.tables.problem import Problem, pose, table_of
from lamina.tables.reading import read_table

MODEL_ENDING = ".lamina"
PICTURE_ENDINGS = (".png", ".pdf", ".svg")
# What the columns of predictions begin with.
PREDICTED = ("prediction", "probability_", "quantile_", "std")
# No model with its notes is smaller than some kilobytes; most are below a megabyte.
FEWEST_FREE_BYTES = 1 << 20


@dataclass(frozen=True)
class TrainingRequest:
    """What was asked for, as `lamina train --help` explains it."""

    data: Path | None
    targets: tuple[str, ...]
    dataset: str | None
    drop: tuple[str, ...]
    task: Task | None
    settings: tuple[str, ...]
    test_size: float
    seed: int
    output: Path | None
    plot: Path | None
    resume: Path | None
    overwrite: bool
    save_anyway: bool
    quiet: bool
    reading: ReadingOptions = DEFAULTS
    ids: tuple[str, ...] = ()

    @property
    def source(self) -> str:
        """The data's name without its folder."""
        name = self.data.name if self.data else ""
        return self.dataset or ("stdin" if name == STANDARD_INPUT else name)

    @property
    def model_file(self) -> Path:
        """Where the model goes."""
        return self.output or Path(self.source.split(".")[0] + MODEL_ENDING)

    @property
    def outputs(self) -> tuple[Path, ...]:
        """Every file that is to be written."""
        return (self.model_file,) if self.plot is None else (self.model_file, self.plot)


def check_request(request: TrainingRequest) -> None:
    """Refuse what can be refused before anything is read."""
    if (request.data is None) == (request.dataset is None):
        raise ValueError("give either a file or --dataset NAME: lamina train houses.csv -t price")
    if request.data is not None and not request.targets:
        raise ValueError("--target is missing: the name of the column to learn to predict")
    for name in request.ids:
        if name.startswith(PREDICTED):
            raise ValueError(
                f"--id {name!r}: predict names its own columns so. Rename the column in the file"
            )
    for path, option in ((request.model_file, "--output"), (request.plot, "--plot")):
        if path is not None and path.is_dir():
            raise IsADirectoryError(f"{option} {path} is a folder: name a file in it")
        if path is not None and path.exists() and not request.overwrite:
            raise FileExistsError(
                f"{path} is there already: give --overwrite to replace it, or another {option}"
            )
    if request.plot is not None:
        check_picture(request.plot)


def check_picture(path: Path) -> None:
    """Refuse a picture that could not be drawn at the end."""
    if path.suffix.lower() not in PICTURE_ENDINGS:
        raise ValueError(f"--plot {path} must end in one of {', '.join(PICTURE_ENDINGS)}")
    if find_spec("matplotlib") is None:
        raise ImportError('--plot needs matplotlib: pip install "lamina[plots]"')


def read_problem(request: TrainingRequest) -> Problem:
    """Read the table of the request, and pose what is to be learned from it."""
    if request.data is not None:
        table: pd.DataFrame = read_table(request.data, request.reading)
        return pose(table, request.targets, request.task, (*request.drop, *request.ids))
    dataset = load(str(request.dataset))
    targets = request.targets or (dataset.target,)
    task = request.task or (dataset.task if targets == (dataset.target,) else None)
    return pose(table_of(dataset), targets, task, (*request.drop, *request.ids))


def prepare_outputs(request: TrainingRequest, network: Any) -> None:
    """Make the folders of the outputs, and refuse those that could not be written."""
    if request.plot is not None and network.solver == "lbfgs":
        raise ValueError(
            "--plot needs a loss curve, which solver=lbfgs keeps none of: leave one out"
        )
    for path in request.outputs:
        path.parent.mkdir(parents=True, exist_ok=True)
        check_folder(path.parent)


def check_folder(folder: Path) -> None:
    """Refuse a folder in which no file can be made, or whose disk is full."""
    try:
        # What permissions say is not always true: of root, and of read-only or network drives.
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        reason = error.strerror or str(error)
        raise PermissionError(f"{folder} cannot be written to: {reason.lower()}") from None
    free = shutil.disk_usage(folder).free
    if free < FEWEST_FREE_BYTES:
        raise OSError(
            f"the disk of {folder} has {free:,} bytes left, too few for a model: free "
            "some, or give another --output"
        )


def check_targets(problem: Problem, network: Any) -> None:
    """Refuse several targets with what one target alone can have."""
    quantiles = getattr(network, "quantile", None)
    if len(problem.target_names) > 1 and isinstance(quantiles, tuple | list):
        raise ValueError(
            f"--set quantile={quantiles!r} predicts several numbers of each of "
            f"{len(problem.target_names)} targets, which a table has no columns for: train a model "
            "for each target, or give one quantile"
        )


def opening(request: TrainingRequest, problem: Problem) -> str:
    """Say in a line what is about to be learned."""
    rows = count(len(problem.target), "row")
    left_out = f" ({problem.n_left_out:,} without a target left out)" if problem.n_left_out else ""
    columns = count(problem.features.shape[1], "column")
    targets = ", ".join(_described(problem, name) for name in problem.target_names)
    return f"{request.source}: {rows}{left_out}, {columns}; {problem.task} of {targets}"


def _described(problem: Problem, name: str) -> str:
    if problem.task == "regression":
        return repr(name)
    return f"{name!r} into {count(len(set(problem.columns[name].tolist())), 'class')}"
