"""Every initializer: it draws only from the generator, in a fixed order."""

import numpy as np
import pytest

from lamina.formulas import ACTIVATIONS, INITIALIZERS
from lamina.network import NetworkSpec, ParameterLayout, draw_parameters

every_initializer = pytest.mark.parametrize(
    "initializer", INITIALIZERS.values(), ids=lambda i: i.name
)
every_activation = pytest.mark.parametrize("activation", ACTIVATIONS.values(), ids=lambda a: a.name)

# Variance of the weights, given the gains of the activation after them.
VARIANCE = {
    "glorot_uniform": lambda fan_in, fan_out, a: a.gain / 3 / (fan_in + fan_out),
    "glorot_normal": lambda fan_in, fan_out, a: a.gain / 3 / (fan_in + fan_out),
    "he_uniform": lambda fan_in, fan_out, a: a.he_gain**2 / fan_in,
    "he_normal": lambda fan_in, fan_out, a: a.he_gain**2 / fan_in,
    "lecun_uniform": lambda fan_in, fan_out, a: 1 / fan_in,
    "lecun_normal": lambda fan_in, fan_out, a: 1 / fan_in,
    "orthogonal": lambda fan_in, fan_out, a: a.he_gain**2 / max(fan_in, fan_out),
    "data": lambda fan_in, fan_out, a: 1 / fan_in,
    "zeros": lambda fan_in, fan_out, a: 0.0,
}


@every_initializer
@every_activation
def test_draws_have_the_shapes_of_their_block_in_float64(initializer, activation):
    for shape in [(4, 3), (3, 4), (1, 5), (5, 1)]:
        gain = initializer.gain(activation)
        weights, biases = initializer.draw(np.random.RandomState(0), *shape, gain)
        assert weights.shape == shape
        assert biases.shape == shape[1:]
        assert weights.dtype == biases.dtype == np.float64


@every_initializer
@every_activation
def test_the_variance_of_the_weights_is_that_of_the_equation(initializer, activation):
    gain = initializer.gain(activation)
    weights, _ = initializer.draw(np.random.RandomState(1), 200, 100, gain)
    expected = VARIANCE[initializer.name](200, 100, activation)
    assert np.mean(weights) == pytest.approx(0, abs=0.02 * np.sqrt(expected))
    assert np.var(weights) == pytest.approx(expected, rel=0.02)


@every_initializer
@every_activation
def test_uniform_weights_stay_within_their_bound_and_normal_ones_do_not(initializer, activation):
    gain = initializer.gain(activation)
    weights, _ = initializer.draw(np.random.RandomState(1), 200, 100, gain)
    bound = np.sqrt(3 * VARIANCE[initializer.name](200, 100, activation))
    beyond = np.abs(weights).max() > bound
    assert beyond == initializer.name.endswith(("normal", "orthogonal", "data"))


@every_initializer
def test_biases_are_zero_except_for_scikit_learns_initializer(initializer):
    _, biases = initializer.draw(np.random.RandomState(0), 4, 3, 1.0)
    assert biases.any() == (initializer.name == "glorot_uniform")


@every_initializer
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_network_draws_weights_then_biases_block_by_block(initializer, dtype):
    spec = NetworkSpec.perceptron([3, 5, 2], activation="tanh", inverse_link="softmax")
    drawn = draw_parameters(spec, np.random.RandomState(2), dtype, 6.0, initializer.name)
    by_hand = np.random.RandomState(2)
    (W1, b1), (W2, b2) = (initializer.draw(by_hand, *shape, 6.0) for shape in [(3, 5), (5, 2)])
    assert drawn.dtype == dtype
    views = ParameterLayout.from_spec(spec).views(drawn)
    for view, part in zip([*views.weights, *views.biases], [W1, W2, b1, b2], strict=True):
        np.testing.assert_array_equal(view, part.astype(dtype))


@pytest.mark.parametrize("shape", [(7, 7), (9, 4), (4, 9), (1, 5), (5, 1)])
@pytest.mark.parametrize("gain", [1.0, 1.5])
def test_orthogonal_weights_are_orthogonal_on_their_smaller_side(shape, gain):
    W, _ = INITIALIZERS["orthogonal"].draw(np.random.RandomState(3), *shape, gain)
    product = W.T @ W if shape[0] >= shape[1] else W @ W.T
    np.testing.assert_allclose(product, gain**2 * np.eye(min(shape)), atol=1e-12)


def test_orthogonal_matrices_are_uniformly_distributed():
    random_state = np.random.RandomState(4)
    draws = [INITIALIZERS["orthogonal"].draw(random_state, 3, 3, 1.0)[0] for _ in range(4000)]
    np.testing.assert_allclose(np.mean(draws, axis=0), 0, atol=0.04)
    np.testing.assert_allclose(np.var(draws, axis=0), 1 / 3, atol=0.03)


@pytest.mark.parametrize("name", ["he_uniform", "he_normal", "orthogonal"])
def test_a_deep_relu_network_keeps_the_size_of_its_activations(name):
    relu, random_state = ACTIVATIONS["relu"], np.random.RandomState(5)
    a = random_state.standard_normal((500, 200))
    gain = INITIALIZERS[name].gain(relu)
    for _ in range(10):
        W, _ = INITIALIZERS[name].draw(random_state, 200, 200, gain)
        a = relu.value(a @ W)
    assert 0.5 < np.mean(a**2) < 2
