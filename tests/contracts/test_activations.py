"""What holds for every activation: its slope is its derivative, in both precisions."""

import numpy as np
import pytest

from lamina.formulas import ACTIVATIONS

MAGNITUDES = np.array([1e-4, 1e-3, 0.1, 0.5, 1.0, 2.5, 6.0, 17.0, 40.0, 700.0])
GRID = np.concatenate([-MAGNITUDES[::-1], MAGNITUDES])[:, np.newaxis]

every_activation = pytest.mark.parametrize("activation", ACTIVATIONS.values(), ids=lambda a: a.name)


@every_activation
def test_the_slope_is_the_derivative_of_the_value(activation):
    h = 1e-6 * np.maximum(1, np.abs(GRID)) * np.where(np.abs(GRID) < 1e-2, 10, 1)
    derivative = (activation.value(GRID + h) - activation.value(GRID - h)) / (2 * h)
    slope = activation.slope(GRID, activation.value(GRID))
    np.testing.assert_allclose(slope, derivative, rtol=1e-8, atol=1e-9)


@every_activation
def test_at_zero_the_slope_lies_between_the_slopes_of_both_sides(activation):
    zero, h = np.zeros((1, 1)), 1e-7
    left = (activation.value(zero) - activation.value(zero - h)) / h
    right = (activation.value(zero + h) - activation.value(zero)) / h
    slope = activation.slope(zero, activation.value(zero))
    assert min(left, right) - 1e-7 <= slope <= max(left, right) + 1e-7


@every_activation
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_value_and_slope_keep_shape_and_dtype(activation, dtype):
    z = GRID.astype(dtype).reshape(4, -1)
    a = activation.value(z)
    slope = activation.slope(z, a)
    assert a.dtype == slope.dtype == dtype
    assert a.shape == slope.shape == z.shape


@every_activation
def test_single_precision_is_double_precision_rounded(activation):
    z = GRID.astype(np.float32)
    a, exact = activation.value(z), activation.value(z.astype(np.float64))
    underflow = np.finfo(np.float32).tiny
    np.testing.assert_allclose(a, exact, rtol=1e-6, atol=underflow)
    exact_slope = activation.slope(z.astype(np.float64), exact)
    np.testing.assert_allclose(activation.slope(z, a), exact_slope, rtol=1e-6, atol=2e-7)


@every_activation
def test_a_nan_stays_a_nan(activation):
    assert np.isnan(activation.value(np.array([[np.nan]]))).all()


@every_activation
def test_the_initial_gain_is_positive(activation):
    assert activation.gain > 0
