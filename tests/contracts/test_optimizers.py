"""Every optimizer reaches the minimum, with scikit-learn's or PyTorch's steps.

Muon's steps on matrices have their own file; here it is tested on all other parameters.
"""

import numpy as np
import pytest
from sklearn.neural_network import _stochastic_optimizers as sklearn_optimizers

from lamina.engines import OptimizerSettings, OptimizerState
from lamina.formulas import OPTIMIZERS
from lamina.formulas.hyperparameters import complete, names_of

ADAMS = [
    {"beta_1": beta_1, "beta_2": beta_2, "epsilon": epsilon}
    for beta_1, beta_2, epsilon in [(0.9, 0.999, 1e-8), (0.0, 0.9, 1e-3), (0.5, 0.0, 1e-2)]
]
SETTINGS = {
    "sgd": [
        {"momentum": momentum, "nesterovs_momentum": nesterov}
        for momentum in (0.0, 0.5, 0.9)
        for nesterov in (0.0, 1.0)
    ],
    "adam": ADAMS,
    "adamw": ADAMS,
    "nadam": ADAMS,
    "rmsprop": [{"decay_rate": 0.99, "epsilon": 1e-8}, {"decay_rate": 0.5, "epsilon": 1e-2}],
    "adagrad": [{"epsilon": 1e-10}, {"epsilon": 1e-2}],
    "lion": [{"beta_1": 0.9, "beta_2": 0.99}, {"beta_1": 0.0, "beta_2": 0.5}],
    "muon": [complete("muon", OPTIMIZERS["muon"].hyperparameters, adam) for adam in ADAMS],
}
# Others are tested with their defaults.
SETTINGS |= {
    name: [complete(name, optimizer.hyperparameters, {})]
    for name, optimizer in OPTIMIZERS.items()
    if name not in SETTINGS
}
# The last entry is the remaining distance, for steps that do not shrink with the gradient.
VALLEY_RATES = dict.fromkeys(OPTIMIZERS, (1e-2,)) | {
    "sgd": [3e-4],
    "nadam": [3e-3],
    "rmsprop": [1e-3, 1e-5],
    "adagrad": [0.5],
    "lion": [1e-3, 1e-5],
}
BOWL_RATES = dict.fromkeys(SETTINGS, (0.1, 0.01, 0.001)) | {
    "adagrad": (1.0,),
    "lion": (0.1, 0.01, 0.001, 0.00005),
}

every_setting = pytest.mark.parametrize(
    ("name", "hyperparameters"),
    [(name, values) for name, settings in SETTINGS.items() for values in settings],
    ids=lambda value: value if isinstance(value, str) else "-".join(map(str, value.values())),
)
every_optimizer = pytest.mark.parametrize("optimizer", OPTIMIZERS.values(), ids=lambda o: o.name)


def minimise(optimizer, hyperparameters, gradient, start, learning_rate, n_steps):
    w = np.array(start)
    state = OptimizerState.fresh(optimizer.name, w)
    for step in range(1, n_steps + 1):
        optimizer.update(w, gradient(w), state.slots, step, learning_rate, hyperparameters)
    return w


def test_every_optimizer_is_tested_with_all_its_hyperparameters():
    assert SETTINGS.keys() == VALLEY_RATES.keys() == OPTIMIZERS.keys()
    for name, settings in SETTINGS.items():
        assert all(
            tuple(values) == names_of(OPTIMIZERS[name].hyperparameters) for values in settings
        )


@every_setting
def test_every_optimizer_reaches_the_minimum_of_a_parabola(name, hyperparameters):
    bottom, steepness = np.array([3.0, -2.0, 0.5]), np.array([1.0, 4.0, 0.3])
    w = np.zeros(3)
    for learning_rate in BOWL_RATES[name]:
        w = minimise(
            OPTIMIZERS[name],
            hyperparameters,
            lambda w: steepness * (w - bottom),
            w,
            learning_rate,
            2000,
        )
    np.testing.assert_allclose(w, bottom, atol=1e-3)


@every_optimizer
def test_every_optimizer_descends_rosenbrocks_valley(optimizer):
    def gradient(w):
        x, y = w
        return np.array([2 * (x - 1) - 400 * x * (y - x * x), 200 * (y - x * x)])

    hyperparameters = SETTINGS[optimizer.name][-1 if optimizer.name == "sgd" else 0]
    w = np.array([-1.2, 1.0])
    for rate in VALLEY_RATES[optimizer.name]:
        w = minimise(optimizer, hyperparameters, gradient, w, rate, 20_000)
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


def torchs(torch, name, hyperparameters, w, learning_rate, amsgrad):
    options = dict(hyperparameters)
    betas = options.pop("beta_1", None), options.pop("beta_2", None)
    made = {
        "adamw": lambda **eps: torch.optim.AdamW(
            [w], learning_rate, betas, weight_decay=0.0, amsgrad=amsgrad, **eps
        ),
        "nadam": lambda **eps: torch.optim.NAdam([w], learning_rate, betas, **eps),
        "rmsprop": lambda **eps: torch.optim.RMSprop(
            [w], learning_rate, alpha=options["decay_rate"], **eps
        ),
        "adagrad": lambda **eps: torch.optim.Adagrad([w], learning_rate, **eps),
    }
    return made[name](eps=options["epsilon"])


IN_TORCH = ["adamw", "nadam", "rmsprop", "adagrad"]


@pytest.fixture
def torch():
    torch = pytest.importorskip("torch")
    before = torch.get_default_dtype()
    # NAdam would otherwise keep its product of momenta in float32.
    torch.set_default_dtype(torch.float64)
    yield torch
    torch.set_default_dtype(before)


@pytest.mark.parametrize("name", IN_TORCH)
@pytest.mark.parametrize("amsgrad", [False, True])
def test_every_step_equals_pytorchs(torch, name, amsgrad):
    if amsgrad and not OPTIMIZERS[name].amsgrad:
        pytest.skip("it has no AMSGrad variant")
    for hyperparameters in SETTINGS[name]:
        random_state = np.random.RandomState(0)
        w = random_state.standard_normal(17)
        theirs = torch.tensor(w, requires_grad=True)
        state = OptimizerState.fresh(OptimizerSettings(name, hyperparameters, amsgrad), w)
        optimizer = torchs(torch, name, hyperparameters, theirs, 0.01, amsgrad)
        for step in range(1, 401):
            g = random_state.standard_normal(17)
            OPTIMIZERS[name].update(w, g, state.slots, step, 0.01, hyperparameters)
            theirs.grad = torch.tensor(g)
            optimizer.step()
            expected = theirs.detach().numpy()
            np.testing.assert_allclose(w, expected, rtol=0, atol=1e-12 * np.abs(expected).max())


def test_amsgrad_uses_the_largest_v_while_v_shrinks():
    hyperparameters, w = ADAMS[0] | {"beta_2": 0.5}, np.zeros(1)
    state = OptimizerState.fresh(OptimizerSettings("adam", hyperparameters, amsgrad=True), w)
    for step, g in enumerate([8.0, 1.0, 1.0, 1.0], start=1):
        before = w.copy()
        OPTIMIZERS["adam"].update(w, np.array([g]), state.slots, step, 1.0, hyperparameters)
    m, v, largest = state.slots[:, 0]
    assert largest == 0.5 * 8.0**2 > v
    unbiased = np.sqrt(1 - 0.5**4) / (1 - 0.9**4)
    assert before[0] - w[0] == pytest.approx(unbiased * m / np.sqrt(largest), rel=1e-8)


def test_lion_steps_by_the_sign_and_updates_its_momentum_with_beta_2():
    w, state = np.zeros(3), np.array([[1.0, -1.0, 0.0]])
    OPTIMIZERS["lion"].update(
        w, np.array([-1.0, -1.0, 0.0]), state, 1, 0.1, {"beta_1": 0.9, "beta_2": 0.99}
    )
    np.testing.assert_array_equal(w, [-0.1, 0.1, 0.0])
    np.testing.assert_allclose(state, [[0.98, -1.0, 0.0]])


@pytest.mark.parametrize(
    ("name", "hyperparameters"),
    [(name, values) for name in ("sgd", "adam") for values in SETTINGS[name]],
)
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-13), ("float32", 1e-5)])
def test_every_step_equals_scikit_learns(name, hyperparameters, dtype, tolerance):
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
def test_an_update_works_in_place_and_does_not_modify_the_gradient(optimizer):
    w, g = np.ones(5), np.linspace(-1, 1, 5)
    state = OptimizerState.fresh(optimizer.name, w)
    g_before = g.copy()
    optimizer.update(w, g, state.slots, 1, 0.1, SETTINGS[optimizer.name][0])
    np.testing.assert_array_equal(g, g_before)
    assert (w != 1).sum() == 4
    assert state.slots.shape == (len(optimizer.slots), 5)
    if optimizer.matrix_update is None:
        assert state.slots.any(axis=1).all()
