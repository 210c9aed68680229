"""Fit a model, show its progress, and collect its warnings as remarks."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from lamina.cli.ensemble import build_ensemble
from lamina.cli.ensemble_progress import ensemble_progress
from lamina.cli.keeping import Fit
from lamina.cli.messages import one_line
from lamina.cli.progress import progress
from lamina.cli.recipe import build_model, get_encoding, get_network
from lamina.cli.report import count
from lamina.cli.request import ModelKind, TrainingRequest
from lamina.cli.settings import parse_settings
from lamina.cli.terminal import Terminal
from lamina.datasets.dataset import Task
from lamina.encoding.frames import ArrayOrTable
from lamina.encoding.spooling import SpooledSamples
from lamina.encoding.table_columns import ColumnRecord, is_left_out
from lamina.errors import NoBetterThanTrivialWarning
from lamina.files.model_file import Json
from lamina.formulas.table import AnyArray
from lamina.tabular.base import TabularEstimator

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator


def build(kind: ModelKind, task: Task, request: TrainingRequest, y: ArrayOrTable) -> BaseEstimator:
    """Return the unfitted model of a request for the targets `y`."""
    if kind == "tabular":
        return build_ensemble(task, request)
    device = {} if request.device is None else {"device": request.device}
    return build_model(task, parse_settings(request.settings) | device, request.seed, y)


def fit(
    model: BaseEstimator,
    X: pd.DataFrame,
    y: ArrayOrTable,
    terminal: Terminal,
    options: Mapping[str, object],
) -> Fit:
    """Fit a model and show its progress on the terminal.

    Parameters
    ----------
    model : estimator
    X, y : DataFrame, ndarray
    terminal : Terminal
    options : dict
        Further arguments of `fit`.
    """
    if isinstance(model, TabularEstimator):
        shown = ensemble_progress(terminal.err, model, quiet=terminal.quiet)
        return _fit(model, lambda: model.fit(X, y, **options), shown)
    shown = progress(terminal.err, quiet=terminal.quiet)
    return _with_findings(_fit(model, lambda: model.fit(X, y, **options), shown))


def fit_network(
    network: BaseEstimator, samples: SpooledSamples, resume: Path | None, terminal: Terminal
) -> Fit:
    """Fit a network to the samples in a spool, and show its progress on the terminal."""
    shown = progress(terminal.err, quiet=terminal.quiet)
    return _with_findings(_fit(network, lambda: network.fit_samples(samples, resume), shown))


def _with_findings(fitted: Fit) -> Fit:
    """Return the fit of a network with its diagnoses, and whether Ctrl-C ended it."""
    model = fitted.model
    findings = map(one_line, get_network(model).diagnoses_ or ())
    remarks = list(fitted.remarks)
    remarks += [each for each in findings if not any(each in remark for remark in remarks)]
    interrupted = any("interrupted" in remark for remark in remarks)
    if interrupted:
        n_epochs = count(get_network(model).n_iter_, "epoch")
        remarks = [f"training interrupted after {n_epochs}; the model so far is saved and measured"]
    return Fit(model, fitted.seconds, remarks, interrupted)


def _fit(
    model: BaseEstimator, run: Callable[[], object], shown: AbstractContextManager[None]
) -> Fit:
    started = time.monotonic()
    with warnings.catch_warnings(record=True) as caught, shown:
        warnings.simplefilter("always")
        run()
    remarks = dict.fromkeys(
        one_line(str(warning.message))
        for warning in caught
        if not issubclass(warning.category, NoBetterThanTrivialWarning)
    )
    return Fit(model, time.monotonic() - started, list(remarks), False, _doubt(caught))


def _doubt(caught: Sequence[warnings.WarningMessage]) -> str | None:
    """Return the warning that the fit is no better than a trivial predictor, or None."""
    for warning in caught:
        if issubclass(warning.category, NoBetterThanTrivialWarning):
            return one_line(str(warning.message))
    return None


def fit_options(
    kind: ModelKind, resume: Path | None, by: Mapping[str, AnyArray]
) -> dict[str, Json]:
    """Return further arguments of `fit`: the checkpoint to resume from, or groups or times."""
    if kind == "tabular":
        return dict(by)
    return {} if resume is None else {"model__resume": resume}


def describe_length(model: BaseEstimator) -> str:
    """Return the length of a fit as text, in epochs or networks."""
    if isinstance(model, TabularEstimator):
        return count(len(model.members_), "network")
    return count(get_network(model).n_iter_, "epoch")


def remarks_on_left_out(model: BaseEstimator, printed: Sequence[ColumnRecord] = ()) -> list[str]:
    """Return a remark for each column that is not a feature, unless it was printed already.

    Parameters
    ----------
    model : estimator
    printed : sequence of ColumnRecord
        Records that the user has already seen.
    """
    encoding = get_encoding(model)
    report = [] if encoding is None else encoding.report_
    shown = {record["column"]: record["action"] for record in printed}
    return [
        f"column {record['column']!r} is {record['action']}"
        for record in report
        if is_left_out(record) and shown.get(record["column"]) != record["action"]
    ]
