"""Expected results of fits: data, model, and the figures that scikit-learn prints."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import mean_absolute_error, mean_squared_error
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

import lamina
from lamina import datasets
from lamina.formulas.table import RecordTable

SEED = 42


@dataclass(frozen=True)
class Expectation:
    """One fit and its figures.

    Attributes
    ----------
    name : str
    about : str
        The model and its data in a few words.
    measure : callable
        Runs the fit and returns its figures by name.
    expected : dict of str to str
        The same figures as text, rounded to the same number of decimals.
    """

    name: str
    about: str
    measure: Callable[[], dict[str, float]]
    expected: dict[str, str]


def _fitted(model: Any, X: Any, y: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(X, y)


def _digits(hidden: tuple[int, ...]) -> dict[str, float]:
    data = datasets.load("digits")
    X_train, X_test, y_train, y_test = train_test_split(
        data.X, data.y, random_state=SEED, stratify=data.y
    )
    scaler = StandardScaler().fit(X_train)
    X_train, X_test = scaler.transform(X_train), scaler.transform(X_test)
    model = lamina.MLPClassifier(hidden, max_iter=400, alpha=1e-4, random_state=SEED)
    _fitted(model, X_train, y_train)
    return {
        "train": model.score(X_train, y_train),
        "test": model.score(X_test, y_test),
        "iterations": model.n_iter_,
    }


def _mnist() -> dict[str, float]:
    data = datasets.load("mnist")
    X, _, y, _ = train_test_split(
        data.X, data.y, train_size=10_000, stratify=data.y, random_state=SEED
    )
    X_train, X_test, y_train, y_test = train_test_split(
        X / 255, y, test_size=0.2, random_state=SEED
    )
    model = lamina.MLPClassifier((128, 64), batch_size=64, max_iter=20, random_state=SEED)
    _fitted(model, X_train, y_train)
    losses = model.loss_curve_
    return {"first loss": losses[0], "last loss": losses[-1], "test": model.score(X_test, y_test)}


def _california() -> dict[str, float]:
    data = datasets.load("california_housing")
    X_train, X_test, y_train, y_test = train_test_split(
        data.X, data.y, test_size=0.2, random_state=SEED
    )
    scaler = StandardScaler().fit(X_train)
    model = lamina.MLPRegressor(
        hidden_layer_sizes=(100, 50),
        alpha=0.001,
        batch_size=32,
        max_iter=100,
        early_stopping=True,
        random_state=SEED,
    )
    _fitted(model, scaler.transform(X_train), y_train)
    X_test = scaler.transform(X_test)
    predicted = model.predict(X_test)
    return {
        "iterations": model.n_iter_,
        "RMSE": math.sqrt(mean_squared_error(y_test, predicted)),
        "MAE": float(mean_absolute_error(y_test, predicted)),
        "R²": model.score(X_test, y_test),
    }


def _digits_expectations() -> Iterator[Expectation]:
    for hidden, train, test, iterations in [
        ((), "0.997", "0.964", "400"),
        ((64,), "1.000", "0.980", "164"),
        ((128, 64), "1.000", "0.973", "80"),
        ((256, 128, 64), "1.000", "0.982", "48"),
    ]:
        yield Expectation(
            name="-".join(["digits", *map(str, hidden)]),
            about=f"digits, hidden layers {hidden}",
            measure=partial(_digits, hidden),
            expected={"train": train, "test": test, "iterations": iterations},
        )


EXPECTATIONS = RecordTable(
    "expectation",
    *_digits_expectations(),
    Expectation(
        name="mnist",
        about="8,000 rows of MNIST, hidden layers (128, 64)",
        measure=_mnist,
        expected={"first loss": "0.71345206", "last loss": "0.00253876", "test": "0.9555"},
    ),
    Expectation(
        name="california",
        about="California housing, hidden layers (100, 50), early stopping",
        measure=_california,
        expected={"iterations": "76", "RMSE": "0.5138", "MAE": "0.3460", "R²": "0.7986"},
    ),
)
