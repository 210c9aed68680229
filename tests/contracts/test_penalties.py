"""Every penalty: its gradient equals finite differences, and zero weights cost nothing."""

import numpy as np
import pytest

from lamina.formulas import PENALTIES

every_penalty = pytest.mark.parametrize("penalty", PENALTIES.values(), ids=lambda p: p.name)


@every_penalty
def test_the_gradient_equals_finite_differences(penalty):
    w = np.random.RandomState(0).standard_normal(9)
    derivative = np.array(
        [(penalty.value(w + h) - penalty.value(w - h)) / 2e-5 for h in 1e-5 * np.eye(9)]
    )
    np.testing.assert_allclose(penalty.gradient(w), derivative, rtol=1e-8, atol=1e-9)


@every_penalty
def test_zero_weights_cost_nothing_and_others_something(penalty):
    assert penalty.value(np.zeros(5)) == 0
    assert penalty.value(np.array([0.0, -0.5, 0.0])) > 0


@every_penalty
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_gradient_keeps_shape_and_dtype(penalty, dtype):
    gradient = penalty.gradient(np.linspace(-1, 1, 7, dtype=dtype))
    assert gradient.shape == (7,)
    assert gradient.dtype == dtype
