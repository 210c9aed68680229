"""Numbers drawn by single initializers."""

import numpy as np

from lamina.formulas import INITIALIZERS


def test_glorot_uniform_draws_weights_then_biases_within_its_bound():
    weights, biases = INITIALIZERS["glorot_uniform"].draw(np.random.RandomState(7), 50, 40, 2.0)
    by_hand, bound = np.random.RandomState(7), np.sqrt(2.0 / 90)
    np.testing.assert_array_equal(weights, by_hand.uniform(-bound, bound, (50, 40)))
    np.testing.assert_array_equal(biases, by_hand.uniform(-bound, bound, 40))
    assert 0.99 * bound < np.abs(weights).max() <= bound
