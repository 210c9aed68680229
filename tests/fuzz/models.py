"""Tiny fitted models of every kind that a file may hold, for mutants of their files."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.compose import TransformedTargetRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from tests.persistence.transformers import (
    NUMBERS,
    TARGET_CASES,
    TRANSFORMER_CASES,
    fitted_pipeline,
    fitted_target,
)

from lamina import MLPClassifier, MLPRegressor, TabularClassifier, TabularRegressor
from lamina.encoding import TableEncoding
from lamina.inputs import Categorical, OneHot, Periodic, PiecewiseLinear, Scaled

RANDOM = np.random.RandomState(0)
X = RANDOM.standard_normal((24, 3))
Y = X[:, 0] + 0.1
LABELS = np.array(["no", "yes", "never"])[RANDOM.randint(3, size=24)]
INDICATORS = (X > 0).astype(int)
TABLE = pd.DataFrame({"width": X[:, 0], "city": np.where(X[:, 1] > 0, "Ås", "Rome")})
TABLE.loc[::5, "width"] = np.nan
SMALL: dict[str, Any] = {"hidden_layer_sizes": (3,), "max_iter": 2, "random_state": 0}

Made = tuple[Any, Any]


def fitted(model: Any, rows: Any, y: Any) -> Made:
    """Return the fitted model and samples to predict."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(rows, y), rows[:4]


def classifier(y: Any, rows: Any = X, **parameters: Any) -> Callable[[], Made]:
    return lambda: fitted(MLPClassifier(**{**SMALL, **parameters}), rows, y)


def regressor(y: Any = Y, rows: Any = X, **parameters: Any) -> Callable[[], Made]:
    return lambda: fitted(MLPRegressor(**{**SMALL, **parameters}), rows, y)


def scaled_target() -> Made:
    model = make_pipeline(MinMaxScaler(), MLPRegressor(**SMALL))
    target = TransformedTargetRegressor(regressor=model, transformer=StandardScaler())
    return fitted(target, X, Y)


def scaled_by(name: str) -> Made:
    return fitted_target(name), NUMBERS[:4]


def table() -> Made:
    model = Pipeline([("encoding", TableEncoding()), ("model", MLPClassifier(**SMALL))])
    return fitted(model, TABLE, LABELS)


def ensemble(estimator: type[Any], y: Any) -> Made:
    """Fit an ensemble to a table with a coded column, numbers and categories."""
    rows = TABLE.assign(shop=[f"s{i % 12}" for i in range(len(TABLE))])
    return fitted(estimator(quality="fast", random_state=0), rows, y)


# Numbers and categories in each kind of inputs.
INPUTS = [
    Periodic(columns=[0], n_frequencies=2),
    PiecewiseLinear(columns=[1], n_bins=3, n_outputs=2),
    Scaled(columns=[2]),
    Categorical(columns=[3]),
    OneHot(columns=[4]),
]
CODED = np.column_stack([X, RANDOM.randint(4, size=(24, 2))])


MODELS: dict[str, Callable[[], Made]] = {
    "text": classifier(LABELS),
    "inputs": regressor(rows=CODED, inputs=INPUTS),
    "booleans": classifier(X[:, 0] > 0, solver="sgd", learning_rate="adaptive"),
    "indicators": classifier(INDICATORS),
    "sparse": classifier(sparse.csr_array(INDICATORS), sparse.csr_array(X)),
    "several columns": classifier(np.stack([LABELS, LABELS[::-1]], axis=1)),
    "lbfgs": classifier(LABELS, solver="lbfgs"),
    "numbers": regressor(),
    "quantiles": regressor(loss="quantile", quantile=[0.1, 0.9], early_stopping=True),
    "deviation": regressor(loss="gaussian_nll", rows=X.astype(np.float32)),
    "everything": regressor(
        hidden_layer_sizes=(3, 3),
        activation=["prelu", "tanh"],
        normalization="batch",
        residual=True,
        dropout=[0.2, 0.1],
        average_decay=0.9,
        amsgrad=True,
        random_state=np.random.RandomState(1),
    ),
    "scaled": regressor(Y * 1e6, scale_target=True),
    "reference": regressor(engine="reference", learning_rate="cosine", solver="nadam"),
}
PIPELINES: dict[str, Callable[[], Made]] = {
    "scaled target": scaled_target,
    "table": table,
    "ensemble of classifiers": partial(ensemble, TabularClassifier, LABELS),
    "ensemble of regressors": partial(ensemble, TabularRegressor, Y),
    **{name: partial(fitted_pipeline, name) for name in TRANSFORMER_CASES},
    **{f"target {name}": partial(scaled_by, name) for name in TARGET_CASES},
}
