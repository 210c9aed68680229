"""Normalization, residuals, dropout and noise: what the estimators make of them."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse

import lamina
from lamina import MLPRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X = np.random.RandomState(0).standard_normal((60, 3))
y = np.sin(X[:, 0]) + X[:, 1] * X[:, 2]
SETTINGS = {
    "batch": {"normalization": "batch"},
    "layer": {"normalization": "layer"},
    "residual": {"residual": True},
    "dropout": {"dropout": 0.3},
    "list": {"dropout": [0.3, 0.0]},
    "inputs": {"input_dropout": 0.2, "input_noise": 0.1},
    "all": {"normalization": "batch", "residual": True, "dropout": 0.2, "activation": "prelu"},
}
every_setting = pytest.mark.parametrize("setting", SETTINGS.values(), ids=SETTINGS)


def made(**parameters):
    return MLPRegressor(
        hidden_layer_sizes=(8, 8), **{"max_iter": 20, "random_state": 0, **parameters}
    )


@every_setting
def test_a_fit_is_the_same_in_every_engine_and_after_saving(setting, tmp_path):
    native, reference = (made(engine=e, solver="sgd", **setting) for e in ("native", "reference"))
    predicted = native.fit(X, y).predict(X)
    np.testing.assert_allclose(predicted, reference.fit(X, y).predict(X), rtol=1e-10, atol=1e-12)
    lamina.save(native, tmp_path / "model.lamina")
    assert_array_equal(lamina.load(tmp_path / "model.lamina").predict(X), predicted)
    assert_array_equal(pickle.loads(pickle.dumps(native)).predict(X), predicted)


@every_setting
def test_a_loaded_model_goes_on_learning_as_the_saved_one_would(setting, tmp_path):
    model = made(**setting).partial_fit(X, y).partial_fit(X, y)
    lamina.save(model, tmp_path / "model.lamina")
    loaded = lamina.load(tmp_path / "model.lamina").partial_fit(X, y)
    assert_array_equal(loaded.predict(X), model.partial_fit(X, y).predict(X))


@every_setting
def test_a_few_rows_are_predicted_as_many_are(setting):
    model = made(**setting).fit(X, y)
    assert_array_equal(model.predict(X)[:5], model.predict(X[:5]))


def test_steps_that_go_on_draw_anew():
    model = made(dropout=0.5, solver="sgd", momentum=0.0, shuffle=False, batch_size=60)
    before = model.partial_fit(X, y).loss_curve_[-1]
    losses = {before, *(model.partial_fit(X, y).loss_curve_[-1] for _ in range(5))}
    assert len(losses) == 6


def test_predictions_drop_nothing():
    model = made(dropout=0.9, input_noise=3.0).fit(X, y)
    assert_array_equal(model.predict(X), model.predict(X))
    plain = made().set_params(**model.get_params()).set_params(dropout=0.0, input_noise=0.0)
    plain.__dict__.update({k: v for k, v in vars(model).items() if k.endswith("_")})
    assert_array_equal(plain.predict(X), model.predict(X))


def test_dropout_keeps_a_network_from_learning_noise_by_heart():
    random_state = np.random.RandomState(0)
    rows, noise = random_state.standard_normal((100, 20)), random_state.standard_normal(100)
    sizes = [
        np.mean(
            made(dropout=dropout, max_iter=800, tol=0).fit(rows, noise).predict(rows[::-1]) ** 2
        )
        for dropout in (0.0, 0.5)
    ]
    assert sizes[1] < 0.7 * sizes[0]


def test_running_statistics_follow_the_batches():
    model = made(normalization="batch", solver="sgd", batch_size=20).fit(X, y)
    z = X @ model.coefs_[0] + model.intercepts_[0]
    mean, variance = model.running_statistics_[0]
    np.testing.assert_allclose(mean, z.mean(axis=0), atol=0.3)
    np.testing.assert_allclose(variance, z.var(axis=0), rtol=0.5)


@pytest.mark.parametrize("name", ["input_dropout", "input_noise"])
def test_noise_on_sparse_inputs_is_refused_with_the_cure(name):
    with pytest.raises(ValueError, match=rf"{name}=0.1 .* X is sparse. Pass X.toarray"):
        made(**{name: 0.1}).fit(sparse.csr_array(X), y)


@pytest.mark.parametrize(
    ("dropout", "message"),
    [
        ([0.1], "is of 1 layers, and hidden_layer_sizes asks for 2"),
        ([0.1, 1.0], "fractions from 0 to below 1, got 1.0"),
        (["some", 0.1], "takes numbers, got 'some'"),
    ],
)
def test_rates_that_fit_no_layers_are_refused(dropout, message):
    with pytest.raises((ValueError, TypeError), match=message):
        made(dropout=dropout).fit(X, y)


def test_a_parameter_that_changes_the_network_needs_a_fit():
    model = made().fit(X, y).set_params(normalization="layer")
    with pytest.raises(ValueError, match=r"unit_parameters_ .* fit the estimator anew"):
        model.predict(X)


def test_warm_start_goes_on_with_what_units_learned():
    model = made(normalization="batch", warm_start=True).fit(X, y)
    scale = model.unit_parameters_[0][0].copy()
    model.set_params(max_iter=1, learning_rate_init=1e-12).fit(X, y)
    np.testing.assert_allclose(model.unit_parameters_[0][0], scale, rtol=1e-9)
