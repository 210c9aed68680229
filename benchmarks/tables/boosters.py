"""Gradient boosters, with the categories that each takes natively."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.model_selection import KFold, StratifiedKFold

from benchmarks.tables.calendar import with_calendar_parts
from benchmarks.tables.tables import BenchmarkTable

FOLDS = 8
# scikit-learn's histograms have 255 bins, and so at most that many categories.
MOST_CATEGORIES = 255


def catboost(table: BenchmarkTable) -> NDArray[np.float64]:
    """Fit CatBoost with its defaults."""
    train, test, texts = text_columns(table)
    model = _catboost(table, cat_features=texts).fit(train, table.y_train)
    return predictions(model, test)


def catboost_bag(table: BenchmarkTable) -> NDArray[np.float64]:
    """Fit CatBoost on each of eight folds, stopped early on the rows left out, and average."""
    train, test, texts = text_columns(table)
    splitter = (KFold if table.task == "regression" else StratifiedKFold)(
        FOLDS, shuffle=True, random_state=0
    )
    total: Any = 0.0
    for fitted, stopped in splitter.split(train, table.y_train):
        model = _catboost(table, cat_features=texts, iterations=5_000, early_stopping_rounds=100)
        held_out = (train.iloc[stopped], table.y_train[stopped])
        model.fit(train.iloc[fitted], table.y_train[fitted], eval_set=held_out)
        total = total + predictions(model, test)
    return np.asarray(total / FOLDS)


def lightgbm(table: BenchmarkTable) -> NDArray[np.float64]:
    """Fit LightGBM with its defaults."""
    from lightgbm import LGBMClassifier, LGBMRegressor

    train, test = category_columns(table)
    estimator = LGBMRegressor if table.task == "regression" else LGBMClassifier
    model = estimator(random_state=0, verbose=-1).fit(train, table.y_train)
    return predictions(model, test)


def hist_gradient_boosting(table: BenchmarkTable) -> NDArray[np.float64]:
    """Fit scikit-learn's histogram booster with its defaults; rare categories are pooled."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    train, test = category_columns(table, most=MOST_CATEGORIES)
    if table.task == "regression":
        model = HistGradientBoostingRegressor(random_state=0)
    else:
        model = HistGradientBoostingClassifier(random_state=0)
    return predictions(model.fit(train, table.y_train), test)


def predictions(model: Any, X: pd.DataFrame) -> NDArray[np.float64]:
    """Return values, or probabilities by sorted class."""
    if not hasattr(model, "predict_proba"):
        return np.asarray(model.predict(X), dtype=np.float64)
    order = np.argsort(np.asarray(model.classes_).astype(np.str_))
    return np.asarray(model.predict_proba(X), dtype=np.float64)[:, order]


def text_columns(table: BenchmarkTable) -> tuple[pd.DataFrame, pd.DataFrame, list[str]]:
    """Return both parts with missing categories as a text of their own, and the text columns."""
    train, test = (with_calendar_parts(X) for X in (table.X_train, table.X_test))
    texts = [str(n) for n in train.columns if not pd.api.types.is_numeric_dtype(train[n])]
    train[texts], test[texts] = (X[texts].astype(object).fillna("missing") for X in (train, test))
    return train.astype(dict.fromkeys(texts, str)), test.astype(dict.fromkeys(texts, str)), texts


def category_columns(
    table: BenchmarkTable, most: int | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return both parts with text as pandas categories, and plain column names."""
    train, test = (with_calendar_parts(X) for X in (table.X_train, table.X_test))
    for name in train.columns:
        if not pd.api.types.is_numeric_dtype(train[name]):
            dtype = pd.CategoricalDtype(sorted(train[name].value_counts().index[:most]))
            train[name], test[name] = (
                X[name].where(X[name].isin(dtype.categories)).astype(dtype) for X in (train, test)
            )
    names = [f"x{i}" for i in range(train.shape[1])]
    return train.set_axis(names, axis=1), test.set_axis(names, axis=1)


def _catboost(table: BenchmarkTable, **settings: Any) -> Any:
    from catboost import CatBoostClassifier, CatBoostRegressor

    estimator = CatBoostRegressor if table.task == "regression" else CatBoostClassifier
    return estimator(random_seed=0, verbose=0, allow_writing_files=False, **settings)
