"""What surrounds any optimizer's step: a clipped gradient before it, an average behind it."""

from __future__ import annotations

import numpy as np

from lamina.formulas.optimizers import integer_power
from lamina.formulas.table import Array


def norm_of(gradient: Array) -> float:
    """‖g‖ over all parameters that are trained, in float64."""
    return float(np.linalg.norm(gradient.astype(np.float64, copy=False)))


def clipping_scale(norm: float, most: float | None) -> float:
    """What a gradient is multiplied with, so that its norm is at most so large.

    g ← g · most / ‖g‖ where ‖g‖ > most (Pascanu, Mikolov, Bengio 2013, On the difficulty of
    training recurrent neural networks, algorithm 1).
    """
    return most / norm if most is not None and norm > most else 1.0


def average_rate(decay: float, step: int) -> float:
    """How far an average goes towards the parameters behind the step of that number.

    a ← a + (w - a) (1 - d) / (1 - dᵗ), the exponential moving average a ← d a + (1 - d) w with
    the correction of Adam's running means: the weights that the past steps have in it sum to one at
    every t, and those before the first step have none. So early on it is nearly the plain mean of
    the steps so far (Polyak, Juditsky 1992, Acceleration of stochastic approximation by averaging).
    """
    return (1 - decay) / (1 - integer_power(decay, step))
