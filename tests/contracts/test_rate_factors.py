"""Factors of the learning rate by group of tensors, with every optimizer, in every engine."""

import numpy as np
import pytest

import lamina
from lamina.blocks import RATE_GROUPS
from lamina.engines import OptimizerSettings
from lamina.engines.native import NativeEngine
from lamina.formulas import OPTIMIZERS
from lamina.formulas.hyperparameters import complete

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

N_SAMPLES = 53
FACTORS = tuple((name, 0.25 * (i + 1)) for i, name in enumerate(RATE_GROUPS))
X = np.random.RandomState(0).standard_normal((60, 3))
y = np.sin(X[:, 0]) + X[:, 1] * X[:, 2]

every_optimizer = pytest.mark.parametrize("name", OPTIMIZERS)


def settings_of(name, **more):
    return OptimizerSettings(name, complete(name, OPTIMIZERS[name].hyperparameters, {}), **more)


def trained(engine, problem, settings, rate=0.01):
    trainer, parameters, _ = problem.trainer(engine, settings)
    for _ in range(3):
        trainer.epoch(np.arange(N_SAMPLES), 10, np.full(6, rate))
    return parameters


@pytest.fixture
def problem(draw_problem):
    return draw_problem(
        (9, 17, 17, 3), n_samples=N_SAMPLES, activation="prelu", normalization="layer"
    )


@every_optimizer
@pytest.mark.parametrize(
    "around",
    [{}, {"weight_decay": 0.1, "average_decay": 0.9}, {"max_gradient_norm": 0.1}],
    ids=["alone", "decay and average", "clipped"],
)
def test_steps_with_factors_equal_the_references(engine, reference, problem, name, around):
    settings = settings_of(name, rate_factors=FACTORS, **around)
    actual, expected = (trained(each, problem, settings) for each in (engine, reference))
    np.testing.assert_allclose(actual, expected, rtol=0, atol=1e-11 * np.abs(expected).max())


@every_optimizer
def test_equal_factors_are_a_factor_of_the_learning_rate(engine, problem, name):
    equal = settings_of(name, rate_factors=tuple((group, 0.5) for group in RATE_GROUPS))
    actual = trained(engine, problem, equal, rate=0.02)
    np.testing.assert_allclose(actual, trained(engine, problem, settings_of(name)), rtol=1e-9)


@every_optimizer
def test_a_factor_changes_the_first_step_of_its_group_alone(engine, problem, name):
    # A later step depends on all parameters.
    spans = problem.network.layout.spans(FACTORS)
    steps = {}
    for factors in ((), FACTORS):
        settings = settings_of(name, rate_factors=factors, weight_decay=0.125)
        trainer, parameters, _ = problem.trainer(engine, settings)
        before = parameters.copy()
        trainer.epoch(np.arange(N_SAMPLES), N_SAMPLES, np.array([0.01]))
        steps[factors] = parameters - before
    for part, factor, _ in spans:
        expected = factor * steps[()][part]
        np.testing.assert_allclose(steps[FACTORS][part], expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", ["adam", "muon"])
def test_the_number_of_threads_changes_no_bit_with_factors(problem, name):
    settings = settings_of(name, rate_factors=FACTORS, weight_decay=0.1)
    alone = trained(NativeEngine(1), problem, settings)
    for n_threads in (2, 3, 7, 16):
        several = trained(NativeEngine(n_threads), problem, settings)
        np.testing.assert_array_equal(several, alone)


def test_factors_in_float32_equal_the_references(reference, draw_problem):
    narrow = draw_problem((9, 17, 3), n_samples=N_SAMPLES, activation="prelu", dtype="float32")
    settings = settings_of("adamw", rate_factors=FACTORS, weight_decay=0.1)
    actual, expected = (trained(each, narrow, settings) for each in (NativeEngine(2), reference))
    assert actual.dtype == np.float32
    np.testing.assert_allclose(actual, expected, rtol=0, atol=2e-5 * np.abs(expected).max())


def made(**parameters):
    return lamina.MLPRegressor(
        hidden_layer_sizes=(8, 8), **{"max_iter": 5, "random_state": 0, **parameters}
    )


def test_a_factor_of_zero_keeps_the_initial_values():
    model = made(rate_factors={"bias": 0}).fit(X, y)
    start = made(learning_rate_init=1e-300).fit(X, y)
    for one, other in zip(model.intercepts_, start.intercepts_, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-200)
    assert not np.allclose(model.coefs_[0], start.coefs_[0], rtol=0, atol=1e-6)


@pytest.mark.parametrize("rate_factors", [None, {}, {"weight": 1, "bias": 1.0}], ids=str)
def test_factors_of_one_change_no_bit(rate_factors):
    expected = made().fit(X, y).predict(X)
    np.testing.assert_array_equal(made(rate_factors=rate_factors).fit(X, y).predict(X), expected)


@pytest.mark.parametrize(
    ("rate_factors", "message"),
    [
        (
            {"weights": 0.1},
            r"names 'weights', .* 'bias' \(the biases .* Did you mean 'weight'\?",
        ),
        ({"bias": -1}, "of 'bias' by -1, which is no finite number from 0 on. Set"),
        ({"bias": float("inf")}, "of 'bias' by inf, which is no finite number"),
        ({"bias": "much"}, "of 'bias' by 'much', which is no finite number"),
        ({"bias": True}, "of 'bias' by True, which is no finite number"),
        ([0.1], "rate_factors"),
    ],
    ids=str,
)
def test_factors_that_make_no_sense_are_refused_with_the_cure(rate_factors, message):
    with pytest.raises(ValueError, match=message):
        made(rate_factors=rate_factors).fit(X, y)


def test_a_full_batch_solver_refuses_factors_by_name():
    with pytest.raises(ValueError, match=r"rate_factors=.* applies to epochs, and solver='lbfgs'"):
        made(rate_factors={"bias": 0.1}, solver="lbfgs").fit(X, y)


def test_a_warm_start_takes_other_factors():
    model = made(warm_start=True).fit(X, y)
    before = [b.copy() for b in model.intercepts_]
    model.set_params(rate_factors={"bias": 0}, max_iter=3).fit(X, y)
    for one, other in zip(model.intercepts_, before, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_model_with_factors_is_saved_and_loaded(tmp_path):
    model = made(rate_factors={"bias": 0.1, "scale": 6}).fit(X, y)
    lamina.save(model, tmp_path / "model.lamina")
    loaded = lamina.load(tmp_path / "model.lamina")
    assert loaded.rate_factors == {"bias": 0.1, "scale": 6}
    np.testing.assert_array_equal(loaded.fit(X, y).predict(X), model.fit(X, y).predict(X))
