"""The square root of a regression's target: when it is tried, and its inverse."""

import copy
from dataclasses import replace

import numpy as np
import pytest

import lamina
from lamina.tabular import TabularRegressor, transformation_choice
from lamina.tabular.recipes import QUALITIES
from lamina.tabular.recipes.binned import BINNED, STRICT
from lamina.tabular.targets import Values
from lamina.tabular.transformations import SquareRoot, has_heavy_tail


@pytest.fixture(scope="module")
def squares():
    """Return a table whose target is a square: its root depends linearly on the columns."""
    rng = np.random.default_rng(0)
    X = rng.uniform(size=(120, 2))
    return X, (5 * X[:, 0] + X[:, 1] + 0.3 * rng.uniform(size=120)) ** 4


@pytest.fixture(scope="module")
def fitted(squares):
    model = TabularRegressor(random_state=0).fit(*squares)
    assert model._target.transformation is not None
    return model


def test_values_come_back_from_their_roots():
    values = np.array([0.0, 0.25, 1.0, 100.0])
    np.testing.assert_allclose(SquareRoot().inverse(SquareRoot().forward(values)), values)


def test_the_derivative_is_that_of_the_inverse():
    transformation, roots, step = SquareRoot(variance=0.5), np.array([-2.0, -0.3, 0.4, 7.0]), 1e-6
    difference = transformation.inverse(roots + step) - transformation.inverse(roots - step)
    derivative = transformation.derivative(transformation.inverse(roots))
    np.testing.assert_allclose(derivative, difference / (2 * step), rtol=1e-6)


@pytest.mark.parametrize(
    ("values", "is_tried"),
    [
        (np.arange(100.0) ** 4, True),
        (np.arange(100.0), False),
        (np.arange(100.0) ** 4 - 1, False),
        (-(np.arange(100.0) ** 4), False),
        (np.full(10, 3.0), False),
    ],
)
def test_roots_are_tried_for_skewed_values_from_zero(values, is_tried):
    assert has_heavy_tail(values) == is_tried


def test_networks_learn_roots_where_these_predict_better(squares, fitted):
    X, y = squares
    trained = Values.read(y)
    assert fitted._target.transformation.variance >= 0
    predictions = fitted.predict(X)
    assert fitted.target_range_ == trained.range
    assert np.mean((predictions - y) ** 2) < 0.05 * np.var(y)


def test_contributions_through_the_square_sum_to_the_prediction(squares, fitted):
    X, y = squares
    explanation = fitted.explain(X[:20])
    sums = explanation.baseline_predictions + explanation.contributions.sum(axis=1)
    np.testing.assert_allclose(sums, fitted.predict(X[:20]), atol=1e-6 * np.ptp(y))


def test_a_loaded_model_squares_as_the_saved_one(tmp_path, squares, fitted):
    X, _ = squares
    lamina.save(fitted, tmp_path / "model.lamina")
    loaded = lamina.load(tmp_path / "model.lamina")
    np.testing.assert_array_equal(loaded.predict(X), fitted.predict(X))


def test_a_scorer_sees_values_and_not_roots(squares):
    X, y = squares
    seen = []

    def scorer(model, X, y):
        seen.append((y.max(), model.predict(X).max()))
        return -float(np.mean((model.predict(X) - y) ** 2))

    TabularRegressor(scoring=scorer, random_state=0).fit(X, y)
    largest = np.max(seen, axis=0)
    assert largest[0] == pytest.approx(y.max())
    assert largest[1] > np.sqrt(y.max()) * 2


def test_a_refit_on_new_samples_learns_roots_as_well(squares, fitted):
    X, y = squares
    model = copy.deepcopy(fitted).refit(X[:60], 4 * y[:60])
    assert model._target.transformation == fitted._target.transformation
    assert model.predict(X[:60]).mean() > fitted.predict(X[:60]).mean()


def test_no_network_keeps_the_scorer_of_a_fit_that_tried_roots_in_vain(monkeypatch):
    monkeypatch.setattr(transformation_choice, "_score", lambda sample, members: 0.0)
    quality = replace(QUALITIES["balanced"], recipes=(BINNED, STRICT))
    monkeypatch.setitem(QUALITIES, "balanced", quality)
    rng = np.random.default_rng(1)
    X = rng.exponential(size=(80, 3))
    model = TabularRegressor(scoring="r2", random_state=0)
    model.fit(X, X.sum(axis=1) + rng.uniform(size=80), cv=2)
    assert model._target.transformation is None
    assert "binned" in {member.recipe for member in model.members_}
    assert {member.network.monitor for member in model.members_} == {"validation_loss"}
