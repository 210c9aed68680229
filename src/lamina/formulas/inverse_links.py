"""Inverse links p = g⁻¹(z), which map the last layer's logits z to the prediction p.

Their inverse g is the link function of a generalised linear model: McCullagh, Nelder 1989.

Shapes: z and p are (n_samples, n_outputs), float32 or float64.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lamina.formulas.code import Code
from lamina.formulas.special import expit, logit
from lamina.formulas.table import Array, RecordTable


@dataclass(frozen=True)
class InverseLink:
    """Inverse link: an output function from logits to a prediction.

    Attributes
    ----------
    name : str
        Name in `out_activation_`.
    value : callable
        `value(z)` is the prediction p.
    link : callable
        `link(p)` returns finite logits whose prediction is p, up to rounding.
    equation : str
        Formula as text.
    code : Code
        Formula in PyTorch, ONNX, NumPy and C.
    by_pairs : bool
        True if each pair of outputs is a mean and its standard deviation.
    follows_scale : bool
        True if scaling and shifting the last layer scales and shifts the prediction alike.
    """

    name: str
    value: Callable[[Array], Array]
    link: Callable[[Array], Array]
    equation: str
    code: Code
    by_pairs: bool = False
    follows_scale: bool = False


def softmax(z: Array) -> Array:
    # An array on a device has a kernel for it.
    if hasattr(z, "softmax"):
        return z.softmax()
    # The largest logit is subtracted first, so that exp cannot overflow; the quotient is the same.
    powers = np.exp(z - z.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


# Within these, a standard deviation and the terms with its square are finite in float32 as well.
LEAST_LOG_STD, LARGEST_LOG_STD = -30.0, 80.0


def mean_and_std(z: Array) -> Array:
    # In each pair of outputs, the first is a mean and the second the log of a standard deviation.
    p = z.copy()
    p[:, 1::2] = np.exp(np.clip(z[:, 1::2], LEAST_LOG_STD, LARGEST_LOG_STD))
    return p


def log_of_positive(p: Array) -> Array:
    # A prediction may have been rounded to zero, though its logit was finite.
    return np.log(np.maximum(p, np.finfo(p.dtype).tiny))


def logit_of_clipped(p: Array) -> Array:
    eps = np.finfo(p.dtype).eps
    return logit(np.clip(p, eps, 1 - eps))


def log_of_std(p: Array) -> Array:
    z = p.copy()
    z[:, 1::2] = np.log(p[:, 1::2])
    return z


SOFTMAX_IN_C = """\
real largest = z[0], total = 0;
for (int i = 1; i < n; i++) largest = z[i] > largest ? z[i] : largest;
for (int i = 0; i < n; i++) total += z[i] = exp(z[i] - largest);
for (int i = 0; i < n; i++) z[i] /= total;"""

INVERSE_LINKS = RecordTable(
    "inverse link",
    InverseLink(
        name="identity",
        value=lambda z: z,
        link=lambda p: p,
        equation="p = z",
        code=Code(torch="Identity", onnx="z", numpy="z", c=""),
        follows_scale=True,
    ),
    InverseLink(
        name="logistic",
        value=expit,
        link=logit_of_clipped,
        equation="p = 1 / (1 + exp(-z))",
        code=Code(
            torch="Sigmoid",
            onnx="Sigmoid",
            numpy="np.exp(-np.logaddexp(0, -z))",
            c="for (int i = 0; i < n; i++) z[i] = 1 / (1 + exp(-z[i]));",
        ),
    ),
    InverseLink(
        name="softmax",
        value=softmax,
        link=log_of_positive,
        equation="p_j = exp(z_j) / Σ_i exp(z_i)",
        code=Code(
            torch="Softmax(dim=1)",
            onnx="Softmax(z, axis=1)",
            numpy="np.exp(z - np.logaddexp.reduce(z, axis=1, keepdims=True))",
            c=SOFTMAX_IN_C,
        ),
    ),
    InverseLink(
        name="exp",
        value=np.exp,
        link=log_of_positive,
        equation="p = exp(z)",
        code=Code(
            torch="exp",
            onnx="Exp",
            numpy="np.exp(z)",
            c="for (int i = 0; i < n; i++) z[i] = exp(z[i]);",
        ),
    ),
    InverseLink(
        name="mean_and_std",
        value=mean_and_std,
        link=log_of_std,
        equation=(
            "p = (μ, σ) = (z, exp(z')) for each two outputs (z, z'), with z' kept within [-30, 80]"
        ),
        code=Code(
            torch="MeanAndStd",
            onnx=f"Where(second, Exp(Clip(z, {LEAST_LOG_STD}, {LARGEST_LOG_STD})), z)",
            numpy=(
                "np.where(np.arange(z.shape[1]) % 2, "
                f"np.exp(np.clip(z, {LEAST_LOG_STD}, {LARGEST_LOG_STD})), z)"
            ),
            c="for (int i = 1; i < n; i += 2)\n"
            f"    z[i] = exp(fmin(fmax(z[i], {LEAST_LOG_STD}), {LARGEST_LOG_STD}));",
        ),
        by_pairs=True,
        follows_scale=True,
    ),
)
