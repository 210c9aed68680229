"""Penalties on the weights (never on the biases), added to the loss of every batch.

Shapes: w is the vector of all weights; `value` is a number, `gradient` has the shape of w. Both are
multiplied by alpha and divided by the batch's weight sum (its size without sample weights).

All have the form r ‖W‖₁ + (1 - r) ½ ‖W‖², and differ in the fraction r of the first norm.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lamina.formulas.hyperparameters import Hyperparameter
from lamina.formulas.table import Array, RecordTable


@dataclass(frozen=True)
class Penalty:
    """Penalty on the weights.

    Attributes
    ----------
    name : str
        Name in `penalty=`.
    l1_fraction : callable
        `l1_fraction(l1_ratio)` returns r; only the elastic net uses l1_ratio.
    equation, derivative_equation, paper : str
        Both formulas as text, and their source.
    code, derivative_code : str
        Factor of alpha in both, as NumPy expressions in W and l1_ratio.
    hyperparameters : tuple of Hyperparameter
    """

    name: str
    l1_fraction: Callable[[float], float]
    equation: str
    derivative_equation: str
    paper: str
    code: str
    derivative_code: str
    hyperparameters: tuple[Hyperparameter, ...] = ()

    def value(self, w: Array, l1_ratio: float = 0.5) -> float:
        """Return r ‖w‖₁ + (1 - r) ½ ‖w‖²."""
        r = self.l1_fraction(l1_ratio)
        l1 = r * np.abs(w).sum().astype(np.float64) if r else 0.0
        return l1 + (1 - r) * 0.5 * np.dot(w, w).astype(np.float64)

    def gradient(self, w: Array, l1_ratio: float = 0.5) -> Array:
        """Return r sign(w) + (1 - r) w; the derivative of |w| at 0 is taken as 0."""
        r = self.l1_fraction(l1_ratio)
        l2 = (1 - r) * w
        return l2 + r * np.sign(w) if r else l2


L1_RATIO = Hyperparameter(
    "l1_ratio",
    0.5,
    "fraction of ‖W‖₁ in the penalty",
    at_least=0,
    at_most=1,
    symbol="ρ",
    is_estimator_parameter=True,
)

PENALTIES = RecordTable(
    "penalty",
    Penalty(
        name="l2",
        l1_fraction=lambda l1_ratio: 0.0,
        equation="½ α ‖W‖² / (rows of the batch, or their weight sum)",
        derivative_equation="α W / (rows of the batch, or their weight sum)",
        paper="Krogh, Hertz 1991, A simple weight decay can improve generalization",
        code="0.5 * np.sum(W**2)",
        derivative_code="W",
    ),
    Penalty(
        name="l1",
        l1_fraction=lambda l1_ratio: 1.0,
        equation="α ‖W‖₁ / (rows of the batch, or their weight sum)",
        derivative_equation="α sign(W) / (rows of the batch, or their weight sum)",
        paper="Tibshirani 1996, Regression shrinkage and selection via the lasso",
        code="np.sum(np.abs(W))",
        derivative_code="np.sign(W)",
    ),
    Penalty(
        name="elasticnet",
        l1_fraction=lambda l1_ratio: l1_ratio,
        equation="α (ρ ‖W‖₁ + (1 - ρ) ½ ‖W‖²) / (rows of the batch, or their weight sum)",
        derivative_equation="α (ρ sign(W) + (1 - ρ) W) / (rows of the batch, or their weight sum)",
        paper="Zou, Hastie 2005, Regularization and variable selection via the elastic net",
        code="np.sum(l1_ratio * np.abs(W) + (1 - l1_ratio) * 0.5 * W**2)",
        derivative_code="(l1_ratio * np.sign(W) + (1 - l1_ratio) * W)",
        hyperparameters=(L1_RATIO,),
    ),
)
