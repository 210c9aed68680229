"""The histories behind loss curves: found in estimators, and which of their columns to draw."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import Pipeline

from lamina.errors import suggestion

# The columns that are measured on the rows learned from; all others are of rows held out.
OF_THE_FIT = ("epoch", "loss", "learning_rate", "gradient_norm", "seconds")
NO_METRICS = (*OF_THE_FIT, "validation_loss")
LONGEST_LINE = 12
WORDS = {"r2": "R²"}


def history_of(estimator: Any) -> dict[str, Sequence[float]]:
    """The columns of a fitted perceptron's history, lamina's or scikit-learn's.

    Raises
    ------
    NotFittedError
        Before a fit.
    ValueError
        For what keeps no loss curve.
    """
    network = _network(estimator)
    curve = _loss_curve(network)
    if hasattr(network, "history_"):
        return dict(network.history_)
    scores = getattr(network, "validation_scores_", None)
    metric = "accuracy" if is_classifier(network) else "r2"
    return {"loss": curve} | ({} if scores is None else {metric: scores})


def panels_of(
    histories: Sequence[Mapping[str, Sequence[float]]], given: Sequence[str] | None
) -> list[str]:
    """The columns to draw below the losses: those given, else every metric.

    Raises
    ------
    ValueError
        For one that no history has, or that no epoch was measured for.
    """
    columns = [*dict.fromkeys(name for history in histories for name in history)]
    metrics = [name for name in columns if name not in NO_METRICS]
    if given is None:
        return metrics
    known = [name for name in columns if name not in ("epoch", "loss", "validation_loss")]
    for name in [given] if isinstance(given, str) else given:
        if name not in known:
            raise ValueError(
                f"panels holds {name!r}, which is no column of the history below the losses."
                f"{suggestion(name, known)} There are: {', '.join(map(repr, known)) or 'none'}."
            )
        if all(np.isnan(history.get(name, [np.nan])).all() for history in histories):
            raise ValueError(
                f"panels holds {name!r}, which was not measured: name it in monitor= before fit"
            )
    return [given] if isinstance(given, str) else [*given]


def label_of(column: str) -> str:
    """What stands at the axis of a panel."""
    words = WORDS.get(column, column.replace("_", " "))
    lines = textwrap.wrap(words, LONGEST_LINE)
    return "\n".join(lines if column in OF_THE_FIT else ["validation", *lines])


def _network(estimator: Any) -> Any:
    """The perceptron inside pipelines, target transformers and searches; it need not be fitted."""
    if isinstance(estimator, Pipeline):
        return _network(estimator[-1])
    for inside in ("regressor_", "best_estimator_", "estimator_"):
        if hasattr(estimator, inside):
            return _network(getattr(estimator, inside))
    return estimator


def _loss_curve(network: Any) -> list[float]:
    kind = type(network).__name__
    if not hasattr(network, "hidden_layer_sizes"):
        raise ValueError(f"a {kind} has no loss curve; MLPClassifier and MLPRegressor have one")
    curve: list[float] | None = getattr(network, "loss_curve_", None)
    if curve:
        return curve
    if network.solver == "lbfgs":
        raise ValueError(
            f"this {kind} was made with solver='lbfgs', which keeps no loss curve: "
            "use solver='adam' or solver='sgd' to see one"
        )
    raise NotFittedError(f"this {kind} has no loss curve yet: call fit first")
