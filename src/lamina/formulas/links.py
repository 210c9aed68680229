"""Links p = g(z): what turns the last layer's logits into a prediction.

Shapes: z and p are (rows, n_outputs), float32 or float64.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from lamina.formulas.code import Code
from lamina.formulas.table import Array, Table


@dataclass(frozen=True)
class Link:
    """One link.

    Attributes
    ----------
    name : str
        What `out_activation_` calls it.
    value : callable
        `value(z)` is the prediction p.
    equation : str
        The formula as text.
    code : Code
        How it is written in PyTorch, ONNX, NumPy and C.
    """

    name: str
    value: Callable[[Array], Array]
    equation: str
    code: Code


def softmax(z: Array) -> Array:
    # The largest logit is taken away first: exp cannot overflow, and the quotient is the same.
    powers = np.exp(z - z.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


SOFTMAX_IN_C = """\
real largest = z[0], total = 0;
for (int i = 1; i < n; i++) largest = z[i] > largest ? z[i] : largest;
for (int i = 0; i < n; i++) total += z[i] = exp(z[i] - largest);
for (int i = 0; i < n; i++) z[i] /= total;"""

LINKS = Table(
    "link",
    Link(
        name="identity",
        value=lambda z: z,
        equation="p = z",
        code=Code(torch="Identity", onnx="z", numpy="z", c=""),
    ),
    Link(
        name="logistic",
        value=expit,
        equation="p = 1 / (1 + exp(-z))",
        code=Code(
            torch="Sigmoid",
            onnx="Sigmoid",
            numpy="np.exp(-np.logaddexp(0, -z))",
            c="for (int i = 0; i < n; i++) z[i] = 1 / (1 + exp(-z[i]));",
        ),
    ),
    Link(
        name="softmax",
        value=softmax,
        equation="p_j = exp(z_j) / Σ_i exp(z_i)",
        code=Code(
            torch="Softmax(dim=1)",
            onnx="Softmax(z, axis=1)",
            numpy="np.exp(z - np.logaddexp.reduce(z, axis=1, keepdims=True))",
            c=SOFTMAX_IN_C,
        ),
    ),
    Link(
        name="exp",
        value=np.exp,
        equation="p = exp(z)",
        code=Code(
            torch="exp",
            onnx="Exp",
            numpy="np.exp(z)",
            c="for (int i = 0; i < n; i++) z[i] = exp(z[i]);",
        ),
    ),
)
