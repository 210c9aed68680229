"""A model's predictions for the rows of a table, and the true values beside them, as columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from sklearn.base import is_classifier
from sklearn.compose import TransformedTargetRegressor

from lamina.cli.recipe import get_encoding, get_network, get_quantiles
from lamina.datasets.dataset import Task
from lamina.encoding.columns import numbers
from lamina.encoding.frames import ArrayOrTable
from lamina.formulas import LOSSES
from lamina.formulas.table import AnyArray
from lamina.tables.problem import as_classes, column, values

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator


def predicted(model: BaseEstimator, X: ArrayOrTable, targets: Sequence[str] = ()) -> pd.DataFrame:
    """Return the predictions for each row, and their standard deviations if the loss gives them.

    Returns
    -------
    DataFrame
        The column 'prediction'; 'std' as well with loss='gaussian_nll'. A loss of several quantiles
        gives one column for each instead, such as 'quantile_0.9'. Several targets have one column
        each, such as 'prediction_price' and 'std_price'.
    """
    prediction = model.predict(X)
    if len(targets) > 1:
        table = pd.DataFrame(prediction, columns=[f"prediction_{name}" for name in targets])
        std = predicted_std(model, X)
        names = [f"std_{name}" for name in targets]
        return table if std is None else table.join(pd.DataFrame(std, columns=names))
    if prediction.ndim == 2:
        names = [f"quantile_{q:g}" for q in get_quantiles(get_network(model)) or ()]
        return pd.DataFrame(prediction, columns=names)
    table = pd.DataFrame({"prediction": prediction})
    std = predicted_std(model, X)
    return table if std is None else table.assign(std=std)


def predicted_probabilities(
    model: BaseEstimator, X: ArrayOrTable, targets: Sequence[str]
) -> pd.DataFrame:
    """Return a column for each class of each target."""
    probability = model.predict_proba(X)
    if not isinstance(probability, list):
        names = [f"probability_{label}" for label in model.classes_]
        return pd.DataFrame(probability, columns=names)
    named = zip(targets, model.classes_, strict=True)
    names = [f"probability_{name}_{label}" for name, labels in named for label in labels]
    return pd.DataFrame(np.hstack(probability), columns=names)


def predicted_std(model: BaseEstimator, X: ArrayOrTable) -> AnyArray | None:
    """Return each row's standard deviation in units of the target, or None."""
    if isinstance(model, TransformedTargetRegressor):
        std = predicted_std(model.regressor_, X)
        scale = model.transformer_.scale_
        return None if std is None else std * (scale if std.ndim == 2 else scale[0])
    name = getattr(get_network(model), "_loss_name", None)
    if name is None or LOSSES[name].std is None:
        return None
    return np.asarray(model.predict(X, return_std=True)[1])


def true_values(model: BaseEstimator, table: pd.DataFrame, names: Sequence[str]) -> AnyArray:
    """Return the target columns of a table in the form that the model was trained on."""
    classified = is_classifier(model)
    task: Task = "classification" if classified else "regression"
    columns = [values(table[name], task) for name in names]
    if classified:
        several = len(names) > 1
        classes = model.classes_ if several else [model.classes_]
        columns = [
            as_classes(found, labels, name, table[name])
            for found, labels, name in zip(columns, classes, names, strict=True)
        ]
    return columns[0] if len(columns) == 1 else np.stack(columns, axis=1)


def known_columns(model: BaseEstimator, table: pd.DataFrame) -> pd.DataFrame:
    """Return the columns that a model uses; numbers for a network without an encoding."""
    if get_encoding(model) is not None:
        return table
    names = getattr(model, "feature_names_in_", None)
    if names is not None:
        for name in names:
            column(table, name)
        return table[list(names)]
    return np.column_stack([numbers(str(name), table[name]) for name in table.columns])
