"""Gradient clipping before an optimizer's step, and averaging of the parameters after it."""

from __future__ import annotations

import numpy as np

from lamina.formulas.optimizer import integer_power
from lamina.formulas.table import Array, Scalar


def compute_norm(gradient: Array) -> Scalar:
    """Return ‖g‖ over all trained parameters, in float64."""
    return np.linalg.norm(gradient.astype(np.float64, copy=False))


def clipping_scale(norm: Scalar, most: float) -> Scalar:
    """Return the factor that limits the norm of a gradient to `most`.

    g ← g · most / ‖g‖ where ‖g‖ > most (Pascanu, Mikolov, Bengio 2013, On the difficulty of
    training recurrent neural networks, algorithm 1).
    """
    # fmax ignores a NaN, whose gradient is not scaled either.
    return np.float64(most) / np.fmax(norm, most)


def average_rate(decay: float, step: int) -> float:
    """Return the fraction by which an average moves towards the parameters after a step.

    a ← a + (w - a) (1 - d) / (1 - dᵗ), the exponential moving average a ← d a + (1 - d) w with
    the bias correction of Adam's running means: the weights of all steps so far sum to one at
    every t, and the initial parameters have weight zero. Early on it is nearly the plain mean of
    the steps so far (Polyak, Juditsky 1992, Acceleration of stochastic approximation by averaging).
    """
    return (1 - decay) / (1 - integer_power(decay, step))
