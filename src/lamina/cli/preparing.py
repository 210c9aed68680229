"""Check and read the input of `lamina train` before any work begins."""

from __future__ import annotations

import shutil
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from lamina.choices import name_of
from lamina.cli.known_data import read_known
from lamina.cli.model_choice import check_options
from lamina.cli.report import count
from lamina.cli.request import TrainingRequest
from lamina.cli.streaming.choice import names_several, source_of_training
from lamina.encoding.source_parts import sample_frame
from lamina.encoding.source_sampling import frame_of_source
from lamina.estimators.settings.formula_choices import hyperparameters_of
from lamina.formulas import is_minibatch
from lamina.formulas.losses import QUANTILE
from lamina.tables.problem import Problem, column, define_problem
from lamina.tables.reading import read_table

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator

PICTURE_ENDINGS = (".png", ".pdf", ".svg")
# Prefixes of the columns that `lamina predict` writes.
PREDICTED = ("prediction", "probability_", "quantile_", "std")
# A model with its notes takes at least some kilobytes; most take less than a megabyte.
FEWEST_FREE_BYTES = 1 << 20


def check_request(request: TrainingRequest) -> None:
    """Reject an invalid request before any file is read."""
    if (request.data is None) == (request.dataset is None):
        raise ValueError("give either a file or --dataset NAME: lamina train houses.csv -t price")
    if request.data is not None and not request.targets:
        raise ValueError("--target is missing: the name of the column to predict")
    check_options(request)
    check_division(request)
    for name in request.ids:
        if name.startswith(PREDICTED):
            raise ValueError(
                f"--id {name!r}: predict uses this name for a column of its own. Rename the column "
                "in the file"
            )
    for path, option in ((request.model_file, "--output"), (request.plot, "--plot")):
        if path is not None and path.is_dir():
            raise IsADirectoryError(f"{option} {path} is a folder: name a file in it")
        if path is not None and path.exists() and not request.overwrite:
            raise FileExistsError(
                f"{path} exists already: give --overwrite to replace it, or another {option}"
            )
    if request.plot is not None:
        check_picture(request.plot)


def check_picture(path: Path) -> None:
    """Reject a picture that could not be written at the end."""
    if path.suffix.lower() not in PICTURE_ENDINGS:
        raise ValueError(f"--plot {path} must end in one of {', '.join(PICTURE_ENDINGS)}")
    if find_spec("matplotlib") is None:
        raise ImportError('--plot needs matplotlib: pip install "lamina[plots]"')


def check_division(request: TrainingRequest) -> None:
    """Reject options for the split that contradict each other or the target."""
    if request.group is not None and request.time is not None:
        raise ValueError(
            f"--group {request.group} and --time {request.time} exclude each other: leave one out"
        )
    for option, name in (("--group", request.group), ("--time", request.time)):
        if name is not None and name in request.targets:
            raise ValueError(f"{option} {name!r} is the target: choose another column")


class Reading(NamedTuple):
    """A problem, and the columns that decide which of its rows are held out.

    Attributes
    ----------
    problem : Problem
    groups, times : Series of shape (n_samples,) or None
        The columns of --group and --time.
    """

    problem: Problem
    groups: pd.Series | None = None
    times: pd.Series | None = None


def read_problem(request: TrainingRequest) -> Reading:
    """Read the table of the request and return the problem of predicting its target."""
    if request.data is not None:
        table: pd.DataFrame = _read_data(request.data, request)
        targets, task = request.targets, request.task
    else:
        table, target, known_task = read_known(str(request.dataset), request.reading)
        targets = request.targets or (target,)
        task = request.task or (known_task if targets == (target,) else None)
    # New rows belong to new groups, so the group's name is not a feature.
    groups = () if request.group is None else (request.group,)
    problem = define_problem(table, targets, task, (*request.drop, *request.ids, *groups))
    rows = problem.features.index
    columns = (None if name is None else column(table, name) for name in request.by.values())
    return Reading(problem, *(None if found is None else found.loc[rows] for found in columns))


def _read_data(data: Path, request: TrainingRequest) -> pd.DataFrame:
    """Return the rows of a file, or of several; of a large table those that fit into memory."""
    source = source_of_training(request)
    if source is None or (request.in_memory and not names_several(data)):
        return read_table(data, request.reading)
    if request.in_memory:
        return sample_frame(source)
    found = frame_of_source(source, request.seed)
    if found.remark is not None:
        print(f"lamina: {found.remark}", file=sys.stderr)
    elif not names_several(data):
        return read_table(data, request.reading)
    return found.frame


def prepare_outputs(request: TrainingRequest, network: BaseEstimator) -> None:
    """Create the folders of the outputs, and reject files that could not be written."""
    if request.plot is not None and not _has_loss_curve(network):
        raise ValueError(
            f"--plot needs a loss curve, and solver={name_of(network.solver)} records none with "
            f"engine={network.engine}: leave one out"
        )
    for path in request.outputs:
        path.parent.mkdir(parents=True, exist_ok=True)
        check_folder(path.parent)


def _has_loss_curve(network: BaseEstimator) -> bool:
    return is_minibatch(network.solver) or network.engine != "reference"


def check_folder(folder: Path) -> None:
    """Reject a folder in which no file can be created, or whose disk is full."""
    try:
        # Permission bits mislead for root and on read-only or network drives, so create a file.
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


def check_targets(problem: Problem, network: BaseEstimator) -> None:
    """Reject several targets combined with a loss of several quantiles."""
    # An ensemble for tables has no loss of its own.
    hyperparameters = hyperparameters_of(network, "loss") if hasattr(network, "loss") else {}
    quantiles = hyperparameters.get(QUANTILE.name)
    if len(problem.target_names) > 1 and isinstance(quantiles, tuple | list):
        raise ValueError(
            f"--set quantile={quantiles!r} predicts several numbers of each of "
            f"{len(problem.target_names)} targets, which a table has no columns for: train a model "
            "for each target, or give one quantile"
        )


def opening(request: TrainingRequest, problem: Problem) -> str:
    """Return the first line of the report: the data, its size and the task."""
    rows = count(len(problem.target), "row")
    left_out = f" ({problem.n_left_out:,} without a target left out)" if problem.n_left_out else ""
    columns = count(problem.features.shape[1], "column")
    targets = ", ".join(_described(problem, name) for name in problem.target_names)
    return f"{request.source}: {rows}{left_out}, {columns}; {problem.task} of {targets}"


def _described(problem: Problem, name: str) -> str:
    if problem.task == "regression":
        return repr(name)
    return f"{name!r} into {count(len(set(problem.columns[name].tolist())), 'class')}"
