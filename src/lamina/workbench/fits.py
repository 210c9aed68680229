"""What a regression predicts of its rows, beside what they are, in the units of the data.

Shapes: predictions and residuals (n_rows,); a residual is the target less the prediction.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lamina.engines import Engine
from lamina.estimators.tasks import quantiles_in
from lamina.formulas import LOSSES
from lamina.training import RSquared
from lamina.workbench.curves import Moment
from lamina.workbench.runs import Run

MEDIAN = 0.5


def fit_of(
    run: Run, engine: Engine, moment: Moment, most: int
) -> tuple[dict[str, NDArray[np.float32]], dict[str, Any]]:
    """The first rows' predictions and residuals by name, and what is said of all rows.

    Parameters
    ----------
    run : Run
        Of a regression.
    engine : Engine
    moment : Moment
    most : int
        Of how many rows of each part.

    Returns
    -------
    arrays : dict of str to ndarray of shape (n,)
        'train_predictions', 'train_residuals', and those of 'test'.
    said : dict
        'predicts' in words; 'train' and 'test' with r2, rmse and mae of all their rows.
    """
    of, arrays = run.problem, {}
    said: dict[str, Any] = {"predicts": predicted(run)}
    for part, X, targets in (
        ("train", of.X_train, of.targets_train),
        ("test", of.X_test, of.targets_test),
    ):
        predictions = predictions_of(run, engine, moment, X)
        residuals = targets - predictions
        said[part] = errors(targets, predictions)
        arrays[f"{part}_predictions"] = predictions[:most].astype(np.float32)
        arrays[f"{part}_residuals"] = residuals[:most].astype(np.float32)
    return arrays, said


def predictions_of(
    run: Run, engine: Engine, moment: Moment, X: NDArray[Any]
) -> NDArray[np.float64]:
    """One number a row: what `predict` gives, and of several quantiles the middle one."""
    X = X.astype(moment.parameters.dtype, copy=False)
    behind_link = engine.predict(run.spec, run.predicting(moment), X)
    answer = LOSSES[run.model.loss].answer(behind_link, run.task.hyperparameters)
    columns = answer.reshape(len(X), -1).astype(np.float64)
    return run.problem.in_units_of_target(columns[:, columns.shape[1] // 2])


def predicted(run: Run) -> str:
    """What the loss makes of a prediction, in words."""
    quantiles = quantiles_in(run.task.hyperparameters)
    if quantiles is None:
        return LOSSES[run.model.loss].aim
    middle = quantiles[len(quantiles) // 2]
    return "the median" if middle == MEDIAN else f"the {middle:g} quantile"


def errors(targets: NDArray[Any], predictions: NDArray[Any]) -> dict[str, float]:
    """R², the root of the mean squared error, and the mean absolute error.

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
