"""Periodic inputs: their formula, their initial values, and sizes that they refuse."""

import math

import numpy as np
import pytest

from lamina.blocks.inputs import PeriodicInputs


def drawn(group, seed=0):
    parts = [np.empty(tensor.shape) for tensor in group.tensors]
    group.draw(parts, np.random.RandomState(seed))
    return parts


def test_a_column_gives_itself_and_its_embedded_cosines():
    group = PeriodicInputs((0, 1), 5, 2, 0.7)
    w1, b1, W2, b2 = parts = drawn(group)
    x = np.random.RandomState(1).standard_normal((4, 2))
    a = group.forward(parts, x).reshape(4, 2, 3)
    for j in range(2):
        cosines = np.cos(2 * math.pi * np.outer(x[:, j], w1[j]) + b1[j])
        np.testing.assert_array_equal(a[:, j, 0], x[:, j])
        np.testing.assert_allclose(a[:, j, 1:], cosines @ W2[j] + b2[j], rtol=1e-12)


def test_the_initial_values_have_the_distributions_of_realmlp():
    w1, b1, W2, b2 = drawn(PeriodicInputs(tuple(range(400)), sigma=0.2))
    assert w1.std() == pytest.approx(0.2, rel=0.03)
    assert 3 < np.abs(b1).max() <= math.pi
    for part in (W2, b2):
        assert 0.24 < np.abs(part).max() <= 0.25


@pytest.mark.parametrize("sizes", [(0, 1), (1, 0), (1, 1, 0.0), (1, 1, math.nan), (1, 1, math.inf)])
def test_sizes_without_meaning_are_refused(sizes):
    with pytest.raises(ValueError, match="at least one frequency, one output and a positive"):
        PeriodicInputs((0,), *sizes)
