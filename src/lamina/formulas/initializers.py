"""Initializers: the weights and biases that a layer starts from, drawn in scikit-learn's order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lamina.formulas.table import Array, Table


@dataclass(frozen=True)
class Initializer:
    """One initializer.

    Attributes
    ----------
    name : str
        What it is called.
    draw : callable
        `draw(random_state, fan_in, fan_out, gain)` gives the weights, float64 of shape
        (fan_in, fan_out), and the biases, float64 of shape (fan_out,).
    equation, paper : str
        The formula as text, and where it comes from.
    """

    name: str
    draw: Callable[[np.random.RandomState, int, int, float], tuple[Array, Array]]
    equation: str
    paper: str


def glorot_uniform(
    random_state: np.random.RandomState, fan_in: int, fan_out: int, gain: float
) -> tuple[Array, Array]:
    bound = np.sqrt(gain / (fan_in + fan_out))
    weights = random_state.uniform(-bound, bound, (fan_in, fan_out))
    biases = random_state.uniform(-bound, bound, fan_out)
    return weights, biases


INITIALIZERS = Table(
    "initializer",
    Initializer(
        name="glorot_uniform",
        draw=glorot_uniform,
        equation="W, b ~ U(-√(k / (fan_in + fan_out)), +√(k / (fan_in + fan_out))), k the gain",
        paper="Glorot, Bengio 2010, Understanding the difficulty of training deep networks",
    ),
)
