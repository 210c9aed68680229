"""Extract the history of each estimator for loss curves, and choose its columns to draw."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from sklearn.base import is_classifier
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import Pipeline

from lamina.errors import suggestion
from lamina.formulas import is_minibatch

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator

# Columns measured during training; all others are measured on the validation set.
OF_THE_FIT = ("epoch", "loss", "learning_rate", "gradient_norm", "seconds")
NO_METRICS = (*OF_THE_FIT, "validation_loss")
LONGEST_LINE = 12
WORDS = {"r2": "R²"}


def read_history(estimator: BaseEstimator) -> dict[str, Sequence[float]]:
    """Return the columns of the history of a fitted perceptron of lamina or scikit-learn.

    Raises
    ------
    NotFittedError
        If the estimator is not fitted.
    ValueError
        If the estimator records no loss curve.
    """
    network = _network(estimator)
    curve = _loss_curve(network)
    if hasattr(network, "history_"):
        return dict(network.history_)
    scores = getattr(network, "validation_scores_", None)
    metric = "accuracy" if is_classifier(network) else "r2"
    return {"loss": curve} | ({} if scores is None else {metric: scores})


def choose_panels(
    histories: Sequence[Mapping[str, Sequence[float]]], names: Sequence[str] | None
) -> list[str]:
    """Return the columns to draw below the losses: the given ones, or all metrics.

    Raises
    ------
    ValueError
        For a column that no history has, or that was not measured in any epoch.
    """
    columns = [*dict.fromkeys(name for history in histories for name in history)]
    metrics = [name for name in columns if name not in NO_METRICS]
    if names is None:
        return metrics
    metric_names = [name for name in columns if name not in ("epoch", "loss", "validation_loss")]
    for name in [names] if isinstance(names, str) else names:
        if name not in metric_names:
            raise ValueError(
                f"panels contains {name!r}, which is not a column of the history other than the "
                "losses."
                f"{suggestion(name, metric_names)} There are: "
                f"{', '.join(map(repr, metric_names)) or 'none'}."
            )
        if all(np.isnan(history.get(name, [np.nan])).all() for history in histories):
            raise ValueError(
                f"panels contains {name!r}, which was not measured: name it in monitor= before fit"
            )
    return [names] if isinstance(names, str) else [*names]


def format_label(column: str) -> str:
    """Return the axis label of a panel."""
    words = WORDS.get(column, column.replace("_", " "))
    lines = textwrap.wrap(words, LONGEST_LINE)
    return "\n".join(lines if column in OF_THE_FIT else ["validation", *lines])


def _network(estimator: BaseEstimator) -> BaseEstimator:
    """Return the perceptron, fitted or not, inside pipelines, target transformers and searches."""
    if isinstance(estimator, Pipeline):
        return _network(estimator[-1])
    for inside in ("regressor_", "best_estimator_", "estimator_"):
        if hasattr(estimator, inside):
            return _network(getattr(estimator, inside))
    return estimator


def _loss_curve(network: BaseEstimator) -> list[float]:
    kind = type(network).__name__
    if not hasattr(network, "hidden_layer_sizes"):
        raise ValueError(f"a {kind} has no loss curve; MLPClassifier and MLPRegressor have one")
    curve: list[float] | None = getattr(network, "loss_curve_", None)
    if curve:
        return curve
    if not is_minibatch(network.solver):
        raise ValueError(
            f"this {kind} has solver={network.solver!r}, which records no loss curve with "
            f"engine={network.engine!r}: choose engine='native' or another solver, and fit again"
        )
    raise NotFittedError(f"this {kind} has no loss curve yet: call fit first")
