"""Multi-layer perceptrons for tables: lamina's, and pytabkit's."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.tables.boosters import predictions, text_columns
from benchmarks.tables.tables import BenchmarkTable
from lamina.tabular.validation_scores import ValidationScore


class Validated(NamedTuple):
    """Predictions for the test part, and the model's own score of its training part."""

    predictions: NDArray[np.float64]
    score: ValidationScore


def balanced(table: BenchmarkTable) -> Validated:
    """Fit lamina's estimators for tables with their defaults."""
    return _tabular(table)


def balanced_in_time(table: BenchmarkTable) -> Validated:
    """Fit the same, validated on later rows."""
    return _tabular(table, time=table.time)


def fast(table: BenchmarkTable) -> Validated:
    """Fit lamina's estimators for tables, the fastest recipe."""
    return _tabular(table, quality="fast")


def best(table: BenchmarkTable) -> Validated:
    """Fit lamina's estimators for tables, the most recipes and folds."""
    return _tabular(table, quality="best")


def _tabular(
    table: BenchmarkTable, quality: str = "balanced", time: str | None = None
) -> Validated:
    from lamina import TabularClassifier, TabularRegressor

    estimator = TabularRegressor if table.task == "regression" else TabularClassifier
    model = estimator(quality=quality, random_state=0)
    model.fit(table.X_train, table.y_train, time=time)
    return Validated(predictions(model, table.X_test), model.validation_score_)


def command_line(table: BenchmarkTable) -> NDArray[np.float64]:
    """Fit the model of `lamina train --model mlp` on the whole training part."""
    from lamina.cli.recipe import build_model

    task = "regression" if table.task == "regression" else "classification"
    model = build_model(task, {}, seed=0).fit(table.X_train, table.y_train)
    return predictions(model, table.X_test)


def realmlp_bag(table: BenchmarkTable) -> NDArray[np.float64]:
    """Fit RealMLP with its tuned defaults on five folds, and average."""
    from pytabkit import RealMLP_TD_Classifier, RealMLP_TD_Regressor

    return _pytabkit(RealMLP_TD_Regressor, RealMLP_TD_Classifier, table, n_cv=5)


def tabm(table: BenchmarkTable) -> NDArray[np.float64]:
    """Fit TabM with its defaults."""
    from pytabkit import TabM_D_Classifier, TabM_D_Regressor

    return _pytabkit(TabM_D_Regressor, TabM_D_Classifier, table)


def _pytabkit(
    regressor: Any, classifier: Any, table: BenchmarkTable, **settings: Any
) -> NDArray[np.float64]:
    train, test, texts = text_columns(table)
    imputed = _without_missing_numbers(train, test)
    estimator = regressor if table.task == "regression" else classifier
    model = estimator(device="cpu", random_state=0, **settings)
    # Its default for early stopping is the error rate; log loss has to be chosen.
    if table.task != "regression":
        model.set_params(val_metric_name="cross_entropy")
    # Its authors advise against label smoothing for AUC and log loss.
    if classifier.__name__.startswith("RealMLP") and table.task != "regression":
        model.set_params(use_ls=False)
    model.fit(imputed[0], table.y_train, cat_col_names=texts)
    return predictions(model, imputed[1])


def _without_missing_numbers(
    train: pd.DataFrame, test: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Fill missing numbers with the training part's mean, as pytabkit's own benchmark does."""
    means = train.mean(numeric_only=True)
    return train.fillna(means), test.fillna(means)
