"""Initial weights that the estimators' parameters describe."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import sklearn.neural_network
from sklearn.base import clone

import lamina
from lamina import MLPClassifier, MLPRegressor
from lamina.estimators.fitting.initializing import first_parameters, initial_gains
from lamina.estimators.settings.fit_settings import resolve_settings
from lamina.formulas import ACTIVATIONS, INITIALIZERS
from lamina.network import NetworkSpec, ParameterLayout, fit_to_rows

X = np.random.RandomState(0).standard_normal((40, 4))
Y = X[:, 0] - X[:, 1] ** 2
TINY = 1e-200
SPEC = NetworkSpec.perceptron([4, 6, 1], activation="relu", inverse_link="identity")

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def model_of(initializer: Any, **more: Any) -> MLPRegressor:
    defaults: dict[str, Any] = {"hidden_layer_sizes": (6,), "max_iter": 1, "random_state": 0}
    return MLPRegressor(**defaults | {"initializer": initializer} | more)


def vector(model: Any) -> np.ndarray:
    return np.concatenate([np.ravel(part) for part in (*model.coefs_, *model.intercepts_)])


def begun(initializer: Any, **more: Any) -> MLPRegressor:
    """Return a model after a step that is too small to change anything."""
    return model_of(initializer, solver="sgd", learning_rate_init=1e-300, **more).fit(X, Y)


@pytest.mark.parametrize("initializer", INITIALIZERS)
def test_a_fit_starts_from_the_drawn_parameters(initializer: str) -> None:
    model = model_of(initializer)
    random_state = np.random.RandomState(0)
    drawn = first_parameters(resolve_settings(model), SPEC, random_state, np.float64)
    if INITIALIZERS[initializer].reads_rows:
        drawn = fit_to_rows(SPEC, drawn, X, random_state)
    np.testing.assert_allclose(vector(begun(initializer)), drawn, rtol=0, atol=TINY)


@pytest.mark.parametrize("initializer", INITIALIZERS)
def test_both_engines_start_from_the_same_parameters(initializer: str) -> None:
    one, other = (begun(initializer, engine=engine) for engine in (None, "reference"))
    np.testing.assert_allclose(vector(one), vector(other), rtol=0, atol=TINY)


def test_the_default_initializer_is_scikit_learns() -> None:
    theirs = sklearn.neural_network.MLPRegressor(
        hidden_layer_sizes=(6,), solver="sgd", learning_rate_init=1e-300, max_iter=1, random_state=0
    ).fit(X, Y)
    np.testing.assert_allclose(vector(begun("glorot_uniform")), vector(theirs), rtol=0, atol=TINY)


@pytest.mark.parametrize("activation", ["relu", "logistic"])
def test_glorot_draws_the_output_layer_like_the_hidden_ones_and_he_does_not(
    activation: str,
) -> None:
    spec = NetworkSpec.perceptron([4, 6, 1], activation=activation, inverse_link="identity")
    formula = ACTIVATIONS[activation]
    for name in INITIALIZERS:
        model = model_of(name, activation=activation)
        gains = initial_gains(resolve_settings(model), spec)
        if name.startswith("glorot"):
            assert gains == [formula.gain, formula.gain]
        else:
            assert gains[1] == 1.0
        if name.startswith(("he", "orthogonal")):
            assert gains[0] == formula.he_gain


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_a_fit_may_start_from_another_models_weights(solver: str) -> None:
    first = model_of("he_normal", max_iter=3).fit(X, Y)
    for initializer in (vector(first), [*first.coefs_, *first.intercepts_], vector(first).tolist()):
        warm = clone(first).set_params(initializer=initializer, solver=solver).fit(X, Y)
        on = model_of("he_normal", max_iter=3, warm_start=True).fit(X, Y)
        on.set_params(solver=solver, random_state=0).fit(X, Y)
        np.testing.assert_array_equal(vector(warm), vector(on))


def test_arrays_passed_as_initializer_are_not_modified() -> None:
    initializer = np.linspace(-1, 1, ParameterLayout.from_spec(SPEC).n_parameters)
    before = initializer.copy()
    model_of(initializer, max_iter=5).fit(X, Y)
    np.testing.assert_array_equal(initializer, before)


def test_unit_parameters_have_their_usual_start_if_only_weights_and_biases_are_passed() -> None:
    zeros = [np.zeros((4, 6)), np.zeros((6, 1)), np.zeros(6), np.zeros(1)]
    model = begun(zeros, activation="prelu")
    np.testing.assert_array_equal(model.unit_parameters_[0], np.full((1, 6), 0.25))
    assert np.abs(vector(model)).max() < TINY


@pytest.mark.parametrize(
    ("initializer", "message"),
    [
        (np.zeros(36), r"initializer of shape \(36,\) does not fit .* 37 numbers"),
        ([np.zeros((4, 6)), np.zeros((6, 1))], r"initializer of shapes \[\(4, 6\), \(6, 1\)\]"),
        (np.full(37, np.nan), "initializer contains infinity or NaN"),
        ("he_norml", "Did you mean 'he_normal'"),
        (3, "initializer"),
    ],
    ids=["length", "parts", "NaN", "name", "number"],
)
def test_invalid_initial_parameters_are_refused(initializer: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        model_of(initializer).fit(X, Y)


@pytest.mark.parametrize(
    "initializer", ["orthogonal", np.linspace(-1, 1, 37)], ids=["name", "array"]
)
def test_a_model_with_initial_arrays_is_saved_and_loaded(initializer: Any, tmp_path: Any) -> None:
    model = model_of(initializer).fit(X, Y)
    lamina.save(model, tmp_path / "model.lamina")
    loaded = lamina.load(tmp_path / "model.lamina")
    np.testing.assert_array_equal(loaded.initializer, initializer)
    np.testing.assert_array_equal(vector(loaded.fit(X, Y)), vector(model.fit(X, Y)))


def test_zero_initialization_keeps_the_units_of_a_layer_alike() -> None:
    model = MLPClassifier((5,), initializer="zeros", activation="tanh", max_iter=20, random_state=0)
    model.fit(X, Y > 0)
    assert (model.coefs_[0] == model.coefs_[0][:, :1]).all()
    assert model.intercepts_[1].any()


def test_weights_in_ntk_parametrisation_are_drawn_from_the_standard_normal() -> None:
    model = model_of("glorot_uniform", hidden_layer_sizes=(400,), parametrization="ntk")
    drawn = model.set_params(solver="sgd", learning_rate_init=1e-300).fit(X, Y)
    np.testing.assert_allclose([np.std(W) for W in drawn.coefs_], 1.0, rtol=0.1)
    assert max(np.abs(b).max() for b in drawn.intercepts_) < TINY


@pytest.mark.parametrize("initializer", [*INITIALIZERS][1:])
def test_an_initializer_in_ntk_parametrisation_starts_with_the_same_predictions(
    initializer: str,
) -> None:
    standard, ntk = (
        begun(initializer, parametrization=name).predict(X) for name in ("standard", "ntk")
    )
    np.testing.assert_allclose(ntk, standard, rtol=1e-12, atol=1e-12)


def test_an_array_in_ntk_parametrisation_is_the_learned_w() -> None:
    first = model_of("he_normal", parametrization="ntk", max_iter=3).fit(X, Y)
    again = begun(vector(first), parametrization="ntk")
    np.testing.assert_allclose(again.coefs_[0], first.coefs_[0], rtol=0, atol=TINY)
    np.testing.assert_allclose(again.predict(X), first.predict(X), rtol=1e-9)
