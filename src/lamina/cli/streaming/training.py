"""Run `lamina train` on a table larger than memory: one network, trained from a spool on disk."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from sklearn.compose import TransformedTargetRegressor
from sklearn.pipeline import Pipeline

import lamina
from lamina.cli.columns import show_columns
from lamina.cli.concluding import FAILED, INTERRUPTED
from lamina.cli.fitting import build, fit_network
from lamina.cli.json_report import finite
from lamina.cli.keeping import Fit, save_model
from lamina.cli.messages import one_line
from lamina.cli.metrics import answers_of, constant_answers, fit_constants
from lamina.cli.preparing import prepare_outputs
from lamina.cli.recipe import get_network
from lamina.cli.report import count, show_figures
from lamina.cli.request import TrainingRequest
from lamina.cli.streaming.choice import reason_to_stream
from lamina.cli.streaming.figures import StreamedFigures
from lamina.cli.streaming.progress import PassProgress, pass_progress
from lamina.cli.terminal import Terminal
from lamina.cli.verdicts import failure, verdicts
from lamina.datasets.dataset import Task
from lamina.datasets.task import task_of_numbers
from lamina.encoding.batches import Source
from lamina.encoding.source_parts import hold_out_rows
from lamina.encoding.source_sampling import SourceSize
from lamina.encoding.source_targets import as_codes
from lamina.encoding.spooling import SpooledSamples, SpoolProgress, SpoolRequest, spooled
from lamina.errors import NonFiniteError, TableError
from lamina.estimators.fitting.source_rows import ENCODING
from lamina.files.chunks import Workspace, slices
from lamina.files.disk_arrays import in_units
from lamina.files.model_file import Json
from lamina.formulas.table import AnyArray

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator

# Rows of the training set that are measured: enough for six digits of a mean.
MOST_MEASURED = 1_000_000


class Figures(NamedTuple):
    """Metrics of the model and of the best constant, on held-out rows and training rows."""

    held_out: dict[str, Json]
    constant_held_out: dict[str, Json]
    training: dict[str, Json]
    constant_training: dict[str, Json]


def train_streamed(
    request: TrainingRequest, source: Source, size: SourceSize, terminal: Terminal
) -> int:
    """Train one network from a spool, save and measure it; return the exit code."""
    refuse_options(request)
    source.check_names([*request.targets, *request.drop, *request.ids])
    task = request.task or guess_task(source, request.targets)
    model = build("mlp", task, request, None)
    network = get_network(model)
    if isinstance(model, TransformedTargetRegressor):
        network.set_params(scale_target=True)
    prepare_outputs(request, network)
    targets = ", ".join(map(repr, request.targets))
    terminal.print(f"{request.source}: {count(size.n_rows, 'row')}; {task} of {targets}")
    for remark in (*source.remarks, reason_to_stream(request, size), *_of_model(request)):
        terminal.print_remark(remark)
    training, held_out = hold_out_rows(source, request.test_size, request.seed)
    spool_request = SpoolRequest(
        request.targets,
        "labels" if task == "classification" else "numbers",
        folder=request.spool,
        drop=(*request.drop, *request.ids),
    )
    try:
        with _spooled(training, spool_request, terminal) as samples:
            return _Run(request, terminal, samples, held_out, task).finish(network)
    except NonFiniteError as error:
        terminal.print_remark(f"the fit has failed, and no model is saved: {one_line(error)}")
        return FAILED
    except KeyboardInterrupt:
        terminal.print_remark("training interrupted before its end: no model is saved")
        return INTERRUPTED


def refuse_options(request: TrainingRequest) -> None:
    """Reject options that need all rows in memory."""
    options = {
        "--group": request.group,
        "--time": request.time,
        "--refit": request.refit or None,
    }
    for option, value in options.items():
        if value is not None:
            raise ValueError(
                f"{option} needs the whole table in memory: leave it out, or give --in-memory"
            )


def _of_model(request: TrainingRequest) -> Iterator[str]:
    if request.model is None and not request.settings:
        yield (
            "one network is trained on all rows, as with --model mlp: --model tabular fits the "
            "ensemble to a random sample of the rows that fits into memory"
        )


def guess_task(source: Source, targets: tuple[str, ...]) -> Task:
    """Return the task of the first target by its distinct values, in one pass over the column."""
    name = targets[0]
    distinct, n_rows = np.empty(0), 0
    for batch in source.batches([name]):
        column = batch.frame()[name].dropna()
        if column.dtype.kind not in "iufb":
            return "regression" if column.dtype.kind == "M" else "classification"
        n_rows += len(column)
        distinct = np.union1d(distinct, column.to_numpy(dtype=np.float64))
        # The rule needs some of the rows for each class, so this many decide it.
        if task_of_numbers(np.repeat(distinct, max(1, 5))) == "regression":
            return "regression"
    if not n_rows:
        raise TableError(f"the target {name!r} has no value in any row of {source.label}")
    return "classification"


@contextmanager
def _spooled(source: Source, request: SpoolRequest, terminal: Terminal) -> Iterator[SpooledSamples]:
    """Encode a source into a spool, and show the progress of both passes."""
    with ExitStack() as stack:
        with pass_progress(terminal.err, quiet=terminal.quiet) as shown:
            progress = _Reporter(shown, terminal)
            samples = stack.enter_context(spooled(source, request, progress=progress))
        yield samples


class _Reporter:
    """Show each pass, and print the size of the spool before it is written."""

    def __init__(self, shown: PassProgress, terminal: Terminal) -> None:
        self.shown, self.terminal, self.said = shown, terminal, False

    def __call__(self, progress: SpoolProgress) -> None:
        if progress.stage == "encoding" and not self.said:
            self.said = True
            rows, size = f"{progress.n_rows_in_all:,} rows", in_units(progress.n_bytes)
            self.terminal.print(f"encoding {rows} into a spool of {size} in {progress.folder}")
        self.shown.update(progress.stage, progress.n_rows, progress.n_rows_in_all)


class _Run:
    """A fit to spooled samples, and the steps that follow it."""

    def __init__(
        self,
        request: TrainingRequest,
        terminal: Terminal,
        samples: SpooledSamples,
        held_out: Source,
        task: Task,
    ) -> None:
        self.request, self.terminal, self.samples = request, terminal, samples
        self.held_out, self.task = held_out, task

    def finish(self, network: BaseEstimator) -> int:
        """Fit the network, save the model and measure it."""
        samples, terminal = self.samples, self.terminal
        show_columns(terminal.out, samples.encoding.report_)
        if samples.n_without:
            terminal.print_remark(f"{samples.n_without:,} rows have no target: they are left out")
        fitted = fit_network(network, samples, self.request.resume, terminal)
        # The pipeline encodes for the network.
        vars(network).pop(ENCODING)
        model = Pipeline([("encoding", samples.encoding), ("model", network)])
        fitted = replace(fitted, model=model)
        for remark in fitted.remarks:
            terminal.print_remark(remark)
        return self._conclude(fitted)

    def _conclude(self, fitted: Fit) -> int:
        """Save the model first, so that no later error loses it."""
        model, request, terminal = fitted.model, self.request, self.terminal
        constants = fit_constants(model, self._targets())
        learned = self._measure_training(model, constants)
        names = request.targets
        failed = None
        if len(names) == 1 and not fitted.interrupted:
            failed = failure(learned[0], learned[1])
        if failed is not None and not request.save_anyway:
            terminal.print_remark(f"{failed}. The model is not saved; --save-anyway saves it")
            return FAILED
        notes = self._notes(fitted) | {"constants": constants}
        path, trouble = save_model(model, request.model_file, notes, request.overwrite)
        figures = Figures(*self._measure_held_out(model, constants), *learned)
        found = self._report(fitted, figures)
        notes |= {
            "held_out": figures.held_out,
            "on_training": figures.training,
            "constant_held_out": figures.constant_held_out,
        }
        lamina.save(model, path, overwrite=True, notes=notes)
        terminal.print(f"model: {path}")
        if trouble is not None:
            terminal.print_remark(f"the model is saved in {path}, but {trouble}")
        if request.json:
            self._print_json(notes, path, found)
        if fitted.interrupted:
            return INTERRUPTED
        return FAILED if trouble is not None or failed is not None else 0

    def _targets(self) -> AnyArray:
        """Return the targets of the training rows: labels for a classifier."""
        samples = self.samples
        if samples.classes is None:
            return samples.y
        workspace, classes = Workspace.of_samples(samples.y), samples.classes
        return workspace.filled(len(samples.y), lambda rows: classes[samples.y[rows]])

    def _measure_training(
        self, model: BaseEstimator, constants: list[dict[str, Json]]
    ) -> tuple[dict[str, Json], dict[str, Json]]:
        """Return the metrics of the model and the constants on the first training rows."""
        samples, network = self.samples, model[-1]
        found, best = StreamedFigures(self.request.targets), StreamedFigures(self.request.targets)
        for rows in slices(min(len(samples.X), MOST_MEASURED)):
            y = samples.y[rows] if samples.classes is None else samples.classes[samples.y[rows]]
            found.add(answers_of(network, samples.X[rows], several=y.ndim == 2), y)
            best.add(constant_answers(network, constants, len(y)), y)
        return found.figures(), best.figures()

    def _measure_held_out(
        self, model: BaseEstimator, constants: list[dict[str, Json]]
    ) -> tuple[dict[str, Json], dict[str, Json]]:
        columns, samples = self.samples.columns, self.samples
        found, best = StreamedFigures(columns.targets), StreamedFigures(columns.targets)
        n_rows = 0
        with pass_progress(self.terminal.err, quiet=self.terminal.quiet) as shown:
            for batch in self.held_out.batches(columns.names):
                n_rows += batch.n_rows
                shown.update("measuring the held-out rows", n_rows, None)
                rows = columns.with_target(batch)
                if not rows.n_rows:
                    continue
                y = columns.read(rows)
                if samples.classes is not None:
                    as_codes(y, samples.classes, columns.targets[0], rows)
                with rows.naming_errors():
                    X = columns.feature_rows(rows).frame()
                    found.add(answers_of(model, X, several=y.ndim == 2), y)
                best.add(constant_answers(model, constants, len(y)), y)
        if not n_rows:
            raise TableError(f"--test-size {self.request.test_size:g} holds out no row: raise it")
        return found.figures(), best.figures()

    def _report(self, fitted: Fit, figures: Figures) -> list[str]:
        """Print the metrics and the verdicts; return the verdicts."""
        network, names = fitted.model[-1], self.request.targets
        epochs = count(network.n_iter_, "epoch")
        self.terminal.print(f"trained {epochs} in {fitted.seconds:.1f} s")
        columns = {"held out": figures.held_out, "training": figures.training}
        show_figures(self.terminal.out, columns, figures.constant_held_out, names)
        if len(names) > 1:
            return []
        constant = {"held_out": figures.constant_held_out, "training": figures.constant_training}
        found = list(verdicts(figures.held_out, figures.training, constant))
        for remark in found:
            self.terminal.print_remark(remark)
        return found

    def _notes(self, fitted: Fit) -> dict[str, Json]:
        request, network = self.request, fitted.model[-1]
        names = list(request.targets)
        return {
            "lamina": lamina.__version__,
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "source": request.source,
            "model": "mlp",
            "task": self.task,
            "target": names[0] if len(names) == 1 else None,
            "targets": names,
            "ids": list(request.ids),
            "target_forms": {},
            "training": {
                "rows": len(self.samples.X),
                "epochs": int(network.n_iter_),
                "loss": float(network.loss_),
                "seconds": round(fitted.seconds, 3),
                "interrupted": fitted.interrupted,
                "seed": request.seed,
                "test_size": request.test_size,
            },
        }

    def _print_json(self, notes: Mapping[str, Json], path: Path, found: list[str]) -> None:
        figures = {"held_out", "on_training", "constant_held_out", "constants", "target_forms"}
        report = {name: value for name, value in notes.items() if name not in figures}
        report |= {
            "file": str(path),
            "rows": {"training": len(self.samples.X), "without_target": self.samples.n_without},
            "columns": list(self.samples.encoding.report_),
            "figures": {
                "held_out": notes["held_out"],
                "training": notes["on_training"],
                "trivial": notes["constant_held_out"],
            },
            "verdicts": found,
            "remarks": self.terminal.remarks,
        }
        print(json.dumps(finite(report), indent=2, ensure_ascii=False, allow_nan=False))
