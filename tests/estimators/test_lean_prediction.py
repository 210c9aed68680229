"""The cache of `predict` never survives a change of the model."""

from __future__ import annotations

import gc
import pickle
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from lamina import MLPClassifier, MLPRegressor
from lamina.engines import Engine
from lamina.estimators.fitting.fitted_network import _known, get_network

X = np.random.RandomState(0).standard_normal((60, 3))
Y = X[:, 0] - X[:, 1] * X[:, 2]

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture(autouse=True)
def serve(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAMINA_ENGINE", engine.name)


@pytest.fixture
def model() -> MLPRegressor:
    model = MLPRegressor("squared_error", (4, 4, 4), max_iter=3, random_state=0).fit(X, Y)
    model.predict(X[:1])
    return model


def write(model: Any) -> None:
    model.coefs_[0][0, 0] += 1


def scale(model: Any) -> None:
    model.intercepts_[-1] *= 2
    model.intercepts_[-1] += 1


def replace(model: Any) -> None:
    model.coefs_[1] = -model.coefs_[1]


def swap(model: Any) -> None:
    model.coefs_[1], model.coefs_[2] = model.coefs_[2], model.coefs_[1]


def replace_list(model: Any) -> None:
    model.coefs_ = [weights * 0.5 for weights in model.coefs_]


def activate(model: Any) -> None:
    model.set_params(activation="tanh")


def inverse_link(model: Any) -> None:
    model.out_activation_ = "exp"


def fit_anew(model: Any) -> None:
    model.set_params(random_state=1).fit(X, Y)


def go_on(model: Any) -> None:
    model.partial_fit(X, Y)


CHANGES = [write, scale, replace, swap, replace_list, activate, inverse_link, fit_anew, go_on]


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_shows_in_the_next_prediction(
    model: MLPRegressor, change: Callable[[Any], None]
) -> None:
    before = model.predict(X)
    change(model)
    # A copy through pickle has an empty cache.
    expected = pickle.loads(pickle.dumps(model)).predict(X)
    np.testing.assert_allclose(model.predict(X), expected, rtol=1e-12)
    np.testing.assert_allclose([model.predict(X[:1])[0]], expected[:1], rtol=1e-12)
    assert not np.allclose(expected, before)


def test_the_cache_does_not_keep_a_model_alive() -> None:
    model = MLPRegressor("squared_error", (4,), max_iter=1).fit(X, Y)
    model.predict(X[:1])
    assert model in _known
    gc.collect()
    remembered = len(_known)
    del model
    gc.collect()
    assert len(_known) == remembered - 1


def test_weights_that_are_not_views_of_one_vector_are_read_every_time(
    model: MLPRegressor,
) -> None:
    model.coefs_ = [weights.copy() for weights in model.coefs_]
    before = model.predict(X)
    model.coefs_[0][...] *= 2
    assert not np.allclose(model.predict(X), before)


def test_an_estimator_with_eq_and_without_hash_predicts() -> None:
    class Equal(MLPRegressor):
        def __eq__(self, other: object) -> bool:
            return isinstance(other, Equal)

        __hash__ = None  # type: ignore[assignment]

    model = Equal(max_iter=1).fit(X, Y)
    np.testing.assert_allclose(model.predict(X[:1]), model.predict(X)[:1], rtol=1e-12)


def test_the_cache_holds_the_network_itself(model: MLPRegressor) -> None:
    network = get_network(model)
    assert get_network(model) is network
    assert network.parameters is model.coefs_[0].base
    assert "known" not in " ".join(vars(model))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("n_samples", [1, 60])
@pytest.mark.parametrize(("value", "word"), [(np.nan, "NaN"), (np.inf, "infinity")])
def test_non_finite_inputs_raise_scikit_learns_error(
    model: MLPRegressor, dtype: Any, n_samples: int, value: float, word: str
) -> None:
    rows = X[:n_samples].astype(dtype)
    rows[-1, 1] = value
    with pytest.raises(ValueError, match=f"Input X contains {word}"):
        model.predict(rows)


def test_predicting_without_a_fit_raises_not_fitted_error() -> None:
    with pytest.raises(NotFittedError):
        MLPRegressor().predict(X)


@pytest.mark.parametrize("n_samples", [1, 50])
def test_sixteen_threads_predict_with_one_model(n_samples: int) -> None:
    model = MLPClassifier((30, 20), max_iter=2, random_state=0).fit(X, Y > 0)
    expected = model.predict_proba(X[:n_samples])
    with ThreadPoolExecutor(16) as pool:
        for found in pool.map(lambda _: model.predict_proba(X[:n_samples]), range(200)):
            np.testing.assert_array_equal(found, expected)
