"""Set up validation: held-out samples or validation_data, and the metrics on them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from lamina.encoding.frames import ArrayOrTable
from lamina.engines import Objective
from lamina.estimators.fitting.fitted_network import network_attributes
from lamina.estimators.fitting.fitted_parts import Attributes
from lamina.estimators.fitting.input_stage import CATEGORIES
from lamina.estimators.fitting.scorers import measure_by
from lamina.estimators.fitting.tasks import Task
from lamina.estimators.settings.fit_settings import FitSettings
from lamina.estimators.settings.monitoring import Monitored
from lamina.estimators.settings.parametrized import Parametrized
from lamina.files.chunks import IN_MEMORY, Workspace
from lamina.formulas.table import Array, Matrix
from lamina.network import Network, NetworkSpec
from lamina.training import Monitor, Validation
from lamina.training.validation import loss_on


class HeldOut(NamedTuple):
    """Validation set of a fit.

    Attributes
    ----------
    X : ndarray or csr matrix of shape (n_held_out, n_features)
    task : Task
        Its targets, encoded like the training targets.
    weight : ndarray of shape (n_held_out,) or (n_held_out, n_targets), or None
    """

    X: Matrix
    task: Task
    weight: Array | None


def split_validation_data(settings: FitSettings, validation_data: object) -> Sequence[ArrayOrTable]:
    """Return X, y and optional weights of `validation_data=`.

    Raises
    ------
    ValueError
        For a value that is not a tuple of two or three.
    """
    if not isinstance(validation_data, (tuple, list)) or len(validation_data) not in (2, 3):
        raise ValueError(
            "validation_data must be (X_val, y_val) or (X_val, y_val, weight_val), got "
            f"{type(validation_data).__name__}."
        )
    return validation_data


def build_validation(
    model: Parametrized,
    spec: NetworkSpec,
    objective: Objective,
    parameters: Array,
    held_out: HeldOut,
    monitor: Monitored,
    workspace: Workspace = IN_MEMORY,
) -> Validation:
    """Return the validation that the epoch loop runs after each epoch.

    Parameters
    ----------
    model : estimator
    spec : NetworkSpec
    objective : Objective
    parameters : ndarray of shape (n_parameters,)
        Initial parameters that predict.
    held_out : HeldOut
    monitor : Monitored
    workspace : Workspace, optional
        Place of the predictions and the encoded targets, in memory by default.
    """
    dtype, (X, task, weight) = parameters.dtype, held_out
    _refuse_weights_of_zero(weight)
    rows = task.rows(X, weight, dtype, workspace)
    X, loss = rows.X, loss_on(spec, rows, objective)
    if not monitor.scorers:
        score = task.score_on(weight, workspace)
        metrics = metric_names(task, monitor)
        # scikit-learn counts an epoch whose own score is NaN as progress.
        strict = monitor.decides is not Monitor.SCORE
        decides = monitor.decides
        return Validation(
            X, lambda p, _: (score(p),), metrics, loss, decides, strict, workspace=workspace
        )
    network = Network(spec, parameters)
    shown = network if task.scaling is None else task.scaling.fold(network)
    probe = build_probe(model, network_attributes(shown) | task.attributes())

    def measure(prediction: Array, present: Array) -> Sequence[float]:
        if task.scaling is not None:
            shown.parameters[:] = task.scaling.fold(Network(spec, present)).parameters
        elif not np.may_share_memory(shown.parameters, present):
            shown.parameters[:] = present
        return measure_by(monitor.scorers, probe, held_out.X, task.y, weight)

    metrics = metric_names(task, monitor)
    return Validation(X, measure, metrics, loss, monitor.decides, True, True, workspace)


def metric_names(task: Task, monitor: Monitored) -> tuple[str, ...]:
    """Return the names of the validation metrics: those of `monitor=`, else the task's."""
    return tuple(monitor.scorers) or (task.metric,)


def build_probe(model: Parametrized, attributes: Attributes) -> Any:
    """Return an estimator that predicts as the model would with other fitted attributes.

    It has no feature names and no categories, because its X is an array without names, with codes
    in place of categories.
    """
    probe = object.__new__(type(model))
    probe.__dict__.update(model.__dict__ | attributes)
    for name in ("feature_names_in_", CATEGORIES):
        probe.__dict__.pop(name, None)
    return probe


def _refuse_weights_of_zero(weight: Array | None) -> None:
    if weight is not None and weight.sum() == 0:
        raise ValueError(
            f"sample_weight sums to zero over the {len(weight)} held-out samples, and a mean over "
            "them is divided by the sum. Choose another random_state or a larger "
            "validation_fraction, pass samples with weight as validation_data, or set "
            "early_stopping=False."
        )
