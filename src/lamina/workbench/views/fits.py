"""Predictions of a regression and its targets, in the units of the data.

Shapes: predictions and residuals (n_samples,); a residual is the target minus the prediction.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from lamina.choices import name_of
from lamina.engines import Engine
from lamina.estimators.fitting.tasks import quantiles_in
from lamina.formulas import LOSSES
from lamina.formulas.table import AnyArray
from lamina.training import RSquared
from lamina.workbench.data.plain import Message
from lamina.workbench.runs.curves import Snapshot
from lamina.workbench.runs.run import Run

MEDIAN = 0.5


def compute_fit(
    run: Run, engine: Engine, snapshot: Snapshot, most: int
) -> tuple[dict[str, NDArray[np.float32]], Message]:
    """Return predictions and residuals of the first rows, and errors over all rows.

    Parameters
    ----------
    run : Run
        Run of a regression.
    engine : Engine
    snapshot : Snapshot
    most : int
        Maximum number of rows from the training set and from the test set.

    Returns
    -------
    arrays : dict of str to ndarray of shape (n,)
        'train_predictions', 'train_residuals', 'test_predictions' and 'test_residuals'.
    said : dict
        'predicts', the predicted statistic in words; 'train' and 'test', each with r2, rmse and mae
        over all rows of that set.
    """
    prepared, arrays = run.prepared, {}
    said: Message = {"predicts": predicted(run)}
    for part, X, targets in (
        ("train", prepared.X_train, prepared.targets_train),
        ("test", prepared.X_test, prepared.targets_test),
    ):
        predictions = compute_predictions(run, engine, snapshot, X)
        residuals = targets - predictions
        said[part] = errors(targets, predictions)
        arrays[f"{part}_predictions"] = predictions[:most].astype(np.float32)
        arrays[f"{part}_residuals"] = residuals[:most].astype(np.float32)
    return arrays, said


def compute_predictions(
    run: Run, engine: Engine, snapshot: Snapshot, X: AnyArray
) -> NDArray[np.float64]:
    """Return one number per row: the prediction, or the middle one of several quantiles."""
    X = X.astype(snapshot.parameters.dtype, copy=False)
    behind_inverse_link = engine.predict(run.predicting(snapshot), X)
    answer = LOSSES[name_of(run.model.loss)].answer(behind_inverse_link, run.task.hyperparameters)
    columns = answer.reshape(len(X), -1).astype(np.float64)
    return run.prepared.in_units_of_target(columns[:, columns.shape[1] // 2])


def predicted(run: Run) -> str:
    """Return in words which statistic of the target the loss makes the network predict."""
    quantiles = quantiles_in(run.task.hyperparameters)
    if quantiles is None:
        return LOSSES[name_of(run.model.loss)].aim
    middle = quantiles[len(quantiles) // 2]
    return "the median" if middle == MEDIAN else f"the {middle:g} quantile"


def errors(targets: AnyArray, predictions: AnyArray) -> dict[str, float]:
    """Return R², the root mean squared error and the mean absolute error.

    Examples
    --------
    >>> errors(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 4.0]))["r2"]
    0.5
    """
    with np.errstate(all="ignore"):
        residuals = targets - predictions
        return {
            "r2": RSquared(targets[:, np.newaxis])(predictions[:, np.newaxis]),
            "rmse": math.sqrt(np.mean(residuals**2)),
            "mae": float(np.abs(residuals).mean()),
        }
