"""Custom losses that break the contract are refused before the first epoch."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from lamina import MLPRegressor
from lamina.errors import NonFiniteError

X = np.random.RandomState(0).standard_normal((40, 3))
Y = X[:, 0]

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


class Written:
    """Custom loss made from a function of logits, y and weights."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function

    def value_and_delta(self, logits: Any, y: Any, sample_weight: Any) -> Any:
        return self.function(logits, y, sample_weight)


def squares(z: Any, y: Any, w: Any) -> tuple[Any, Any]:
    return 0.5 * (z - y)[:, 0] ** 2, z - y


def weighted(z: Any, y: Any, w: Any) -> tuple[Any, Any]:
    value, delta = squares(z, y, w)
    return (value, delta) if w is None else (value * w, delta * w[:, np.newaxis])


def fit(function: Callable[..., Any], weight: Any = None, **settings: Any) -> MLPRegressor:
    model = MLPRegressor(Written(function), (3,), max_iter=5, random_state=0, **settings)
    return model.fit(X, Y, weight)


@pytest.mark.parametrize("n_ones", [0, 5, 39, 40])
def test_a_loss_that_ignores_weights_is_refused_whatever_the_first_weights(n_ones: int) -> None:
    weight = np.r_[np.ones(n_ones), np.full(40 - n_ones, 3.0)]
    with pytest.raises(ValueError, match="by its sample_weight, and does not"):
        fit(squares, weight)
    expected = MLPRegressor("squared_error", (3,), max_iter=5, random_state=0).fit(X, Y, weight)
    assert fit(weighted, weight).loss_ == pytest.approx(expected.loss_)


@pytest.mark.parametrize("part", [0, 1])
def test_complex_numbers_are_refused(part: int) -> None:
    def function(z: Any, y: Any, w: Any) -> Any:
        answer = list(squares(z, y, w))
        answer[part] = answer[part] + 1j
        return answer

    with pytest.raises(TypeError, match=r"Written\.value_and_delta .* got complex numbers"):
        fit(function)


@pytest.mark.parametrize("part", [0, 1])
@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_a_loss_of_nan_is_named(part: int, number: float) -> None:
    def function(z: Any, y: Any, w: Any) -> Any:
        answer = list(squares(z, y, w))
        answer[part] = np.full_like(answer[part], number)
        return answer

    with pytest.raises(ValueError, match=r"Written\.value_and_delta returned .*(nan|inf)"):
        fit(function)


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_a_later_nan_is_attributed_to_the_loss_and_not_to_an_overflow(solver: str) -> None:
    calls = []

    def function(z: Any, y: Any, w: Any) -> Any:
        calls.append(1)
        value, delta = squares(z, y, w)
        return (value * math.nan if len(calls) > 9 else value), delta

    with pytest.raises(NonFiniteError, match=r"Written\.value_and_delta returned NaN or infinity"):
        fit(function, solver=solver)


def test_a_loss_passed_as_a_class_is_refused() -> None:
    with pytest.raises(ValueError, match=r"loss=<class .*Written'> is a class.* Written\(\)"):
        MLPRegressor(Written).fit(X, Y)
