"""Idle units: those whose activation is flat for every row, so that no gradient reaches them.

A ReLU that gives zero for all rows is dead; a sigmoid whose every z is far from zero is saturated.
Both are the same to the mathematics: f'(z) is nothing beside the largest f' that there is.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from lamina.engines.blocks import BlockPass, Forward
from lamina.formulas import ACTIVATIONS
from lamina.formulas.table import Array
from lamina.network import Dense, NetworkSpec, ParameterLayout

# A derivative below a hundredth of the largest: tanh beyond |z| = 3, the logistic function beyond
# 6.
FLAT = 0.01
FAR = 50.0


def active_units(spec: NetworkSpec, parameters: Array, passed: Forward) -> list[NDArray[np.bool_]]:
    """For each hidden block which of its units, (fan_out,), some row of a pass can change."""
    return [np.asarray(steep.any(axis=0)) for steep in steep_activations(spec, parameters, passed)]


def steep_activations(
    spec: NetworkSpec, parameters: Array, passed: Forward
) -> list[NDArray[np.bool_]]:
    """For each hidden block where f'(z) is something, (rows, fan_out)."""
    learned = ParameterLayout.of(spec).views(parameters).learned
    parts = zip(spec.blocks[:-1], passed.blocks, learned, strict=False)
    return [_is_steep(*part) for part in parts]


def _is_steep(block: Dense, passed: BlockPass, learned: Array) -> NDArray[np.bool_]:
    of_activation = learned[block.n_of_normalization :]
    derivative = ACTIVATIONS[block.activation].derivative(passed.z, passed.f, *of_activation)
    return np.asarray(np.abs(derivative) >= FLAT * largest_derivative(block.activation))


@cache
def largest_derivative(activation: str) -> float:
    """The largest |f'(z)|."""
    return float(np.abs(_derivative_of(activation, np.linspace(-10, 10, 2001))).max())


@cache
def saturates(activation: str) -> bool:
    """Whether f is flat at both ends, as a sigmoid is, and not at one only, as a ReLU is."""
    ends = np.abs(_derivative_of(activation, np.array([-FAR, FAR])))
    return bool((ends < FLAT * largest_derivative(activation)).all())


def _derivative_of(activation: str, z: Array) -> Array:
    """f'(z), with what units learn as it is at the start."""
    formula = ACTIVATIONS[activation]
    learned = [z.dtype.type(parameter.initial) for parameter in formula.parameters]
    return np.asarray(formula.derivative(z, formula.value(z, *learned), *learned))
