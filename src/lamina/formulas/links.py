"""Links p = g(z): what turns the last layer's logits into a prediction.

Shapes: z and p are (rows, n_outputs), float32 or float64.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from lamina.formulas.table import Array, Table


@dataclass(frozen=True)
class Link:
    """One link: its name, its value `value(z)`, and its equation."""

    name: str
    value: Callable[[Array], Array]
    equation: str


def softmax(z: Array) -> Array:
    # The largest logit is taken away first: exp cannot overflow, and the quotient is the same.
    powers = np.exp(z - z.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


LINKS = Table(
    "link",
    Link("identity", lambda z: z, "p = z"),
    Link("logistic", expit, "p = 1 / (1 + exp(-z))"),
    Link("softmax", softmax, "p_j = exp(z_j) / Σ_i exp(z_i)"),
    Link("exp", np.exp, "p = exp(z)"),
)
