"""Learning-rate range test: its curve, its suggestion, and an unchanged estimator."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris, load_wine
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from lamina import MLPClassifier, MLPRegressor
from lamina.estimators.inspection.learning_rate_range import running_mean, suggest

SMALL: dict[str, Any] = {
    "hidden_layer_sizes": (20,),
    "batch_size": 32,
    "random_state": 0,
    "max_iter": 20,
    "n_iter_no_change": 1000,
}
GRID = np.geomspace(1e-5, 1, 11)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

Load = Callable[..., Any]


@cache
def data(load: Load) -> list[np.ndarray]:
    X, y = load(return_X_y=True)
    if load is load_diabetes:
        y = (y - y.mean()) / y.std()
    return train_test_split(StandardScaler().fit_transform(X), y, random_state=0)


def accuracy_at(rate: float, load: Load, solver: str) -> float:
    X, X_test, y, y_test = data(load)
    model = MLPClassifier(learning_rate_init=rate, solver=solver, **SMALL)
    try:
        return float(model.fit(X, y).score(X_test, y_test))
    except ValueError:
        return 0.0


def loss_at(rate: float, solver: str) -> float:
    X, _, y, _ = data(load_diabetes)
    model = MLPRegressor(learning_rate_init=rate, solver=solver, **SMALL)
    try:
        return float(model.fit(X, y).loss_)
    except ValueError:
        return math.inf


@pytest.mark.parametrize("solver", ["adam", "sgd"])
@pytest.mark.parametrize("load", [load_iris, load_wine, load_breast_cancer, load_digits])
def test_the_suggestion_classifies_within_a_tenth_of_the_best_of_a_grid(
    load: Load, solver: str
) -> None:
    X, _, y, _ = data(load)
    found = MLPClassifier(solver=solver, **SMALL).find_learning_rate(X, y)
    best = max(accuracy_at(rate, load, solver) for rate in GRID)
    assert best > 0.9
    assert accuracy_at(found.suggestion, load, solver) >= 0.9 * best


@pytest.mark.parametrize("solver", ["adam", "sgd"])
def test_the_suggestion_lowers_the_loss_within_a_tenth_of_the_best_of_a_grid(solver: str) -> None:
    X, _, y, _ = data(load_diabetes)
    found = MLPRegressor(solver=solver, **SMALL).find_learning_rate(X, y)
    assert loss_at(found.suggestion, solver) <= 1.1 * min(loss_at(rate, solver) for rate in GRID)


def test_the_curve_has_rising_rates_and_ends_when_the_loss_diverges() -> None:
    X, _, y, _ = data(load_digits)
    found = MLPClassifier(**SMALL).find_learning_rate(X, y, lowest=1e-5, highest=100.0, n_steps=80)
    n_steps = len(found.rates)
    assert len(found.losses) == len(found.smoothed) == n_steps <= 80
    np.testing.assert_allclose(found.rates, np.geomspace(1e-5, 100, 80)[:n_steps])
    assert found.losses[-1] > 4 * found.losses.min() or n_steps == 80
    assert repr(found) == f"LearningRateRange(suggestion={found.suggestion!r})"


def test_the_range_test_does_not_change_the_estimator() -> None:
    X, _, y, _ = data(load_iris)
    random_state = np.random.RandomState(3)
    for model in (
        MLPClassifier(**SMALL),
        MLPClassifier(**(SMALL | {"random_state": random_state})).fit(X, y),
    ):
        before, drawn = dict(vars(model)), random_state.get_state(legacy=False)
        model.find_learning_rate(X, y)
        assert vars(model) == before
        np.testing.assert_equal(random_state.get_state(legacy=False), drawn)


def test_the_range_test_ignores_settings_that_end_a_fit_or_change_its_rate() -> None:
    X, _, y, _ = data(load_iris)
    plain = MLPClassifier(**SMALL).find_learning_rate(X, y)
    disturbed = MLPClassifier(
        early_stopping=True, learning_rate="step", learning_rate_options={"every": 1}, warmup=3
    ).set_params(**SMALL, max_seconds=1e-9, warm_start=True, tol=9.0)
    assert disturbed.find_learning_rate(X, y).suggestion == plain.suggestion


def test_sample_weights_count_in_the_range_test() -> None:
    X, _, y, _ = data(load_iris)
    model, weight = MLPClassifier(**SMALL), np.where(y == 0, 5.0, 0.1)
    plain = model.find_learning_rate(X, y)
    assert (model.find_learning_rate(X, y, weight).losses[:5] != plain.losses[:5]).all()


@pytest.mark.parametrize(
    "bounds", [{"lowest": 0.0}, {"lowest": 1.0, "highest": 0.1}, {"n_steps": 9}]
)
def test_bounds_out_of_order_are_refused(bounds: dict[str, Any]) -> None:
    X, _, y, _ = data(load_iris)
    with pytest.raises(ValueError, match="takes 0 < lowest < highest and n_steps >= 10"):
        MLPClassifier(**SMALL).find_learning_rate(X, y, **bounds)


def test_the_range_test_refuses_lbfgs() -> None:
    X, _, y, _ = data(load_iris)
    with pytest.raises(ValueError, match="solver='lbfgs'"):
        MLPClassifier(solver="lbfgs").find_learning_rate(X, y)


def test_a_loss_that_falls_at_no_rate_is_an_error() -> None:
    rates = np.geomspace(1e-3, 1, 4)
    with pytest.raises(ValueError, match=r"falls at no learning rate from 0\.001 to 1"):
        suggest(rates, np.array([1.0, 1.5, 2.0, 3.0]))
    assert suggest(rates, np.array([3.0, 2.1, 1.9, 1.0])) == rates[3] / 10
    np.testing.assert_allclose(running_mean(np.array([1.0, 0.0])), [1.0, 0.09 / 0.19])
