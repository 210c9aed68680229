"""Predictions for one target (probabilities, values or quantiles), each with its own metrics.

Shapes: y is (n_samples,), the true classes or values.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from sklearn.metrics import (
    accuracy_score,
    brier_score_loss,
    log_loss,
    mean_absolute_error,
    mean_pinball_loss,
    mean_squared_error,
    precision_recall_fscore_support,
    r2_score,
    roc_auc_score,
)

from lamina.files.model_file import Json
from lamina.formulas.table import AnyArray
from lamina.training.scores import PinballScore

FEWEST_FOR_R2 = 2


class Predictions(Protocol):
    """Predictions of a model, or of a constant, for one target."""

    def figures(self, y: AnyArray) -> dict[str, Json]:
        """Return the metrics of the predictions against the true values, as JSON values."""


@dataclass(frozen=True)
class Probabilities:
    """The predicted probability of each class.

    Attributes
    ----------
    probability : ndarray of shape (n_samples, n_classes)
    classes : ndarray of shape (n_classes,)
    """

    probability: AnyArray
    classes: AnyArray

    def figures(self, y: AnyArray) -> dict[str, Json]:
        """Return accuracy, macro F1, log loss, Brier score, AUC of two classes, and each class."""
        classes, probability = self.classes, self.probability.astype(np.float64)
        # Probabilities in float32 do not sum to one exactly, and scikit-learn's metrics warn.
        probability = probability / probability.sum(axis=1, keepdims=True)
        prediction = classes[np.argmax(probability, axis=1)]
        by_class = precision_recall_fscore_support(y, prediction, labels=classes, zero_division=0.0)
        figures = {
            "accuracy": float(accuracy_score(y, prediction)),
            # F1 is undefined for a class without rows.
            "macro_f1": float(np.mean(by_class[2][by_class[3] > 0])),
            "log_loss": float(log_loss(y, probability, labels=classes)),
            "brier": float(brier_score_loss(y, probability, labels=classes)),
        }
        if len(classes) == 2 and len(np.unique(y)) == 2:
            figures["auc"] = float(roc_auc_score(y == classes[1], probability[:, 1]))
        names = ("precision", "recall", "f1", "rows")
        each = zip(classes, *by_class, strict=True)
        return figures | {
            "classes": {
                str(label): dict(zip(names, (*map(float, found), int(rows)), strict=True))
                for label, *found, rows in each
            }
        }


@dataclass(frozen=True)
class PredictedValues:
    """A predicted number for each row.

    Attributes
    ----------
    prediction : ndarray of shape (n_samples,)
    median : ndarray of shape (n_samples,), optional
        Prediction for the mean absolute error; by default `prediction`.
    """

    prediction: AnyArray
    median: AnyArray | None = None

    def figures(self, y: AnyArray) -> dict[str, Json]:
        """Return RMSE, MAE and, for two or more rows, R²; infinite if a prediction is."""
        median = self.prediction if self.median is None else self.median
        if not np.isfinite(self.prediction).all():
            return {"rmse": math.inf, "mae": math.inf, "r2": -math.inf}
        with np.errstate(over="ignore"):
            figures = {
                "rmse": math.sqrt(mean_squared_error(y, self.prediction)),
                "mae": float(mean_absolute_error(y, median)),
            }
            if len(y) >= FEWEST_FOR_R2:
                figures["r2"] = float(r2_score(y, self.prediction))
        return figures


@dataclass(frozen=True)
class Quantiles:
    """A predicted number for each quantile and row.

    Attributes
    ----------
    prediction : ndarray of shape (n_samples, n_quantiles)
    quantiles : list of float
    """

    prediction: AnyArray
    quantiles: list[float]

    def figures(self, y: AnyArray) -> dict[str, Json]:
        """Return pinball loss, D² and coverage: the fraction of y not above each quantile."""
        if not np.isfinite(self.prediction).all():
            return {"pinball_loss": math.inf, "d2_pinball": -math.inf}
        by_quantile = list(zip(self.quantiles, self.prediction.T, strict=True))
        losses = [mean_pinball_loss(y, column, alpha=q) for q, column in by_quantile]
        return {
            "pinball_loss": float(np.mean(losses)),
            "d2_pinball": PinballScore(y.reshape(-1, 1), self.quantiles)(self.prediction),
            "coverage": {f"{q:g}": float(np.mean(y <= column)) for q, column in by_quantile},
        }
