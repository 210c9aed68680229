"""Find idle units, whose activation is flat for every sample so that no gradient reaches them.

A ReLU that is zero for all samples is dead; a sigmoid whose z is always far from zero is saturated.
In both cases f'(z) is negligible next to the largest f' of the function.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from lamina.blocks import AnyBlock, BlockPass
from lamina.blocks.dense import Dense, DenseParameters, DensePass
from lamina.formulas import ACTIVATIONS
from lamina.formulas.activation import ActivationName
from lamina.formulas.table import Array
from lamina.network import Network
from lamina.network.passes import Forward

# A derivative below a hundredth of the largest: tanh beyond |z| = 3, the logistic beyond 6.
FLAT = 0.01
FAR = 50.0


def active_units(network: Network, passed: Forward) -> list[NDArray[np.bool_]]:
    """Return for each hidden layer a mask, (fan_out,), of the units that some sample activates."""
    return [np.asarray(steep.any(axis=0)) for steep in steep_activations(network, passed)]


def steep_activations(network: Network, passed: Forward) -> list[NDArray[np.bool_]]:
    """Return for each hidden layer a mask of non-negligible f'(z), (n_samples, fan_out)."""
    hidden = network.spec.layers[:-1]
    of_layers = slice(-len(hidden) - 1, -1)
    walk = zip(hidden, passed.blocks[of_layers], network.blocks[of_layers], strict=True)
    return [_is_steep(*part) for part in walk]


def _is_steep(block: AnyBlock, passed: BlockPass, parameters: DenseParameters) -> NDArray[np.bool_]:
    if not isinstance(block, Dense):
        return np.ones(passed.a.shape, np.bool_)
    assert isinstance(passed, DensePass)
    derivative = block.function.derivative(passed.z, passed.f, *passed.units)
    return np.asarray(np.abs(derivative) >= FLAT * largest_derivative(block.activation))


@cache
def largest_derivative(activation: ActivationName) -> float:
    """Return the largest |f'(z)|."""
    return float(np.abs(_derivative_of(activation, np.linspace(-10, 10, 2001))).max())


@cache
def saturates(activation: ActivationName) -> bool:
    """Return True if f is flat at both ends, like a sigmoid, and not at one only, like a ReLU."""
    ends = np.abs(_derivative_of(activation, np.array([-FAR, FAR])))
    return bool((ends < FLAT * largest_derivative(activation)).all())


def _derivative_of(activation: ActivationName, z: Array) -> Array:
    """Return f'(z), with learned parameters of units at their initial values."""
    formula = ACTIVATIONS[activation]
    learned = [z.dtype.type(parameter.initial) for parameter in formula.parameters]
    return np.asarray(formula.derivative(z, formula.value(z, *learned), *learned))
