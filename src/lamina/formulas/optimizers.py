"""Optimizers: how a gradient becomes a step.

Shapes: w (parameters) and g (gradient) are flat vectors of n_parameters; `state` is
(n_slots, n_parameters), zero at the start; `step` counts from 1. `update` works in place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from lamina.formulas.table import Array, Table


@dataclass(frozen=True)
class Optimizer:
    """One optimizer.

    Attributes
    ----------
    name : str
        What `solver=` takes.
    slots : tuple of str
        What it remembers for each parameter; the rows of its state.
    hyperparameters : tuple of str
        The estimator parameters that it reads, in the order in which engines receive them.
    follows_schedule : bool
        Whether `learning_rate=` speaks to it; scikit-learn's adam keeps its rate.
    update : callable
        `update(w, g, state, step, learning_rate, hyperparameters)`, in place on w and state.
    equation, paper : str
        The formula as text, and where it comes from.
    """

    name: str
    slots: tuple[str, ...]
    hyperparameters: tuple[str, ...]
    follows_schedule: bool
    update: Callable[[Array, Array, Array, int, float, Mapping[str, float]], None]
    equation: str
    paper: str


def integer_power(base: float, exponent: int) -> float:
    """base ** exponent by repeated squaring: the same bits in every engine, on every machine."""
    power = 1.0
    while exponent:
        if exponent & 1:
            power *= base
        base *= base
        exponent >>= 1
    return power


def sgd(
    w: Array, g: Array, state: Array, step: int, learning_rate: float, of: Mapping[str, float]
) -> None:
    v, momentum = state[0], of["momentum"]
    v *= momentum
    v -= learning_rate * g
    w += momentum * v - learning_rate * g if of["nesterovs_momentum"] else v


def adam(
    w: Array, g: Array, state: Array, step: int, learning_rate: float, of: Mapping[str, float]
) -> None:
    (m, v), beta_1, beta_2 = state, of["beta_1"], of["beta_2"]
    m *= beta_1
    m += (1 - beta_1) * g
    v *= beta_2
    v += (1 - beta_2) * (g * g)
    unbiased = np.sqrt(1 - integer_power(beta_2, step)) / (1 - integer_power(beta_1, step))
    # epsilon joins the uncorrected √v: the paper's "efficient" form, not Algorithm 1's (PyTorch's).
    w -= float(learning_rate * unbiased) * m / (np.sqrt(v) + of["epsilon"])


OPTIMIZERS = Table(
    "optimizer",
    Optimizer(
        name="sgd",
        slots=("velocity",),
        hyperparameters=("momentum", "nesterovs_momentum"),
        follows_schedule=True,
        update=sgd,
        equation="v ← μ v - η g;  w ← w + v,  or with Nesterov  w ← w + μ v - η g",
        paper="Robbins, Monro 1951; Polyak 1964; Sutskever, Martens, Dahl, Hinton 2013",
    ),
    Optimizer(
        name="adam",
        slots=("m", "v"),
        hyperparameters=("beta_1", "beta_2", "epsilon"),
        follows_schedule=False,
        update=adam,
        equation=(
            "m ← β₁ m + (1 - β₁) g;  v ← β₂ v + (1 - β₂) g²;  "
            "w ← w - η √(1 - β₂ᵗ) / (1 - β₁ᵗ) · m / (√v + ε)"
        ),
        paper="Kingma, Ba 2014, Adam: a method for stochastic optimization, section 2",
    ),
)
