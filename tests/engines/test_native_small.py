"""The native engine on small networks: groups of sixteen samples, and chunks of 256."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from lamina.engines import Objective, OptimizerSettings, OptimizerState, Rows
from lamina.formulas import ACTIVATIONS, INVERSE_LINKS, LOSSES
from lamina.network import Network, NetworkSpec

NativeEngine = pytest.importorskip("lamina.engines.native").NativeEngine

TOLERANCE = {"float64": 1e-12, "float32": 1e-5}
SGD = OptimizerSettings("sgd", {"momentum": 0.9, "nesterovs_momentum": 1.0})
ADAM = {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-8}
# Mistakes show next to a group, a chunk, or two of them.
SIZES = [1, 2, *(n + d for n in (16, 32, 256, 512) for d in (-1, 0, 1)), 200]

problems = st.fixed_dictionaries(
    {
        "widths": st.lists(st.integers(1, 13), min_size=2, max_size=5).map(tuple),
        "n_samples": st.sampled_from(SIZES),
        "activation": st.sampled_from(sorted(ACTIVATIONS)),
        "loss": st.sampled_from(sorted(LOSSES)),
        "alpha": st.sampled_from([0.0, 0.1]),
        "dtype": st.sampled_from(["float64", "float32"]),
        "weighted": st.booleans(),
        "seed": st.integers(0, 99),
    }
)


def assert_close(actual, expected, dtype):
    scale = max(1, np.abs(expected).max(initial=0))
    np.testing.assert_allclose(actual, expected, rtol=0, atol=TOLERANCE[dtype] * scale)


def has_kink(derivative, x, distance):
    """Return True if a derivative jumps within a distance of one of the numbers."""
    step = distance * np.maximum(1, np.abs(x))
    below, above = derivative(x - step), derivative(x + step)
    return bool((np.abs(above - below) > 1e-2 * (1 + np.abs(below))).any())


def derivative_of(f, units, z):
    return f.derivative(z, f.value(z, *units), *units)


def is_near_a_kink(problem):
    """Return True if rounding may move a z, or a prediction, over a kink of its formula.

    The derivatives before and behind a kink differ, so that no two orders of a sum need agree.
    """
    dtype, loss = problem.parameters.dtype, LOSSES[problem.objective.loss]
    distance = 100 * float(np.finfo(dtype).eps)
    network = Network(problem.spec, problem.parameters.astype(np.float64))
    a = problem.rows.X.astype(np.float64)
    for block, parameters in zip(problem.spec.blocks, network.blocks, strict=True):
        f, units = ACTIVATIONS[block.activation], parameters.unit_parameters
        z = a @ parameters.W + parameters.b
        if has_kink(partial(derivative_of, f, units), z, distance):
            return True
        a = f.value(z, *units)
    y, params = problem.rows.y, problem.objective.hyperparameters
    p = INVERSE_LINKS[problem.spec.inverse_link].value(a)
    is_continuous = loss.targets == "codes" or loss.inverse_link != "identity"
    return not is_continuous and has_kink(lambda p: loss.delta(p, y, params), p, distance)


@given(drawn=problems, batch_size=st.sampled_from(SIZES))
def test_small_networks_train_like_the_reference(reference, draw_problem, drawn, batch_size):
    problem, dtype = draw_problem(**drawn), drawn["dtype"]
    assume(not is_near_a_kink(problem))
    order = np.random.RandomState(drawn["seed"]).permutation(drawn["n_samples"])
    rates = np.linspace(1e-4, 2e-4, -(-len(order) // batch_size))
    ours, parameters, state = problem.trainer(NativeEngine(), SGD)
    theirs, expected_parameters, expected_state = problem.trainer(reference, SGD)
    report, expected = (one.epoch(order, batch_size, rates) for one in (ours, theirs))
    assert_close(report.loss, expected.loss, dtype)
    assert report[1:] == expected[1:]
    assert_close(parameters, expected_parameters, dtype)
    assert_close(state.slots, expected_state.slots, dtype)


@given(drawn=problems)
def test_the_gradient_of_small_networks_equals_the_references(reference, draw_problem, drawn):
    problem = draw_problem(**drawn)
    assume(not is_near_a_kink(problem))
    asked = (problem.spec, problem.objective, problem.rows, problem.parameters)
    for ours, theirs in zip(
        NativeEngine().loss_and_gradient(*asked), reference.loss_and_gradient(*asked), strict=True
    ):
        assert_close(ours, theirs, drawn["dtype"])


@pytest.mark.parametrize("optimizer", [SGD, OptimizerSettings("adam", ADAM)], ids=["sgd", "adam"])
def test_steps_are_bit_identical_however_epochs_divide_them(draw_problem, optimizer):
    problem = draw_problem((3, 5, 2), n_samples=40)
    together, parameters, state = problem.trainer(NativeEngine(), optimizer)
    together.epoch(np.arange(40), 2, np.full(20, 1e-3))
    divided, expected, expected_state = problem.trainer(NativeEngine(), optimizer)
    for first, last in [(0, 2), (2, 16), (16, 40)]:
        order = np.arange(first, last)
        divided.epoch(order, 2, np.full(len(order) // 2, 1e-3))
    np.testing.assert_array_equal(parameters, expected)
    np.testing.assert_array_equal(state.slots, expected_state.slots)
    assert state.step == expected_state.step == 20


def test_problems_at_a_kink_are_found(draw_problem):
    problem = draw_problem((3, 4, 1), loss="absolute_error", activation="tanh", dtype="float32")
    assert not is_near_a_kink(problem)
    prediction = NativeEngine().predict(Network(problem.spec, problem.parameters), problem.rows.X)
    at_target = replace(problem, rows=problem.rows._replace(y=prediction))
    assert is_near_a_kink(at_target)
    rectified = draw_problem((3, 4, 1), activation="relu", dtype="float32")
    assert not is_near_a_kink(rectified)
    rectified.rows.X[2] = 0
    network = Network(rectified.spec, rectified.parameters)
    network.biases[0][:] = 0
    assert is_near_a_kink(rectified)


def test_padding_of_a_group_is_finite_if_the_samples_are():
    # A row of zeros would be predicted as exp(1000).
    spec = NetworkSpec.perceptron((1, 1), "tanh", "exp")
    rows = Rows(np.full((3, 1), 1000.0), np.ones((3, 1)), None)
    loss, gradient = NativeEngine().loss_and_gradient(
        spec, Objective("poisson", 0.0), rows, np.array([-1.0, 1000.0])
    )
    assert loss == 0
    np.testing.assert_array_equal(gradient, [0, 0])


def test_padding_of_weights_has_no_effect_without_epsilon():
    adam = OptimizerSettings("adam", {**ADAM, "epsilon": 0.0})
    spec = NetworkSpec.perceptron((2, 1), "tanh", "identity")
    rows = Rows(np.array([[1.0, 2.0], [3.0, 1.0]]), np.ones((2, 1)), None)
    parameters = np.array([0.1, 0.2, 0.3])
    state = OptimizerState.fresh("adam", parameters)
    trainer = NativeEngine().trainer(
        spec, Objective("squared_error", 1.0), adam, rows, parameters, state
    )
    for _ in range(3):
        assert np.isfinite(trainer.epoch(np.arange(2), 1, np.full(2, 1e-3)).loss)
    assert np.isfinite(parameters).all()
