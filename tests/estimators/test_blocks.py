"""Normalization, residuals, dropout and noise, as parameters of the estimators."""

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
    "ntk": {"parametrization": "ntk"},
    "blended": {"blended_activation": True, "activation": "prelu", "residual": True},
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
def test_a_loaded_model_continues_training_like_the_saved_one(setting, tmp_path):
    model = made(**setting).partial_fit(X, y).partial_fit(X, y)
    lamina.save(model, tmp_path / "model.lamina")
    loaded = lamina.load(tmp_path / "model.lamina").partial_fit(X, y)
    assert_array_equal(loaded.predict(X), model.partial_fit(X, y).predict(X))


@every_setting
def test_a_few_samples_are_predicted_like_many(setting):
    model = made(**setting).fit(X, y)
    assert_array_equal(model.predict(X)[:5], model.predict(X[:5]))


def test_continued_training_draws_new_noise():
    model = made(dropout=0.5, solver="sgd", momentum=0.0, shuffle=False, batch_size=60)
    before = model.partial_fit(X, y).loss_curve_[-1]
    losses = {before, *(model.partial_fit(X, y).loss_curve_[-1] for _ in range(5))}
    assert len(losses) == 6


def test_predictions_use_no_dropout():
    model = made(dropout=0.9, input_noise=3.0).fit(X, y)
    assert_array_equal(model.predict(X), model.predict(X))
    plain = made().set_params(**model.get_params()).set_params(dropout=0.0, input_noise=0.0)
    plain.__dict__.update({k: v for k, v in vars(model).items() if k.endswith("_")})
    assert_array_equal(plain.predict(X), model.predict(X))


def test_dropout_keeps_a_network_from_memorising_noise():
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
        ([0.1], "is of 1 layers, and hidden_layer_sizes has 2"),
        ([0.1, 1.0], "fractions from 0 to below 1, got 1.0"),
        (["some", 0.1], "takes numbers, got 'some'"),
    ],
)
def test_dropout_rates_that_do_not_fit_the_layers_are_refused(dropout, message):
    with pytest.raises((ValueError, TypeError), match=message):
        made(dropout=dropout).fit(X, y)


def test_a_parameter_that_changes_the_network_needs_a_fit():
    model = made().fit(X, y).set_params(normalization="layer")
    with pytest.raises(ValueError, match=r"unit_parameters_ .* fit the estimator again"):
        model.predict(X)


def test_warm_start_keeps_the_learned_parameters_of_units():
    model = made(normalization="batch", warm_start=True).fit(X, y)
    scale = model.unit_parameters_[0][0].copy()
    model.set_params(max_iter=1, learning_rate_init=1e-12).fit(X, y)
    np.testing.assert_allclose(model.unit_parameters_[0][0], scale, rtol=1e-9)


def noise_seeds(model, fits):
    seeds = []
    for _ in range(fits):
        model.fit(X, y)
        seeds.append(model._noise_seed)
    return seeds


@pytest.mark.parametrize("parameters", [{"dropout": 0.5}, {"input_noise": 0.3}], ids=str)
def test_each_warm_start_draws_new_dropout_and_noise(parameters):
    warm = {"warm_start": True, "random_state": 0, "max_iter": 2, "tol": 0} | parameters
    first = made(**warm | {"warm_start": False})
    seeds = noise_seeds(made(**warm), 4)
    assert len(set(seeds)) == 4
    assert seeds[0] == noise_seeds(first, 1)[0]
    one, other = made(**warm), made(**warm)
    for _ in range(3):
        np.testing.assert_array_equal(one.fit(X, y).coefs_[0], other.fit(X, y).coefs_[0])
        other = pickle.loads(pickle.dumps(other))


def test_warm_starts_with_dropout_see_as_many_masks_as_one_long_fit():
    settings = {"dropout": 0.5, "solver": "sgd", "momentum": 0.0, "batch_size": 60}
    settings |= {"shuffle": False, "random_state": 0, "alpha": 0.0, "learning_rate_init": 1e-9}
    warm = made(warm_start=True, max_iter=1, **settings)
    # If steps change nothing, only its dropout mask makes a loss differ from the one before.
    losses = {warm.fit(X, y).loss_curve_[-1] for _ in range(20)}
    assert len(losses) == 20


@pytest.mark.parametrize("solver", ["adam", "sgd", "lion", "adamw", "rmsprop", "muon"])
@pytest.mark.parametrize("engine", ["native", "reference"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_biases_before_a_batch_normalization_keep_their_initial_values(solver, engine, dtype):
    settings = {"normalization": "batch", "solver": solver, "engine": engine, "dtype": dtype}
    settings |= {"weight_decay": 0.1, "max_gradient_norm": 0.5, "average_decay": 0.9, "alpha": 0.1}
    model = made(batch_size=7, random_state=0, max_iter=5, **settings)
    drawn = made(batch_size=7, random_state=0, max_iter=1, learning_rate_init=1e-30, **settings)
    model.fit(X, y)
    drawn.fit(X, y)
    *hidden, output = zip(model.intercepts_, drawn.intercepts_, strict=True)
    for learned, first in hidden:
        np.testing.assert_array_equal(learned, first)
    assert not np.array_equal(*output)


def test_engines_agree_on_biases_before_a_batch_normalization():
    settings = {"normalization": "batch", "solver": "lion", "random_state": 0, "max_iter": 20}
    native, reference = (
        made(engine=engine, **settings).fit(X, y) for engine in ("native", "reference")
    )
    for one, other in zip(native.intercepts_[:-1], reference.intercepts_[:-1], strict=True):
        np.testing.assert_array_equal(one, other)
