"""How good predictions are, in the measures that suit the task."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import is_classifier
from sklearn.metrics import (
    accuracy_score,
    log_loss,
    mean_absolute_error,
    mean_pinball_loss,
    mean_squared_error,
    precision_recall_fscore_support,
    r2_score,
)

from lamina.cli.recipe import network_of, quantiles_of
from lamina.training.scores import PinballScore


def measure(model: Any, X: pd.DataFrame, y: NDArray[Any]) -> dict[str, Any]:
    """The measures of a fitted model on rows whose target is known.

    Parameters
    ----------
    model : estimator
    X : DataFrame of shape (n_rows, n_columns)
    y : ndarray of shape (n_rows,)
        For a classifier, some of its classes.

    Returns
    -------
    dict
        'rows', and for a classifier 'accuracy', 'log_loss' and 'classes' (a dict with 'precision',
        'recall', 'f1' and 'rows' for each class), for a regressor 'rmse', 'mae' and 'r2', or, of
        quantiles, 'pinball_loss', 'd2_pinball' and 'coverage' (a dict with the share of targets
        that are not above each quantile).
    """
    figures = _of_classes(model, X, y) if is_classifier(model) else _of_values(model, X, y)
    return {"rows": len(y), **figures}


def _of_values(model: Any, X: pd.DataFrame, y: NDArray[Any]) -> dict[str, Any]:
    prediction = model.predict(X)
    if (quantiles := quantiles_of(network_of(model))) is not None:
        return _of_quantiles(y, prediction.reshape(len(y), -1), quantiles)
    return {
        "rmse": math.sqrt(mean_squared_error(y, prediction)),
        "mae": float(mean_absolute_error(y, prediction)),
        "r2": float(r2_score(y, prediction)),
    }


def _of_quantiles(
    y: NDArray[Any], prediction: NDArray[Any], quantiles: list[float]
) -> dict[str, Any]:
    by_quantile = list(zip(quantiles, prediction.T, strict=True))
    losses = [mean_pinball_loss(y, column, alpha=q) for q, column in by_quantile]
    return {
        "pinball_loss": float(np.mean(losses)),
        "d2_pinball": PinballScore(y.reshape(-1, 1), quantiles)(prediction),
        "coverage": {f"{q:g}": float(np.mean(y <= column)) for q, column in by_quantile},
    }


def _of_classes(model: Any, X: pd.DataFrame, y: NDArray[Any]) -> dict[str, Any]:
    classes = model.classes_
    probability = model.predict_proba(X)
    prediction = classes[np.argmax(probability, axis=1)]
    by_class = precision_recall_fscore_support(y, prediction, labels=classes, zero_division=0.0)
    return {
        "accuracy": float(accuracy_score(y, prediction)),
        "log_loss": float(log_loss(y, probability, labels=classes)),
        "classes": {
            str(label): {
                "precision": float(precision),
                "recall": float(recall),
                "f1": float(f1),
                "rows": int(rows),
            }
            for label, precision, recall, f1, rows in zip(classes, *by_class, strict=True)
        },
    }
