"""Losses as readable lines of NumPy: the loss of each sample, and delta at the logits.

They use p and y in the shapes of losses.py, hyperparameters by name, `EPS`, the distance from 1 to
the next float, and `xlogy` of scipy.special. All lines are statements except the last, which is an
expression: the loss of each sample, or delta.
"""

from __future__ import annotations

from typing import NamedTuple


class LossCode(NamedTuple):
    """Loss in NumPy.

    Attributes
    ----------
    value, delta : tuple of str
        Lines of code; the last is an expression.
    """

    value: tuple[str, ...]
    delta: tuple[str, ...]


DIFFERENCE = ("p - y",)
CLIPPED = "q = np.clip(p, EPS, 1 - EPS)"
LABELS = (
    "is_class = np.arange(p.shape[1]) == y[:, np.newaxis]",
    "s = (1 - label_smoothing) * is_class + label_smoothing / p.shape[1]",
)
QUANTILES = (
    "q = np.tile(quantile, y.shape[1])",
    "r = np.repeat(y, np.size(quantile), axis=1) - p",
)
MEAN_AND_STD = "mean, std = p[:, 0::2], p[:, 1::2]"

SQUARED_ERROR = LossCode(("0.5 * np.mean((p - y) ** 2, axis=1)",), DIFFERENCE)
POISSON = LossCode(("np.sum(xlogy(y, y / p) - y + p, axis=1)",), DIFFERENCE)
ABSOLUTE_ERROR = LossCode(("np.sum(np.abs(p - y), axis=1)",), ("np.sign(p - y)",))
HUBER = LossCode(
    (
        "r, t = np.abs(p - y), huber_threshold",
        "np.sum(np.where(r <= t, 0.5 * r**2, t * (r - 0.5 * t)), axis=1)",
    ),
    ("np.clip(p - y, -huber_threshold, huber_threshold)",),
)
LOG_COSH = LossCode(
    ("np.sum(np.logaddexp(p - y, y - p) - np.log(2), axis=1)",), ("np.tanh(p - y)",)
)
QUANTILE = LossCode(
    (*QUANTILES, "np.sum(np.maximum(q * r, (q - 1) * r), axis=1)"),
    (*QUANTILES, "np.where(r > 0, -q, np.where(r < 0, 1 - q, 0))"),
)
GAMMA = LossCode(("np.sum(y / p - 1 - np.log(y / p), axis=1)",), ("1 - y / p",))
TWEEDIE = LossCode(
    (
        "b, c = 1 - tweedie_power, 2 - tweedie_power",
        "np.sum(y**c / (b * c) - y * p**b / b + p**c / c, axis=1)",
    ),
    ("p ** (2 - tweedie_power) - y * p ** (1 - tweedie_power)",),
)
GAUSSIAN_NLL = LossCode(
    (MEAN_AND_STD, "np.sum(np.log(std) + 0.5 * ((mean - y) / std) ** 2, axis=1)"),
    (
        MEAN_AND_STD,
        "r = (mean - y) / std",
        "np.stack([r / std, 1 - r**2], axis=2).reshape(p.shape)",
    ),
)
BINARY_LOG_LOSS = LossCode(
    (CLIPPED, "-np.sum(xlogy(y, q) + xlogy(1 - y, 1 - q), axis=1)"), DIFFERENCE
)
LOG_LOSS = LossCode(
    (CLIPPED, "-np.log(q[np.arange(len(y)), y])"),
    ("p - (np.arange(p.shape[1]) == y[:, np.newaxis])",),
)
BINARY_FOCAL = LossCode(
    (
        CLIPPED,
        "yes, no = (1 - q) ** focal_gamma * np.log(q), q**focal_gamma * np.log1p(-q)",
        "-np.sum(y * yes + (1 - y) * no, axis=1)",
    ),
    (
        CLIPPED,
        "yes = (1 - q) ** focal_gamma * (focal_gamma * q * np.log(q) - (1 - q))",
        "no = q**focal_gamma * (q - focal_gamma * (1 - q) * np.log1p(-q))",
        "y * yes + (1 - y) * no",
    ),
)
SMOOTHED_LOG_LOSS = LossCode(
    (*LABELS, "-np.sum(s * np.log(np.clip(p, EPS, 1 - EPS)), axis=1)"), (*LABELS, "p - s")
)
FOCAL = LossCode(
    (*LABELS, CLIPPED, "-np.sum(s * (1 - q) ** focal_gamma * np.log(q), axis=1)"),
    (
        *LABELS,
        CLIPPED,
        "g = s * (1 - q) ** focal_gamma * (focal_gamma * q * np.log(q) / (1 - q) - 1)",
        "g - p * g.sum(axis=1, keepdims=True)",
    ),
)
