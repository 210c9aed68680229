"""Losses: how wrong a prediction is, row by row, and delta = dL/dz at the logits.

Shapes: p (rows, n_outputs) is the prediction behind the link; y is (rows, n_outputs) in p's dtype
for losses of values, and (rows,) int32 for losses of class codes; `value` gives (rows,), `delta`
(rows, n_outputs). The loss of a batch is the weighted mean of `value` over its rows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import xlogy

from lamina.formulas.table import Array, Table


@dataclass(frozen=True)
class Loss:
    """One loss, together with the link whose composition makes its delta simple.

    Attributes
    ----------
    name : str
        Its name in a model file and in the engines.
    link : str
        The link that stands between logits and prediction.
    targets : {'values', 'codes'}
        Whether y holds numbers of shape (rows, n_outputs) or class codes of shape (rows,).
    value : callable
        `value(p, y)`: the loss of each row, of shape (rows,).
    delta : callable
        `delta(p, y)`: the slope of `value` at the logits, times n_outputs where
        `mean_over_outputs` says so; of shape (rows, n_outputs).
    mean_over_outputs : bool
        True where `value` is a mean over the outputs while `delta` belongs to their sum.
        scikit-learn trains so on squared errors (its issue 8349); equal numbers are the contract.
    equation, paper : str
        The formula as text, and where it comes from.
    """

    name: str
    link: str
    targets: Literal["values", "codes"]
    value: Callable[[Array, NDArray[Any]], Array]
    delta: Callable[[Array, NDArray[Any]], Array]
    mean_over_outputs: bool
    equation: str
    paper: str


def clip_probability(p: Array) -> Array:
    """Keep log(p) and log(1 - p) finite: p within [eps, 1 - eps] of its dtype."""
    eps = np.finfo(p.dtype).eps
    return np.clip(p, eps, 1 - eps)


def squared_error(p: Array, y: NDArray[Any]) -> Array:
    return np.asarray(0.5 * np.mean((p - y) ** 2, axis=1))


def poisson(p: Array, y: NDArray[Any]) -> Array:
    return np.asarray(np.sum(xlogy(y, y / p) - y + p, axis=1))


def binary_log_loss(p: Array, y: NDArray[Any]) -> Array:
    p = clip_probability(p)
    return np.asarray(-np.sum(xlogy(y, p) + xlogy(1 - y, 1 - p), axis=1))


def log_loss(p: Array, y: NDArray[Any]) -> Array:
    return np.asarray(-np.log(clip_probability(p)[np.arange(len(y)), y]))


def difference(p: Array, y: NDArray[Any]) -> Array:
    """p - y: what a loss's slope comes to behind its canonical link."""
    return np.asarray(p - y)


def log_loss_delta(p: Array, y: NDArray[Any]) -> Array:
    delta = p.copy()
    delta[np.arange(len(y)), y] -= 1
    return delta


LOSSES = Table(
    "loss",
    Loss(
        name="squared_error",
        link="identity",
        targets="values",
        value=squared_error,
        delta=difference,
        mean_over_outputs=True,
        equation="L = ½ · mean over rows and outputs of (p - y)²",
        paper="Legendre 1805; Gauss 1809",
    ),
    Loss(
        name="poisson",
        link="exp",
        targets="values",
        value=poisson,
        delta=difference,
        mean_over_outputs=False,
        equation="L = mean over rows of Σ y log(y / p) - y + p",
        paper="Nelder, Wedderburn 1972, Generalized linear models (half the Poisson deviance)",
    ),
    Loss(
        name="binary_log_loss",
        link="logistic",
        targets="values",
        value=binary_log_loss,
        delta=difference,
        mean_over_outputs=False,
        equation="L = -mean over rows of Σ y log p + (1 - y) log(1 - p)",
        paper="Good 1952, Rational decisions",
    ),
    Loss(
        name="log_loss",
        link="softmax",
        targets="codes",
        value=log_loss,
        delta=log_loss_delta,
        mean_over_outputs=False,
        equation="L = -mean over rows of log p_y",
        paper="Bridle 1990, Probabilistic interpretation of feedforward classification networks",
    ),
)
