"""Values that demand endless work, or more memory than there is, are bounded or refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.utils._param_validation import InvalidParameterError

from lamina import MLPRegressor
from lamina.estimators.fitting.initializing import installed_memory
from lamina.inputs import Periodic, PiecewiseLinear
from lamina.members import Independent, Shared

X = np.random.RandomState(0).standard_normal((20, 3))
y = X[:, 0]
HUGE = 10**400


def test_a_tiny_period_of_the_cosine_schedule_trains_like_any_other() -> None:
    options = {"period": 1e-9}
    model = MLPRegressor(
        max_iter=3, learning_rate="cosine", learning_rate_options=options, tol=0, n_iter_no_change=9
    )
    assert len(model.fit(X, y).loss_curve_) == 3


@pytest.mark.parametrize("sizes", [10**12, (10**7, 10**7), (3, 2**63 - 1)])
@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
def test_a_network_larger_than_the_memory_is_refused_before_it_is_made(
    sizes: Any, solver: str
) -> None:
    model = MLPRegressor(hidden_layer_sizes=sizes, solver=solver)
    with pytest.raises(MemoryError, match=r"hidden_layer_sizes=.* GB.*Choose smaller"):
        model.fit(X, y)
    assert not hasattr(model, "coefs_")


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"inputs": Periodic(n_outputs=10**9)}, r"inputs=Periodic\(n_outputs=1000000000\) \(3,00"),
        ({"inputs": PiecewiseLinear(n_outputs=10**9)}, "or inputs with fewer outputs"),
        ({"members": Shared(2**16), "width": 10**7}, "n_members=65536 .*Choose fewer members or"),
        ({"members": Independent(10**9)}, "n_members=1000000000 .*Choose fewer members or"),
    ],
    ids=str,
)
def test_a_refusal_for_memory_names_members_and_inputs(params: Any, words: str) -> None:
    with pytest.raises(MemoryError, match=words):
        MLPRegressor(**params).fit(X, y)


def test_the_memory_of_this_machine_is_a_positive_number() -> None:
    assert installed_memory() > 0


@pytest.mark.parametrize(
    "name",
    [
        "alpha",
        "batch_size",
        "checkpoint_every",
        "input_noise",
        "learning_rate_init",
        "max_fun",
        "max_iter",
        "max_seconds",
        "n_iter_no_change",
        "n_threads",
        "power_t",
        "tol",
        "warmup",
    ],
)
def test_integers_too_large_for_a_float_are_refused_by_name(name: str) -> None:
    model = MLPRegressor(max_iter=1).set_params(**{name: HUGE})
    with pytest.raises(
        InvalidParameterError, match=f"'{name}' parameter .* (of 64 bits|float64 can)"
    ):
        model.fit(X, y)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("loss", ["squared_error", "huber"])
@pytest.mark.parametrize("name", ["alpha", "huber_threshold", "tol", "max_seconds", "warmup"])
def test_a_float_parameter_takes_an_integer_of_more_than_64_bits(name: str, loss: str) -> None:
    fits = [
        MLPRegressor(loss, (3,), max_iter=1, random_state=0, **{name: value}).fit(X, y)
        for value in (10**30, 1e30)
    ]
    np.testing.assert_array_equal(fits[0].coefs_[0], fits[1].coefs_[0])


@pytest.mark.parametrize("name", ["max_iter", "batch_size", "n_threads", "n_iter_no_change"])
def test_an_integer_parameter_takes_64_bits_only(name: str) -> None:
    with pytest.raises(InvalidParameterError, match=f"'{name}' parameter .* of 64 bits"):
        MLPRegressor(**{name: 10**30}).fit(X, y)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "parameters",
    [
        {"max_iter": 2**63 - 1},
        {"max_iter": 2**63 - 1, "learning_rate": "polynomial"},
        {"max_iter": 2**63 - 1, "learning_rate": "one_cycle"},
        {"batch_size": 2**63 - 1},
        {"n_iter_no_change": 2**63 - 1},
        {"warmup": 1.7e308},
        {"checkpoint_every": 2**63 - 1},
        {"max_fun": 2**63 - 1, "max_iter": 2**63 - 1, "solver": "lbfgs"},
        {"max_seconds": 1.7e308, "max_iter": 2},
    ],
    ids=str,
)
def test_the_largest_integers_train_within_the_time_limit(
    parameters: dict[str, Any], tmp_path: Any
) -> None:
    if "checkpoint_every" in parameters:
        parameters = parameters | {"checkpoint": tmp_path / "fit.checkpoint"}
    model = MLPRegressor(hidden_layer_sizes=(4,), max_seconds=0.05).set_params(**parameters)
    assert model.fit(X, y).n_iter_ >= 1


@pytest.mark.parametrize("n_steps", [0, -1, 10**9, HUGE])
def test_the_number_of_integration_points_is_bounded(n_steps: int) -> None:
    model = MLPRegressor(hidden_layer_sizes=(4,), solver="lbfgs", max_iter=500).fit(X, y)
    with pytest.raises(ValueError, match=r"n_steps=.* must be from 1 to 2000"):
        model.integrated_gradients(X, n_steps=n_steps)
