"""`lamina train`: read, split, fit, save, measure, draw, report."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeVar

import pandas as pd
from rich.console import Console
from sklearn.base import is_classifier

from lamina import persistence
from lamina.cli.columns import MOST_COLUMNS, columns_of, show_columns
from lamina.cli.keeping import Fit, save_model, take_notes
from lamina.cli.messages import one_line
from lamina.cli.metrics import by_target, constants_of, measure, measure_constants
from lamina.cli.preparing import (
    TrainingRequest,
    check_request,
    check_targets,
    opening,
    prepare_outputs,
    read_problem,
)
from lamina.cli.progress import progress, working
from lamina.cli.recipe import build_model, encoding_of, network_of
from lamina.cli.report import count, plain_console, show_figures
from lamina.cli.settings import parse_settings
from lamina.cli.splitting import Split, split
from lamina.cli.target_remarks import remarks_on_targets
from lamina.cli.trained_rows import note_rows
from lamina.cli.verdicts import failure, verdicts
from lamina.encoding.table_report import ColumnRecord
from lamina.encoding.understanding import understanding_of
from lamina.errors import NonFiniteError
from lamina.tables.problem import Problem

T = TypeVar("T")

INTERRUPTED = 130
FAILED = 1


def train(request: TrainingRequest) -> int:
    """Run the command; return the exit code."""
    out, err = plain_console(), plain_console(stderr=True)
    out.quiet = request.quiet
    settings = parse_settings(request.settings)
    check_request(request)
    with working(err, f"reading {request.source}", quiet=request.quiet):
        problem = read_problem(request)
    parts = split(problem, request.test_size, request.seed)
    model = build_model(problem.task, settings, request.seed, parts.y_train)
    check_targets(problem, network_of(model))
    prepare_outputs(request, network_of(model))
    with working(err, "looking at the columns", quiet=request.quiet):
        records = columns_of(parts.X_train)
    out.print(opening(request, problem), soft_wrap=True)
    show_columns(out, records)
    for remark in (
        *remarks_on_columns(problem),
        *remarks_on_targets(problem, request.task),
        *parts.remarks,
    ):
        say(err, remark)

    shown = progress(err, quiet=request.quiet)
    try:
        fit = fit_model(model, parts.X_train, parts.y_train, shown, request.resume)
    except NonFiniteError as error:
        say(err, f"the fit has failed, and no model is saved: {one_line(error)}")
        return FAILED
    # The table of columns has said it already, but for columns that it has no room for.
    printed = () if request.quiet else records[:MOST_COLUMNS]
    for remark in (*passed_over(fit.model, printed), *fit.remarks):
        say(err, remark)
    return conclude(Run(request, problem, parts, fit, out, err))


def say(console: Console, remark: str) -> None:
    """Print a remark in a line of its own."""
    console.print(f"lamina: {remark}", soft_wrap=True)


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
        remarks = [f"training interrupted after {n_epochs}; the model so far is saved and measured"]
    return Fit(model, time.monotonic() - started, remarks, interrupted)


def passed_over(model: Any, printed: Sequence[ColumnRecord] = ()) -> list[str]:
    """Return a remark for each column that is not learned from, unless a record says it.

    Parameters
    ----------
    model : estimator
    printed : sequence of ColumnRecord
        What the user has read of the columns.
    """
    encoding = encoding_of(model)
    report = [] if encoding is None else encoding.report_
    said = {record["column"]: record["action"] for record in printed}
    return [
        f"column {record['column']!r} is {record['action']}"
        for record in report
        if record["action"].startswith("left out")
        and said.get(record["column"]) != record["action"]
    ]


def remarks_on_columns(problem: Problem) -> list[str]:
    """Return what the reading of the file found doubtful, but for columns that are dropped."""
    names = [*map(str, problem.features.columns), *problem.target_names]
    return understanding_of(problem.features).remarks_on(names)


@dataclass
class Run:
    """A finished fit with all that it came from, and what goes wrong after it.

    Attributes
    ----------
    troubles : list of str
        What could not be done with the fitted model, in words for the end of the command.
    ended : bool
        Whether Ctrl-C has ended what follows the fit.
    """

    request: TrainingRequest
    problem: Problem
    parts: Split
    fit: Fit
    out: Console
    err: Console
    troubles: list[str] = field(default_factory=list)
    ended: bool = False

    def attempt(self, what: str, step: Callable[[], T]) -> T | None:
        """Do a step, with its progress shown; None where it fails or Ctrl-C ends it."""
        if self.ended:
            return None
        try:
            with working(self.err, what, quiet=self.request.quiet):
                return step()
        except KeyboardInterrupt:
            self.ended = True
            self.troubles.append(f"{what} was interrupted")
        # Whatever happens here, a trained model is not to be lost by it.
        except Exception as error:
            self.troubles.append(f"{what} failed: {one_line(error)}")
        return None


class Measured(NamedTuple):
    """The figures of a model and of the best constant, on the same rows."""

    model: dict[str, Any]
    constant: dict[str, Any]


def conclude(run: Run) -> int:
    """Save the model, measure it, draw its loss curve; return the exit code.

    A fit that has failed on its own training rows is not saved. Nothing that goes wrong after that,
    Ctrl-C included, loses the model.
    """
    training = run.attempt("measuring the training rows", lambda: measured(run, "train"))
    failed = failure_of(run, training)
    if failed is not None and not run.request.save_anyway:
        say(run.err, f"{failed}. No model is saved; --save-anyway would save it")
        return FAILED
    notes = take_notes(run.request, run.problem, run.fit, len(run.parts.y_train))
    path, trouble = save_model(run.fit.model, run.request.model_file, notes, run.request.overwrite)
    if trouble is not None:
        run.troubles.append(trouble)
    if training is not None:
        run.attempt("measuring the held-out rows", lambda: report(run, training, notes, path))
    run.out.print(f"model: {path}", soft_wrap=True)
    plot = run.request.plot
    if plot is not None:
        run.attempt(f"drawing {plot}", lambda: draw(run, plot))
    if failed is not None:
        say(run.err, failed)
    if run.troubles:
        say(run.err, f"the model is saved in {path}, but {'; '.join(run.troubles)}")
    code = FAILED if run.troubles or failed is not None else 0
    return INTERRUPTED if run.ended or run.fit.interrupted else code


def measured(run: Run, part: Literal["train", "test"]) -> Measured:
    """Return the figures of a part of the split."""
    parts, model, names = run.parts, run.fit.model, run.problem.target_names
    X, y = (parts.X_train, parts.y_train) if part == "train" else (parts.X_test, parts.y_test)
    constants = constants_of(model, parts.y_train)
    return Measured(measure(model, X, y, names), measure_constants(model, constants, y, names))


def failure_of(run: Run, training: Measured | None) -> str | None:
    """Return why the fit has failed; None where it has not, or where that cannot be said."""
    if training is None or run.fit.interrupted:
        return None
    if not predicts_frequencies(network_of(run.fit.model)):
        return None
    names = run.problem.target_names
    pairs = zip(by_target(training.model, names), by_target(training.constant, names), strict=True)
    return next(filter(None, (failure(each, best) for (_, each), (_, best) in pairs)), None)


def predicts_frequencies(network: Any) -> bool:
    """Whether the loss aims at the rows' own probabilities or values, and not at weighted ones."""
    if not is_classifier(network):
        return True
    return network.class_weight is None and network.loss == type(network)().loss


def report(run: Run, training: Measured, notes: dict[str, Any], path: Path) -> None:
    """Measure the rows held out, print all figures, and add them to the model's notes."""
    held_out, names = measured(run, "test"), run.problem.target_names
    n_epochs = count(network_of(run.fit.model).n_iter_, "epoch")
    run.out.print(f"trained for {n_epochs}, {run.fit.seconds:.1f} s")
    columns = {"held out": held_out.model, "training": training.model}
    show_figures(run.out, columns, held_out.constant, names)
    for remark in remarks_of(run, training, held_out):
        say(run.err, remark)
    notes |= {
        "held_out": held_out.model,
        "on_training": training.model,
        "constants": constants_of(run.fit.model, run.parts.y_train),
        "trained_rows": note_rows(run.fit.model, run.parts.X_train, run.parts.y_train),
    }
    persistence.save(run.fit.model, path, overwrite=True, notes=notes)


def remarks_of(run: Run, training: Measured, held_out: Measured) -> Iterator[str]:
    """Yield what the figures say in sentences, target by target."""
    if not predicts_frequencies(network_of(run.fit.model)):
        return
    names = run.problem.target_names
    figures = [dict(by_target(each, names)) for each in (*held_out, *training)]
    for name in names:
        reached, best, learned, best_there = (each[name] for each in figures)
        beginning = f"{name}: " if len(names) > 1 else ""
        constant = {"held_out": best, "training": best_there}
        yield from (beginning + remark for remark in verdicts(reached, learned, constant))


def draw(run: Run, path: Path) -> None:
    """Write a picture of the loss curve."""
    from matplotlib.figure import Figure

    from lamina.plots import LossCurveDisplay

    # A Figure of its own, without pyplot, asks for no window on any machine.
    figure = Figure(figsize=(6.4, 4.8), dpi=150, layout="constrained")
    LossCurveDisplay.from_estimator(run.fit.model, ax=figure.add_subplot())
    figure.savefig(path)
    run.out.print(f"loss curve: {path}", soft_wrap=True)
