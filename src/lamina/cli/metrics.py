"""Measure the predictions of a model, and those of a constant, target by target."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from sklearn.base import is_classifier

from lamina.cli.answers import PredictedValues, Predictions, Probabilities, Quantiles
from lamina.cli.recipe import get_network, get_quantiles
from lamina.encoding.frames import ArrayOrTable
from lamina.files.model_file import Json
from lamina.formulas.table import AnyArray

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator


def measure(
    model: BaseEstimator, X: ArrayOrTable, y: AnyArray, names: Sequence[str] = ("y",)
) -> dict[str, Json]:
    """Measure a fitted model on rows with known targets.

    Parameters
    ----------
    model : estimator
    X : DataFrame of shape (n_samples, n_columns)
    y : ndarray of shape (n_samples,) or (n_samples, n_targets)
        For a classifier, labels among its classes.
    names : sequence of str
        Names of the targets.

    Returns
    -------
    dict
        'rows' and the metrics:

        - for a classifier 'accuracy', 'macro_f1', 'log_loss', 'brier', 'auc' (if there are two
          classes and both occur) and 'classes' (a dict of 'precision', 'recall', 'f1' and 'rows'
          for each class);
        - for a regressor 'rmse', 'mae' and, for two or more rows, 'r2';
        - for a regressor of quantiles 'pinball_loss', 'd2_pinball' and 'coverage' (the fraction of
          targets that are not above each quantile).

        With several targets, 'rows' and 'targets', a dict of these metrics for each target.
    """
    return _measured(answers_of(model, X, several=y.ndim == 2), y, names)


def fit_constants(model: BaseEstimator, y: AnyArray) -> list[dict[str, Json]]:
    """Return the best constant prediction of each target.

    Parameters
    ----------
    model : estimator
        Fitted model, which defines the classes or the quantiles.
    y : ndarray of shape (n_samples,) or (n_samples, n_targets)
        Targets of the training rows.

    Returns
    -------
    list of dict
        For each target the 'frequencies' of the classes, or 'mean', 'median' and, for a model of
        quantiles, 'quantiles'; as plain values for a model's notes.
    """
    columns = _columns(y)
    if is_classifier(model):
        pairs = zip(columns, _classes(model, several=y.ndim == 2), strict=True)
        return [{"frequencies": [float(np.mean(c == k)) for k in labels]} for c, labels in pairs]
    quantiles = get_quantiles(get_network(model)) or []
    return [
        {
            "mean": float(np.mean(column)),
            "median": float(np.median(column)),
            "quantiles": [float(np.quantile(column, q)) for q in quantiles],
        }
        for column in columns
    ]


def measure_constants(
    model: BaseEstimator,
    constants: Sequence[Mapping[str, Json]],
    y: AnyArray,
    names: Sequence[str] = ("y",),
) -> dict[str, Json]:
    """Measure the constants of `fit_constants` with the metrics of the model.

    The mean is the prediction for RMSE and R², and the median for MAE: each is the best constant of
    its metric.
    """
    return _measured(constant_answers(model, constants, len(y)), y, names)


def constant_answers(
    model: BaseEstimator, constants: Sequence[Mapping[str, Json]], n_rows: int
) -> list[Predictions]:
    """Return the constants of `fit_constants` as predictions for some rows, by target."""
    if is_classifier(model):
        pairs = zip(constants, _classes(model, several=len(constants) > 1), strict=True)
        return [
            Probabilities(np.tile(each["frequencies"], (n_rows, 1)), labels)
            for each, labels in pairs
        ]
    if (quantiles := get_quantiles(get_network(model))) is not None:
        rows = (np.tile(each["quantiles"], (n_rows, 1)) for each in constants)
        return [Quantiles(each, quantiles) for each in rows]
    return [
        PredictedValues(np.full(n_rows, each["mean"]), np.full(n_rows, each["median"]))
        for each in constants
    ]


def by_target(
    figures: Mapping[str, Json], names: Sequence[str]
) -> list[tuple[str, dict[str, Json]]]:
    """Return the name and the metrics of each target, for one target or several."""
    if "targets" not in figures:
        return [(names[0], dict(figures))]
    rows = {"rows": figures["rows"]}
    return [(name, rows | found) for name, found in figures["targets"].items()]


def answers_of(model: BaseEstimator, X: ArrayOrTable, *, several: bool) -> list[Predictions]:
    """Return a model's predictions for some rows, by target."""
    if is_classifier(model):
        probabilities = model.predict_proba(X)
        pairs = zip(
            probabilities if several else [probabilities],
            _classes(model, several=several),
            strict=True,
        )
        return [Probabilities(*pair) for pair in pairs]
    prediction = np.asarray(model.predict(X))
    columns = list(prediction.T) if several else [prediction]
    if (quantiles := get_quantiles(get_network(model))) is not None:
        return [Quantiles(column.reshape(len(column), -1), quantiles) for column in columns]
    return [PredictedValues(column) for column in columns]


def _measured(answers: Iterable[Predictions], y: AnyArray, names: Sequence[str]) -> dict[str, Json]:
    found = [answer.figures(column) for answer, column in zip(answers, _columns(y), strict=True)]
    if y.ndim == 1:
        return {"rows": len(y), **found[0]}
    return {"rows": len(y), "targets": dict(zip(names, found, strict=True))}


def _classes(model: BaseEstimator, *, several: bool) -> list[AnyArray]:
    return list(model.classes_) if several else [model.classes_]


def _columns(y: AnyArray) -> list[AnyArray]:
    return list(y.T) if y.ndim == 2 else [y]
