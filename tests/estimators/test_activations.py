"""Activations of single layers, as parameters of the estimators."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import lamina
from lamina import MLPClassifier, MLPRegressor
from lamina.errors import UnknownNameError
from lamina.formulas import ACTIVATIONS

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X = np.random.RandomState(0).standard_normal((60, 3))
y = np.sin(X[:, 0]) + X[:, 1] * X[:, 2]


def made(activation, **parameters):
    parameters = {"max_iter": 60, "random_state": 0, "hidden_layer_sizes": (8, 5), **parameters}
    return MLPRegressor(activation=activation, **parameters)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_learns_and_survives_saving(activation, tmp_path):
    model = made(activation, solver="lbfgs").fit(X, y)
    # A network of identities is a linear model, which reaches this score.
    assert np.mean((model.predict(X) - y) ** 2) < 0.7 * np.var(y)
    lamina.save(model, tmp_path / "model.lamina")
    assert_array_equal(lamina.load(tmp_path / "model.lamina").predict(X), model.predict(X))


@pytest.mark.parametrize("engine", ["native", "reference"])
def test_each_hidden_layer_may_have_its_own(engine):
    mixed = made(["relu", "tanh"], engine=engine).fit(X, y)
    a = np.maximum(X @ mixed.coefs_[0] + mixed.intercepts_[0], 0)
    a = np.tanh(a @ mixed.coefs_[1] + mixed.intercepts_[1])
    expected = (a @ mixed.coefs_[2] + mixed.intercepts_[2])[:, 0]
    np.testing.assert_allclose(mixed.predict(X), expected, rtol=1e-12)


def test_a_list_that_repeats_one_name_equals_that_name():
    assert_array_equal(
        made(["tanh", "tanh"]).fit(X, y).predict(X), made("tanh").fit(X, y).predict(X)
    )


@pytest.mark.parametrize("engine", ["native", "reference"])
def test_an_output_activation_is_applied_before_the_inverse_link(engine):
    model = made("relu", output_activation="softplus", engine=engine).fit(X, y)
    assert (model.predict(X) > 0).all()
    classifier = MLPClassifier((4,), output_activation="tanh", max_iter=5, engine=engine)
    probability = classifier.fit(X, y > 0).predict_proba(X)
    assert probability.max() <= 1 / (1 + np.exp(-1)) + 1e-12


def test_a_wrong_number_of_names_is_refused_with_both_numbers():
    with pytest.raises(ValueError, match=r"names 3 layers, and hidden_layer_sizes has 2"):
        made(["relu", "tanh", "relu"]).fit(X, y)


def test_the_error_for_a_misspelt_name_in_a_list_suggests_the_nearest():
    with pytest.raises(UnknownNameError, match="Did you mean 'softplus'"):
        made(["relu", "sofplus"]).fit(X, y)


def test_prelu_slopes_are_learned_and_kept_when_a_fit_continues():
    model = made("prelu", solver="sgd").partial_fit(X, y)
    first = [part.copy() for part in model.unit_parameters_]
    assert [part.shape for part in first] == [(1, 8), (1, 5), (0, 1)]
    assert (first[0] != 0.25).any()
    model.partial_fit(X, y)
    assert (model.unit_parameters_[0] != first[0]).any()
    assert np.abs(model.unit_parameters_[0] - first[0]).max() < 0.01


def test_a_new_fit_without_prelu_removes_its_learned_slopes():
    model = made("prelu").fit(X, y).set_params(activation="relu").fit(X, y)
    assert not hasattr(model, "unit_parameters_")


def test_pickle_keeps_all_parts_views_of_one_vector():
    model = pickle.loads(pickle.dumps(made("prelu").fit(X, y)))
    vector = model.coefs_[0].base
    parts = [*model.coefs_, *model.intercepts_, *model.unit_parameters_[:2]]
    assert all(part.base is vector for part in parts)


def test_an_activation_changed_to_one_that_learns_needs_a_fit():
    model = made("relu").fit(X, y).set_params(activation="prelu")
    with pytest.raises(ValueError, match=r"unit_parameters_ of shapes .* fit the estimator again"):
        model.predict(X)
