"""Measure a model's error on one table's test part, and its time."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import log_loss, roc_auc_score, root_mean_squared_error

from benchmarks.tables.models import Model
from benchmarks.tables.perceptrons import Validated
from benchmarks.tables.tables import BenchmarkTable
from lamina.tabular.validation_scores import score_with_error


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
    standard_error : float, optional
        Of `error`, because the test part is a sample, too.
    validation_error, validation_standard_error : float, optional
        The same error by the model's own validation; of lamina's estimators for tables.
    """

    model: str
    table: str
    n_training_rows: int
    error: float
    seconds: float
    standard_error: float | None = None
    validation_error: float | None = None
    validation_standard_error: float | None = None

    @property
    def deviation(self) -> float | None:
        """Test minus validation error, in standard errors of the difference; None without one."""
        if self.validation_error is None:
            return None
        both = (self.standard_error or 0.0, self.validation_standard_error or 0.0)
        return (self.error - self.validation_error) / float(np.hypot(*both))


def measure(model: Model, table: BenchmarkTable) -> Measurement:
    """Fit and predict once."""
    begin = perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        predicted = model.predict(table)
    seconds = perf_counter() - begin
    n_rows = len(table.y_train)
    if not isinstance(predicted, Validated):
        error = measured_error(table, predicted)
        return Measurement(model.name, table.name, n_rows, error, seconds)
    score = predicted.score
    error = measured_error(table, predicted.predictions)
    tested = score_with_error(score.metric, _target(table), predicted.predictions)
    validation_error = (table.task == "binary") - score.value
    return Measurement(
        *(model.name, table.name, n_rows, error, seconds),
        *(tested.standard_error, validation_error, score.standard_error),
    )


def _target(table: BenchmarkTable) -> NDArray[Any]:
    """Return the test part's values, or its classes as integers."""
    if table.task == "regression":
        return np.asarray(table.y_test)
    return np.searchsorted(np.unique(table.y_train), table.y_test)


def measured_error(table: BenchmarkTable, predicted: NDArray[np.float64]) -> float:
    """Return the table's error measure of predictions for its test part."""
    if table.task == "regression":
        return float(root_mean_squared_error(table.y_test, predicted))
    classes = np.unique(table.y_train)
    if table.task == "binary":
        return 1 - float(roc_auc_score(table.y_test == classes[1], predicted[:, 1]))
    normalized = predicted / predicted.sum(axis=1, keepdims=True)
    return float(log_loss(table.y_test, normalized, labels=classes))
