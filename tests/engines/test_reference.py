"""The reference engine on a network small enough to compute by hand."""

import numpy as np
import pytest

from lamina.blocks import Dense
from lamina.engines import Objective, OptimizerSettings, OptimizerState, Rows
from lamina.engines.reference import ReferenceEngine
from lamina.formulas import ACTIVATIONS, NORMALIZATIONS
from lamina.network import Network, NetworkSpec, ParameterLayout
from lamina.network.passes import forward, input_gradient

#          W1 (2, 2)            W2 (2, 1)   b1          b2
NETWORK = [1.0, -1.0, 2.0, 1.0, 3.0, 2.0, 0.5, -0.5, 1.0]
SPEC = NetworkSpec.perceptron([2, 2, 1], activation="relu", inverse_link="identity")
ROWS = Rows(np.array([[1.0, 2.0], [-1.0, 0.5]]), np.array([[20.0], [0.0]]), None)


def test_a_forward_pass_keeps_every_z_and_a():
    passed = forward(Network(SPEC, np.array(NETWORK)), ROWS.X)
    z, a = [each.z for each in passed.blocks], passed.a
    prediction = passed.prediction
    np.testing.assert_array_equal(z[0], [[5.5, 0.5], [0.5, 1.0]])
    np.testing.assert_array_equal(a[0], ROWS.X)
    np.testing.assert_array_equal(a[1], [[5.5, 0.5], [0.5, 1.0]])
    np.testing.assert_array_equal(prediction, [[18.5], [4.5]])


def test_loss_and_gradient_equal_those_computed_by_hand():
    loss, gradient = ReferenceEngine().loss_and_gradient(
        SPEC, Objective("squared_error", alpha=2.0), ROWS, np.array(NETWORK)
    )
    # delta = (-1.5, 4.5); the squared weights sum to 20; both halves are over two samples.
    assert loss == pytest.approx((1.5**2 + 4.5**2) / 4 + 20 / 2)
    through_hidden = np.array([[-4.5, -3.0], [13.5, 9.0]])
    W1 = ROWS.X.T @ through_hidden + 2 * np.array([[1, -1], [2, 1]])
    W2 = np.array([-1.5 * 5.5 + 4.5 * 0.5, -1.5 * 0.5 + 4.5 * 1.0]) + 2 * np.array([3, 2])
    np.testing.assert_allclose(gradient, np.array([*W1.ravel(), *W2, 9.0, 6.0, 3.0]) / 2)


def test_a_unit_that_relu_switches_off_has_no_gradient():
    parameters = np.array(NETWORK)
    parameters[7] = -10
    _, gradient = ReferenceEngine().loss_and_gradient(
        SPEC, Objective("squared_error"), ROWS, parameters
    )
    np.testing.assert_array_equal(gradient[[1, 3, 5, 7]], 0)
    assert (gradient[[0, 2, 4]] != 0).all()


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("normalization", [None, *NORMALIZATIONS])
@pytest.mark.parametrize("residual", [False, True])
def test_the_gradient_at_the_inputs_of_a_prediction_is_that_of_the_logits(
    activation, normalization, residual
):
    hidden = [
        Dense(f"hidden_{i}", 4, 4, activation, normalization, residual, dropout=0.5) for i in (1, 2)
    ]
    spec = NetworkSpec((*hidden, Dense("output", 4, 2, "identity")), "identity", input_noise=1.0)
    random_state = np.random.RandomState(0)
    # All above zero, because one of them is a variance.
    parameters = random_state.uniform(0.1, 1, ParameterLayout.from_spec(spec).n_parameters)
    network = Network(spec, parameters)
    X, d_a, h = random_state.standard_normal((5, 4)), random_state.standard_normal((5, 2)), 1e-6

    def value(X):
        return (d_a * forward(network, X).a[-1]).sum(axis=1)

    gradients = [(value(X + step) - value(X - step)) / (2 * h) for step in h * np.eye(4)]
    found = input_gradient(network, forward(network, X), d_a)
    np.testing.assert_allclose(found, np.transpose(gradients), rtol=1e-6, atol=1e-8)


def test_a_step_of_plain_gradient_descent_follows_the_negative_gradient():
    parameters, objective = np.array(NETWORK), Objective("squared_error", alpha=0.5)
    engine = ReferenceEngine()
    loss, gradient = engine.loss_and_gradient(SPEC, objective, ROWS, parameters)
    trainer = engine.trainer(
        SPEC,
        objective,
        OptimizerSettings("sgd", {"momentum": 0.0, "nesterovs_momentum": 0.0}),
        ROWS,
        parameters,
        OptimizerState.fresh("sgd", parameters),
    )
    report = trainer.epoch(np.array([1, 0]), 2, np.array([0.01]))
    assert report == (pytest.approx(loss), 1, None, None, None)
    np.testing.assert_allclose(parameters, np.array(NETWORK) - 0.01 * gradient, rtol=1e-14)


def test_an_interrupt_in_the_middle_of_an_update_undoes_it(monkeypatch):
    def interrupt(base, exponent):
        raise KeyboardInterrupt

    parameters = np.array(NETWORK)
    settings = OptimizerSettings("adam", {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-8})
    state = OptimizerState.fresh("adam", parameters)
    trainer = ReferenceEngine().trainer(
        SPEC, Objective("squared_error"), settings, ROWS, parameters, state
    )
    trainer.epoch(np.array([0, 1]), 1, np.array([0.1, 0.1]))
    whole, slots = parameters.copy(), state.slots.copy()
    # Adam computes this power after changing its slots and before changing the parameters.
    monkeypatch.setattr("lamina.formulas.optimizers.integer_power", interrupt)
    with pytest.raises(KeyboardInterrupt):
        trainer.epoch(np.array([0, 1]), 1, np.array([0.1, 0.1]))
    np.testing.assert_array_equal(parameters, whole)
    np.testing.assert_array_equal(state.slots, slots)
    assert state.step == 2
