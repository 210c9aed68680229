"""`lamina train`: read, split, fit, measure, save, draw, report."""

from __future__ import annotations

import os
import time
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pandas as pd

import lamina
from lamina import persistence
from lamina.cli.messages import one_line
from lamina.cli.metrics import measure
from lamina.cli.progress import progress
from lamina.cli.recipe import build_model, encoding_of, network_of, split
from lamina.cli.report import count, plain_console, show_figures
from lamina.cli.settings import parse_settings
from lamina.datasets import load
from lamina.datasets.dataset import Task
from lamina.tables.problem import Problem, as_classes, pose, table_of
from lamina.tables.reading import read_table

MODEL_ENDING = ".lamina"
PICTURE_ENDINGS = (".png", ".pdf", ".svg")
INTERRUPTED = 130


@dataclass(frozen=True)
class TrainingRequest:
    """What was asked for, as `lamina train --help` explains it."""

    data: Path | None
    target: str | None
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
    quiet: bool

    @property
    def source(self) -> str:
        """The data's name without its folder."""
        return self.dataset or (self.data.name if self.data else "")

    @property
    def model_file(self) -> Path:
        """Where the model goes."""
        return self.output or Path(self.source.split(".")[0] + MODEL_ENDING)


@dataclass(frozen=True)
class Fit:
    """A fitted model, and how its fit went."""

    model: Any
    seconds: float
    remarks: list[str]
    interrupted: bool


def train(request: TrainingRequest) -> int:
    """Run the command; returns the exit code."""
    out, err = plain_console(), plain_console(stderr=True)
    out.quiet = request.quiet
    settings = parse_settings(request.settings)
    check_request(request)
    problem = read_problem(request)
    model = build_model(problem.task, settings, request.seed)
    parts = split(problem, request.test_size, request.seed)
    prepare_outputs(request, network_of(model))
    out.print(opening(request, problem))

    shown = progress(err, quiet=request.quiet)
    fit = fit_model(model, parts.X_train, parts.y_train, shown, request.resume)
    for remark in (*passed_over(fit.model), *fit.remarks):
        err.print(f"lamina: {remark}", soft_wrap=True)
    y_test = parts.y_test
    if problem.task == "classification":
        y_test = as_classes(y_test, fit.model.classes_, problem.target_name)
    figures = measure(fit.model, parts.X_test, y_test)
    notes = take_notes(request, problem, fit, len(parts.y_train), figures)
    persistence.save(fit.model, request.model_file, overwrite=request.overwrite, notes=notes)
    if request.plot is not None:
        draw(fit.model, request.plot)

    out.print(f"trained for {count(network_of(fit.model).n_iter_, 'epoch')}, {fit.seconds:.1f} s")
    show_figures(out, figures, "held out")
    out.print(f"model: {request.model_file}", soft_wrap=True)
    if request.plot is not None:
        out.print(f"loss curve: {request.plot}", soft_wrap=True)
    return INTERRUPTED if fit.interrupted else 0


def check_request(request: TrainingRequest) -> None:
    """Refuse what can be refused before anything is read."""
    if (request.data is None) == (request.dataset is None):
        raise ValueError("give either a file or --dataset NAME: lamina train houses.csv -t price")
    if request.data is not None and request.target is None:
        raise ValueError("--target is missing: the name of the column to learn to predict")
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
    """The table of the request, and what is to be learned from it."""
    if request.data is not None and request.target is not None:
        table: pd.DataFrame = read_table(request.data)
        return pose(table, request.target, request.task, request.drop)
    dataset = load(str(request.dataset))
    target = request.target or dataset.target
    task = request.task or (dataset.task if target == dataset.target else None)
    return pose(table_of(dataset), target, task, request.drop)


def prepare_outputs(request: TrainingRequest, network: Any) -> None:
    """Make the folders of the outputs, and refuse those that could not be written."""
    if request.plot is not None and network.solver == "lbfgs":
        raise ValueError(
            "--plot needs a loss curve, which solver=lbfgs keeps none of: leave one out"
        )
    for path in (request.model_file, request.plot):
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            if not os.access(path.parent, os.W_OK):
                raise PermissionError(f"{path.parent} cannot be written to")


def opening(request: TrainingRequest, problem: Problem) -> str:
    """What is about to be learned, in a line."""
    rows = count(len(problem.target), "row")
    left_out = f" ({problem.n_left_out:,} without a target left out)" if problem.n_left_out else ""
    columns = count(problem.features.shape[1], "column")
    kinds = ""
    if problem.task == "classification":
        kinds = f" into {count(len(set(problem.target.tolist())), 'class')}"
    source, target = request.source, problem.target_name
    return f"{source}: {rows}{left_out}, {columns}; {problem.task} of {target!r}{kinds}"


def fit_model(model: Any, X: pd.DataFrame, y: Any, shown: Any, resume: Path | None = None) -> Fit:
    """Fit, with progress shown, and warnings kept as remarks of a line each."""
    started = time.monotonic()
    with warnings.catch_warnings(record=True) as caught, shown:
        warnings.simplefilter("always")
        model.fit(X, y, **({} if resume is None else {"model__resume": resume}))
    remarks = [one_line(str(warning.message)) for warning in caught]
    findings = map(one_line, network_of(model).diagnoses_ or ())
    remarks += [each for each in findings if not any(each in remark for remark in remarks)]
    interrupted = any("interrupted" in remark for remark in remarks)
    if interrupted:
        n_epochs = count(network_of(model).n_iter_, "epoch")
        remarks = [f"training interrupted after {n_epochs}; the model so far is measured and saved"]
    return Fit(model, time.monotonic() - started, remarks, interrupted)


def passed_over(model: Any) -> list[str]:
    """A remark for each column that has nothing to tell, because its values are all rare."""
    encoding = encoding_of(model)
    categories = {} if encoding is None else encoding.categories_
    return [
        f"column {name!r} is passed over: hardly any of its values occurs twice"
        for name, kept in categories.items()
        if not kept
    ]


def take_notes(
    request: TrainingRequest,
    problem: Problem,
    fit: Fit,
    n_train: int,
    figures: dict[str, Any],
) -> dict[str, Any]:
    """What is kept beside the model: JSON's values only."""
    network = network_of(fit.model)
    return {
        "lamina": lamina.__version__,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "source": request.source,
        "task": problem.task,
        "target": problem.target_name,
        "held_out": figures,
        "training": {
            "rows": n_train,
            "epochs": int(network.n_iter_),
            "loss": float(network.loss_),
            "seconds": round(fit.seconds, 3),
            "interrupted": fit.interrupted,
            "seed": request.seed,
            "test_size": request.test_size,
        },
    }


def draw(model: Any, path: Path) -> None:
    """Write a picture of the loss curve."""
    from matplotlib.figure import Figure

    from lamina.plots import LossCurveDisplay

    # A Figure of its own, without pyplot, asks for no window on any machine.
    figure = Figure(figsize=(6.4, 4.8), dpi=150, layout="constrained")
    LossCurveDisplay.from_estimator(model, ax=figure.add_subplot())
    figure.savefig(path)
