"""What holds for every optimizer: it finds the bottom, and steps as scikit-learn's does."""

import numpy as np
import pytest
from sklearn.neural_network import _stochastic_optimizers as sklearn_optimizers

from lamina.engines import OptimizerState
from lamina.formulas import OPTIMIZERS

SETTINGS = {
    "sgd": [
        {"momentum": momentum, "nesterovs_momentum": nesterov}
        for momentum in (0.0, 0.5, 0.9)
        for nesterov in (0.0, 1.0)
    ],
    "adam": [
        {"beta_1": beta_1, "beta_2": beta_2, "epsilon": epsilon}
        for beta_1, beta_2, epsilon in [(0.9, 0.999, 1e-8), (0.0, 0.9, 1e-3), (0.5, 0.0, 1e-2)]
    ],
}
VALLEY_RATE = {"sgd": 3e-4, "adam": 1e-2}

every_setting = pytest.mark.parametrize(
    ("name", "hyperparameters"),
    [(name, values) for name, settings in SETTINGS.items() for values in settings],
    ids=lambda value: value if isinstance(value, str) else "-".join(map(str, value.values())),
)
every_optimizer = pytest.mark.parametrize("optimizer", OPTIMIZERS.values(), ids=lambda o: o.name)


def descend(optimizer, hyperparameters, gradient, start, learning_rate, n_steps):
    w = np.array(start)
    state = OptimizerState.fresh(optimizer.name, w)
    for step in range(1, n_steps + 1):
        optimizer.update(w, gradient(w), state.slots, step, learning_rate, hyperparameters)
    return w


def test_every_optimizer_is_tested_with_all_that_it_reads():
    assert SETTINGS.keys() == VALLEY_RATE.keys() == OPTIMIZERS.keys()
    for name, settings in SETTINGS.items():
        assert all(tuple(values) == OPTIMIZERS[name].hyperparameters for values in settings)


@every_setting
def test_it_reaches_the_bottom_of_a_parabola(name, hyperparameters):
    bottom, steepness = np.array([3.0, -2.0, 0.5]), np.array([1.0, 4.0, 0.3])
    w = np.zeros(3)
    for learning_rate in (0.1, 0.01, 0.001):
        w = descend(
            OPTIMIZERS[name],
            hyperparameters,
            lambda w: steepness * (w - bottom),
            w,
            learning_rate,
            2000,
        )
    np.testing.assert_allclose(w, bottom, atol=1e-3)


@every_optimizer
def test_it_gets_down_rosenbrocks_valley(optimizer):
    def gradient(w):
        x, y = w
        return np.array([2 * (x - 1) - 400 * x * (y - x * x), 200 * (y - x * x)])

    rate = VALLEY_RATE[optimizer.name]
    hyperparameters = SETTINGS[optimizer.name][-1 if optimizer.name == "sgd" else 0]
    w = descend(optimizer, hyperparameters, gradient, [-1.2, 1.0], rate, 20_000)
    np.testing.assert_allclose(w, [1, 1], atol=1e-3)


def scikit_learns(name, hyperparameters, w, learning_rate):
    if name == "sgd":
        return sklearn_optimizers.SGDOptimizer(
            [w],
            learning_rate,
            momentum=hyperparameters["momentum"],
            nesterov=bool(hyperparameters["nesterovs_momentum"]),
        )
    return sklearn_optimizers.AdamOptimizer([w], learning_rate, **hyperparameters)


@every_setting
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-13), ("float32", 1e-5)])
def test_every_step_is_scikit_learns(name, hyperparameters, dtype, tolerance):
    random_state = np.random.RandomState(0)
    w = random_state.standard_normal(17).astype(dtype)
    theirs, state = w.copy(), OptimizerState.fresh(name, w)
    optimizer = scikit_learns(name, hyperparameters, theirs, 0.01)
    for step in range(1, 51):
        g = random_state.standard_normal(17).astype(dtype)
        OPTIMIZERS[name].update(w, g, state.slots, step, 0.01, hyperparameters)
        optimizer.update_params([theirs], [g])
        np.testing.assert_allclose(w, theirs, rtol=0, atol=tolerance * np.abs(theirs).max())
    assert w.dtype == state.slots.dtype == dtype


@every_optimizer
def test_an_update_works_in_place_and_leaves_the_gradient_alone(optimizer):
    w, g = np.ones(5), np.linspace(-1, 1, 5)
    state = OptimizerState.fresh(optimizer.name, w)
    g_before = g.copy()
    optimizer.update(w, g, state.slots, 1, 0.1, SETTINGS[optimizer.name][0])
    np.testing.assert_array_equal(g, g_before)
    assert (w != 1).sum() == 4
    assert state.slots.shape == (len(optimizer.slots), 5)
    assert state.slots.any(axis=1).all()
