"""Penalties on the weights (never on the biases), added to the loss of every batch.

Shapes: w is the vector of all weights; `value` is a number, `slope` has the shape of w. Both are
multiplied by alpha and divided by the batch's weight sum (its row count without sample weights).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lamina.formulas.table import Array, Table


@dataclass(frozen=True)
class Penalty:
    """One penalty: `value(w)`, its derivative `slope(w)`, and where it comes from."""

    name: str
    value: Callable[[Array], float]
    slope: Callable[[Array], Array]
    equation: str
    paper: str


PENALTIES = Table(
    "penalty",
    Penalty(
        name="l2",
        value=lambda w: 0.5 * float(np.dot(w, w)),
        slope=lambda w: w,
        equation="½ α ‖W‖² / (rows of the batch, or their weight sum)",
        paper="Krogh, Hertz 1991, A simple weight decay can improve generalization",
    ),
)
