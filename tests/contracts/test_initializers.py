"""What holds for every initializer: it draws from the generator alone, in a fixed order."""

import numpy as np
import pytest

from lamina.formulas import ACTIVATIONS, INITIALIZERS
from lamina.network import NetworkSpec, ParameterLayout, draw_parameters

every_initializer = pytest.mark.parametrize(
    "initializer", INITIALIZERS.values(), ids=lambda i: i.name
)
every_gain = pytest.mark.parametrize("gain", sorted({a.gain for a in ACTIVATIONS.values()}))


@every_initializer
@every_gain
def test_draws_have_the_shapes_of_their_block_in_double_precision(initializer, gain):
    weights, biases = initializer.draw(np.random.RandomState(0), 4, 3, gain)
    assert weights.shape == (4, 3)
    assert biases.shape == (3,)
    assert weights.dtype == biases.dtype == np.float64


@every_initializer
@every_gain
def test_the_variance_of_the_weights_is_a_third_of_the_squared_glorot_bound(initializer, gain):
    weights, biases = initializer.draw(np.random.RandomState(1), 200, 100, gain)
    bound = np.sqrt(gain / 300)
    assert np.mean(weights) == pytest.approx(0, abs=0.02 * bound)
    assert np.var(weights) == pytest.approx(bound**2 / 3, rel=0.02)
    assert np.abs(biases).max() <= bound


@every_initializer
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_network_draws_weights_then_biases_block_by_block(initializer, dtype):
    spec = NetworkSpec.perceptron([3, 5, 2], activation="tanh", link="softmax")
    drawn = draw_parameters(spec, np.random.RandomState(2), dtype, 6.0, initializer.name)
    by_hand = np.random.RandomState(2)
    (W1, b1), (W2, b2) = (initializer.draw(by_hand, *shape, 6.0) for shape in [(3, 5), (5, 2)])
    assert drawn.dtype == dtype
    views = ParameterLayout.of(spec).views(drawn)
    for view, part in zip([*views.weights, *views.biases], [W1, W2, b1, b2], strict=True):
        np.testing.assert_array_equal(view, part.astype(dtype))
