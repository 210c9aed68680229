"""Formulas of activations: each value f(z), followed by its derivative f'(z).

See activations.py for the shapes.
"""

from __future__ import annotations

import numpy as np
from scipy.special import expit, ndtr

from lamina.formulas.table import Array

LEAK = 0.01
PRELU_START = 0.25
SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772


def relu(z: Array) -> Array:
    return np.maximum(z, 0)


def relu_derivative(z: Array, a: Array) -> Array:
    # A NaN keeps its derivative of one, so that a diverging network visibly diverges.
    return np.asarray(a != 0, dtype=a.dtype)


def logistic_derivative(z: Array, a: Array) -> Array:
    return a * (1 - a)


def tanh_derivative(z: Array, a: Array) -> Array:
    return 1 - a * a


def leaky_relu(z: Array) -> Array:
    return np.where(z < 0, z.dtype.type(LEAK) * z, z)


def leaky_relu_derivative(z: Array, a: Array) -> Array:
    return np.where(a < 0, a.dtype.type(LEAK), a.dtype.type(1))


def prelu(z: Array, slope: Array) -> Array:
    return np.where(z < 0, slope * z, z)


def prelu_derivative(z: Array, a: Array, slope: Array) -> Array:
    return np.where(z < 0, slope, z.dtype.type(1))


def elu(z: Array) -> Array:
    return np.where(z < 0, np.expm1(np.minimum(z, 0)), z)


def elu_derivative(z: Array, a: Array) -> Array:
    return np.where(a < 0, a + 1, a.dtype.type(1))


def selu(z: Array) -> Array:
    return z.dtype.type(SELU_SCALE) * np.where(
        z < 0, z.dtype.type(SELU_ALPHA) * np.expm1(np.minimum(z, 0)), z
    )


def selu_derivative(z: Array, a: Array) -> Array:
    cast = a.dtype.type
    return np.where(a < 0, a + cast(SELU_SCALE * SELU_ALPHA), cast(SELU_SCALE))


def gelu(z: Array) -> Array:
    return np.asarray(z * ndtr(z))


def gelu_derivative(z: Array, a: Array) -> Array:
    # Beyond 40 the density is zero, and its product with an infinite z would be NaN.
    density = np.exp(-0.5 * np.square(np.clip(z, -40, 40))) / np.sqrt(z.dtype.type(2 * np.pi))
    return np.asarray(ndtr(z) + np.clip(z, -40, 40) * density)


def silu(z: Array) -> Array:
    return np.asarray(z * expit(z))


def silu_derivative(z: Array, a: Array) -> Array:
    p = expit(z)
    return np.asarray(p * (1 + z * (1 - p)))


def _tanh_of_softplus(z: Array) -> tuple[Array, Array]:
    """Return tanh(log(1 + eᶻ)) = n / (n + 2) with n = e²ᶻ + 2 eᶻ, and 1 - its square."""
    power = np.exp(np.minimum(z, 20))
    n = power * (power + 2)
    t = n / (n + 2)
    return t, 2 / (n + 2) * (1 + t)


def mish(z: Array) -> Array:
    return z * _tanh_of_softplus(z)[0]


def mish_derivative(z: Array, a: Array) -> Array:
    t, derivative = _tanh_of_softplus(z)
    return np.asarray(t + z * derivative * expit(z))


def softplus(z: Array) -> Array:
    return np.asarray(np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z))))


def softplus_derivative(z: Array, a: Array) -> Array:
    return np.asarray(expit(z))


def softsign(z: Array) -> Array:
    return np.asarray(z / (1 + np.abs(z)))


def softsign_derivative(z: Array, a: Array) -> Array:
    return np.asarray(np.square(1 - np.abs(a)))


def relu6(z: Array) -> Array:
    return np.minimum(np.maximum(z, 0), 6)


def relu6_derivative(z: Array, a: Array) -> Array:
    return np.asarray((a != 0) & (a != 6), dtype=a.dtype)


def hardswish(z: Array) -> Array:
    return np.asarray(z * np.clip(z + 3, 0, 6) / 6)


def hardswish_derivative(z: Array, a: Array) -> Array:
    return np.where(z < -3, 0, np.where(z > 3, 1, (2 * z + 3) / 6)).astype(z.dtype)
