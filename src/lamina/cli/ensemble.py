"""Build the ensemble for tables from the options, and measure it out of fold."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lamina.cli.answers import PredictedValues, Predictions, Probabilities
from lamina.cli.request import TrainingRequest
from lamina.datasets.dataset import Task
from lamina.files.model_file import Json
from lamina.formulas.table import AnyArray
from lamina.significant import significant
from lamina.tabular import TabularClassifier, TabularRegressor

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator


def build_ensemble(task: Task, request: TrainingRequest) -> BaseEstimator:
    """Return an unfitted estimator with the options of the request."""
    estimator = TabularClassifier if task == "classification" else TabularRegressor
    options = {
        "quality": request.quality,
        "time_limit": request.time_limit,
        "scoring": request.scoring,
        "device": request.device,
    }
    chosen = {name: value for name, value in options.items() if value is not None}
    return estimator(random_state=request.seed).set_params(**chosen)


def validated_rows(model: BaseEstimator) -> NDArray[np.bool_]:
    """Return a mask of the training rows that have an out-of-fold prediction."""
    predictions = model.oof_predictions_
    return np.asarray(np.isfinite(predictions.reshape(len(predictions), -1)).all(axis=1))


def out_of_fold(model: BaseEstimator, rows: NDArray[np.bool_]) -> Predictions:
    """Return the out-of-fold predictions of the training rows of a mask."""
    predictions = model.oof_predictions_[rows]
    if predictions.ndim == 1:
        return PredictedValues(predictions)
    return Probabilities(predictions, model.classes_)


def figures_out_of_fold(
    model: BaseEstimator, y: AnyArray
) -> tuple[dict[str, Json], NDArray[np.bool_]]:
    """Measure the out-of-fold predictions.

    Returns
    -------
    dict
        Metrics in the form of `metrics.measure`.
    ndarray of bool, shape (n_training,)
        Mask of the measured rows.
    """
    rows = validated_rows(model)
    return {"rows": int(rows.sum()), **out_of_fold(model, rows).figures(y[rows])}, rows


def gain_over_constant(model: BaseEstimator, y: AnyArray) -> float:
    """Return the difference between the best constant's loss and the out-of-fold loss.

    The loss is the log loss or the squared error. The unit of the difference is its standard error,
    computed from the differences row by row.
    """
    rows = validated_rows(model)
    predictions, y = model.oof_predictions_[rows], y[rows]
    if predictions.ndim == 1:
        difference = (y - y.mean()) ** 2 - (y - predictions) ** 2
    else:
        is_class = y[:, np.newaxis] == model.classes_
        frequency = np.broadcast_to(is_class.mean(axis=0), is_class.shape)[is_class]
        smallest = np.finfo(np.float64).tiny
        difference = np.log(np.maximum(predictions[is_class], smallest)) - np.log(frequency)
    error = float(difference.std()) / math.sqrt(len(difference))
    return float(difference.mean()) / error if error > 0 else 0.0


def describe_validation(model: BaseEstimator) -> str:
    """Return the out-of-fold score with its standard error as text.

    scikit-learn's scorers named 'neg_...' return minus an error; the text shows the error.
    """
    score = model.validation_score_
    name, sign = score.metric.removeprefix("neg_"), 1
    if name != score.metric:
        sign = -1
    return (
        f"validation {name.replace('_', ' ')} {significant(sign * score.value)} ± "
        f"{significant(score.standard_error)}"
    )
