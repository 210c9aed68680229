"""Every activation: its derivative equals finite differences, in both precisions."""

import numpy as np
import pytest

from lamina.formulas import ACTIVATIONS

MAGNITUDES = np.array([1e-4, 1e-3, 0.1, 0.5, 1.0, 2.5, 5.5, 17.0, 40.0, 700.0])
GRID = np.concatenate([-MAGNITUDES[::-1], MAGNITUDES])[:, np.newaxis]


def learned(activation, dtype="float64"):
    """Return the initial values of the learned parameters."""
    return [np.full(1, p.initial, dtype=dtype) for p in activation.parameters]


every_activation = pytest.mark.parametrize("activation", ACTIVATIONS.values(), ids=lambda a: a.name)


@every_activation
def test_the_derivative_equals_finite_differences(activation):
    h = 1e-6 * np.clip(np.abs(GRID), 1, 20) * np.where(np.abs(GRID) < 1e-2, 10, 1)
    params = learned(activation)
    differences = (activation.value(GRID + h, *params) - activation.value(GRID - h, *params)) / (
        2 * h
    )
    derivative = activation.derivative(GRID, activation.value(GRID, *params), *params)
    np.testing.assert_allclose(derivative, differences, rtol=1e-8, atol=1e-9)


@every_activation
def test_at_zero_the_derivative_lies_between_the_derivatives_of_both_sides(activation):
    zero, h = np.zeros((1, 1)), 1e-7
    params = learned(activation)
    middle = activation.value(zero, *params)
    left = (middle - activation.value(zero - h, *params)) / h
    right = (activation.value(zero + h, *params) - middle) / h
    derivative = activation.derivative(zero, middle, *params)
    assert min(left, right) - 1e-7 <= derivative <= max(left, right) + 1e-7


@every_activation
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_value_and_derivative_keep_shape_and_dtype(activation, dtype):
    z = GRID.astype(dtype).reshape(4, -1)
    params = learned(activation, dtype)
    a = activation.value(z, *params)
    derivative = activation.derivative(z, a, *params)
    assert a.dtype == derivative.dtype == dtype
    assert a.shape == derivative.shape == z.shape


@every_activation
def test_float32_is_float64_rounded(activation):
    z = GRID.astype(np.float32)
    params, exact_own = learned(activation, np.float32), learned(activation)
    a, exact = activation.value(z, *params), activation.value(z.astype(np.float64), *exact_own)
    underflow = np.finfo(np.float32).tiny
    np.testing.assert_allclose(a, exact, rtol=1e-6, atol=underflow)
    exact_derivative = activation.derivative(z.astype(np.float64), exact, *exact_own)
    np.testing.assert_allclose(
        activation.derivative(z, a, *params), exact_derivative, rtol=1e-6, atol=2e-7
    )


@every_activation
def test_a_nan_stays_a_nan(activation):
    assert np.isnan(activation.value(np.array([[np.nan]]), *learned(activation))).all()


@every_activation
def test_the_initial_gain_is_positive(activation):
    assert activation.gain > 0


@every_activation
def test_the_derivative_by_learned_parameters_equals_finite_differences(activation):
    params, h = learned(activation), 1e-6
    for i, parameter in enumerate(activation.parameters):
        up, down = ([*params[:i], params[i] + d, *params[i + 1 :]] for d in (h, -h))
        differences = (activation.value(GRID, *up) - activation.value(GRID, *down)) / (2 * h)
        np.testing.assert_allclose(parameter.derivative(GRID), differences, rtol=1e-8, atol=1e-9)


@every_activation
def test_hes_gain_keeps_the_size_of_standard_normal_units(activation):
    z = np.linspace(-12, 12, 100_001)[:, np.newaxis]
    density = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    mean_square = np.trapezoid(activation.value(z, *learned(activation)) ** 2 * density, z, axis=0)
    assert activation.he_gain == pytest.approx(1 / np.sqrt(mean_square.item()), rel=1e-4)
