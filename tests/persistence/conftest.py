"""Shared fixtures: an exact comparison, and fitted models of every kind."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.compose import TransformedTargetRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from lamina.encoding import TableEncoding
from lamina.estimators import MLPClassifier, MLPRegressor

N_SAMPLES = 40


def _numbers(dtype: str = "float64") -> np.ndarray:
    return np.random.RandomState(0).standard_normal((N_SAMPLES, 4)).astype(dtype)


def _frame() -> pd.DataFrame:
    X = _numbers()
    table = pd.DataFrame({"width": X[:, 0], "height": X[:, 1], "$tuple.of": X[:, 2]})
    table.loc[::7, "height"] = np.nan
    table["city"] = pd.Categorical(np.where(X[:, 3] > 0, "Ås", "Rome"))
    return table


def _labels(*classes: Any, dtype: Any = None) -> np.ndarray:
    codes = np.arange(N_SAMPLES) % len(classes)
    return np.array(classes, dtype=dtype)[codes]


def _of_names(*names: str) -> pd.DataFrame:
    return pd.DataFrame(_numbers(), columns=list(names))


_TARGET = _numbers() @ [1.0, -2.0, 3.0, 0.5]
_COUNTS = np.random.RandomState(1).poisson(2.0, N_SAMPLES).astype(float)
_INDICATORS = (_numbers() > 0).astype(int)[:, :3]
_SMALL: dict[str, Any] = {"hidden_layer_sizes": (5,), "max_iter": 3, "random_state": 0}


def _classifier(**parameters: Any) -> MLPClassifier:
    return MLPClassifier(**{**_SMALL, **parameters})


def _regressor(**parameters: Any) -> MLPRegressor:
    return MLPRegressor(**{**_SMALL, **parameters})


def _encoded(model: Any) -> Pipeline:
    return Pipeline([("encoding", TableEncoding()), ("model", model)])


def _scaled_target(regressor: Any) -> TransformedTargetRegressor:
    return TransformedTargetRegressor(regressor=regressor, transformer=StandardScaler())


# Each model before its fit, and its training data.
_CASES: dict[str, Callable[[], tuple[Any, Any, Any]]] = {
    "text": lambda: (_classifier(), _numbers(), _labels("no", "yes", "never")),
    "wide text": lambda: (_classifier(), _numbers(), _labels("a", "b", dtype="<U9")),
    "objects": lambda: (_classifier(), _numbers(), _labels("no", "yes", dtype=object)),
    "integers": lambda: (_classifier(), _numbers(), _labels(-1, 7, 100)),
    "small integers": lambda: (_classifier(), _numbers(), _labels(0, 1, dtype=np.int8)),
    "booleans": lambda: (_classifier(), _numbers(), _labels(False, True)),
    "floats": lambda: (_classifier(), _numbers(), _labels(0.0, 1.0)),
    "labels": lambda: (_classifier(), _numbers(), _INDICATORS),
    "sparse": lambda: (
        _classifier(),
        sparse.csr_array(_numbers()),
        sparse.csr_matrix(_INDICATORS),
    ),
    "sgd": lambda: (
        _classifier(solver="sgd", learning_rate="invscaling", hidden_layer_sizes=[4, 3]),
        _numbers(),
        _labels("no", "yes"),
    ),
    "lbfgs": lambda: (_classifier(solver="lbfgs"), _numbers(), _labels("no", "yes")),
    "early stopping": lambda: (
        _classifier(early_stopping=True, n_iter_no_change=np.inf),
        _numbers(),
        _labels("no", "yes"),
    ),
    "linear": lambda: (_classifier(hidden_layer_sizes=()), _numbers(), _labels(0, 1)),
    "random state": lambda: (
        _classifier(random_state=np.random.RandomState(7)),
        _numbers(),
        _labels(0, 1),
    ),
    "numpy scalars": lambda: (
        _classifier(alpha=np.float32(0.25), max_iter=np.int64(3), tol=np.float64(0)),
        _numbers(),
        _labels(0, 1),
    ),
    "float32": lambda: (_regressor(), _numbers("float32"), _TARGET),
    "names": lambda: (_regressor(), _of_names("a", "b", "ü", "a.b"), _TARGET),
    "outputs": lambda: (_regressor(), _numbers(), np.stack([_TARGET, -_TARGET], axis=1)),
    "poisson": lambda: (_regressor(loss="poisson"), _numbers(), _COUNTS),
    "table": lambda: (_encoded(_classifier()), _frame(), _labels("no", "yes")),
    "table, target": lambda: (_scaled_target(_encoded(_regressor())), _frame(), _TARGET),
    "target": lambda: (_scaled_target(_regressor()), _numbers(), _TARGET),
    "scalers": lambda: (
        Pipeline(
            [
                ("none", "passthrough"),
                ("range", MinMaxScaler((-1, 1)).set_output(transform="pandas")),
                ("unit", StandardScaler()),
                ("mlp", _regressor()),
            ]
        ),
        _of_names("a", "b", "c", "d"),
        _TARGET,
    ),
}


@pytest.fixture(params=_CASES)
def case(request: pytest.FixtureRequest) -> tuple[Any, Any, Any]:
    """Fitted model with its training data, one of every kind that a file may hold."""
    return _fitted(request.param)


def _fitted(name: str) -> tuple[Any, Any, Any]:
    model, X, y = _CASES[name]()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(X, y), X, y


@pytest.fixture(scope="session")
def fitted() -> Callable[[str], tuple[Any, Any, Any]]:
    """`fitted(name)`: the model of that name, with its training data."""
    return _fitted


@pytest.fixture(params=_CASES)
def unfitted(request: pytest.FixtureRequest) -> Any:
    """Model before its fit."""
    return _CASES[request.param]()[0]
