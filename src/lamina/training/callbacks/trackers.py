"""Experiment tracking: TensorBoard, MLflow, and pruning by Optuna.

Each library is imported when its callback is created; a missing one is a one-line error.
"""

from __future__ import annotations

import math
import os
import time
from importlib import import_module
from types import ModuleType
from typing import Any, Protocol

from lamina.training.under_way import FitUnderWay


def library(name: str, user: str) -> ModuleType:
    """Import an optional library, or raise an ImportError that says how to install it."""
    try:
        return import_module(name)
    except ImportError:
        package = name.partition(".")[0]
        raise ImportError(f'{user} needs {package}: pip install "lamina[{package}]"') from None


def available(row: dict[str, float]) -> dict[str, float]:
    """Return the available values of an epoch, without its number."""
    return {k: float(v) for k, v in row.items() if k != "epoch" and not math.isnan(v)}


class TensorBoardLogger:
    """Logger that writes the history as TensorBoard scalars: `tensorboard --logdir FOLDER`.

    Parameters
    ----------
    folder : str or path-like
        Folder of the event file; it is created if needed.

    Raises
    ------
    ImportError
        If tensorboard is not installed.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = os.fspath(folder)
        self._files = library("tensorboard.summary.writer.event_file_writer", type(self).__name__)
        self._events = library("tensorboard.compat.proto.event_pb2", type(self).__name__)
        self._summaries = library("tensorboard.compat.proto.summary_pb2", type(self).__name__)
        self._writer: Any = None

    def on_fit_begin(self, fit: FitUnderWay) -> None:
        self._writer = self._files.EventFileWriter(self.folder)

    def on_epoch_end(self, fit: FitUnderWay) -> None:
        values = [
            self._summaries.Summary.Value(tag=name, simple_value=value)
            for name, value in available(fit.row).items()
        ]
        summary = self._summaries.Summary(value=values)
        event = self._events.Event(wall_time=time.time(), step=fit.epoch, summary=summary)
        self._writer.add_event(event)

    def on_fit_end(self, fit: FitUnderWay) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None


class MLflowLogger:
    """Logger that writes the model's parameters and the history into MLflow's active or new run.

    Raises
    ------
    ImportError
        If mlflow is not installed.
    """

    def __init__(self) -> None:
        self._mlflow = library("mlflow", type(self).__name__)

    def on_fit_begin(self, fit: FitUnderWay) -> None:
        parameters = fit.model.get_params(deep=False)
        self._mlflow.log_params({k: v for k, v in parameters.items() if k != "callbacks"})

    def on_epoch_end(self, fit: FitUnderWay) -> None:
        self._mlflow.log_metrics(available(fit.row), step=fit.epoch)


class Trial(Protocol):
    """Methods of an optuna.Trial that pruning calls."""

    def report(self, value: float, step: int) -> None: ...
    def should_prune(self) -> bool: ...


class OptunaPruning:
    """Callback that reports every epoch to an Optuna trial, and ends the trial when pruned.

    Parameters
    ----------
    trial : optuna.Trial
    column : str, default='validation_loss'
        Column of the history to report; the study's direction must match it: 'minimize' for a
        loss, 'maximize' for a score.

    Raises
    ------
    ImportError
        If optuna is not installed.
    """

    def __init__(self, trial: Trial, column: str = "validation_loss") -> None:
        self._optuna = library("optuna", type(self).__name__)
        self.trial, self.column = trial, column

    def on_epoch_end(self, fit: FitUnderWay) -> None:
        row = fit.row
        if self.column not in row:
            raise ValueError(
                f"column={self.column!r} of OptunaPruning is not in the history, which has "
                f"{', '.join(row)}. Pass validation_data to fit, or name another column."
            )
        self.trial.report(row[self.column], fit.epoch)
        if self.trial.should_prune():
            raise self._optuna.TrialPruned(f"pruned in epoch {fit.epoch}")
