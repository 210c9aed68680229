"""Measure a model's error on one table's test part, and its time."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from time import perf_counter

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import log_loss, roc_auc_score, root_mean_squared_error

from benchmarks.tables.models import Model
from benchmarks.tables.tables import BenchmarkTable


@dataclass(frozen=True)
class Measurement:
    """A model on a table.

    Attributes
    ----------
    model, table : str
    n_training_rows : int
    error : float
        1 - AUC for two classes, log loss for more, RMSE for a regression: lower is better.
    seconds : float
        The wall-clock time of fitting and predicting.
    """

    model: str
    table: str
    n_training_rows: int
    error: float
    seconds: float


def measure(model: Model, table: BenchmarkTable) -> Measurement:
    """Fit and predict once."""
    begin = perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        predicted = model.predict(table)
    seconds = perf_counter() - begin
    error = measured_error(table, predicted)
    return Measurement(model.name, table.name, len(table.y_train), error, seconds)


def measured_error(table: BenchmarkTable, predicted: NDArray[np.float64]) -> float:
    """Return the table's error measure of predictions for its test part."""
    if table.task == "regression":
        return float(root_mean_squared_error(table.y_test, predicted))
    classes = np.unique(table.y_train)
    if table.task == "binary":
        return 1 - float(roc_auc_score(table.y_test == classes[1], predicted[:, 1]))
    normalized = predicted / predicted.sum(axis=1, keepdims=True)
    return float(log_loss(table.y_test, normalized, labels=classes))
