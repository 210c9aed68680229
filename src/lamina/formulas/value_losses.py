"""Formulas of losses of values: the loss of each sample, and delta = dL/dz at the logits.

See losses.py for the shapes. p is the prediction after the loss's inverse link: p = z, p = exp(z),
or (μ, σ) = (z, exp z') for a pair of outputs of each target.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from lamina.formulas.hyperparameters import Hyperparameters
from lamina.formulas.special import xlogy
from lamina.formulas.table import AnyArray, Array


def difference(p: Array, y: AnyArray, params: Hyperparameters) -> Array:
    """Return p - y, the derivative at the logits of a loss with its canonical link."""
    return p - y


def squared_error(p: Array, y: AnyArray, params: Hyperparameters) -> Array:
    return 0.5 * np.mean((p - y) ** 2, axis=1)


def poisson(p: Array, y: AnyArray, params: Hyperparameters) -> Array:
    return np.sum(xlogy(y, y / p) - y + p, axis=1)


def absolute_error(p: Array, y: AnyArray, params: Hyperparameters) -> Array:
    return np.sum(np.abs(p - y), axis=1)


def absolute_error_delta(p: Array, y: AnyArray, params: Hyperparameters) -> Array:
    return np.sign(p - y)


def huber(p: Array, y: AnyArray, params: Mapping[str, float]) -> Array:
    threshold, far = params["huber_threshold"], np.abs(p - y)
    rows = np.where(far <= threshold, 0.5 * far**2, threshold * (far - 0.5 * threshold))
    return rows.sum(axis=1)


def huber_delta(p: Array, y: AnyArray, params: Mapping[str, float]) -> Array:
    return np.clip(p - y, -params["huber_threshold"], params["huber_threshold"])


def log_cosh(p: Array, y: AnyArray, params: Hyperparameters) -> Array:
    far = np.abs(p - y)
    # log cosh r = |r| + log(½ + ½ exp(-2 |r|)), which overflows nowhere.
    return np.sum(far + np.log1p(0.5 * np.expm1(-2 * far)), axis=1)


def log_cosh_delta(p: Array, y: AnyArray, params: Hyperparameters) -> Array:
    return np.tanh(p - y)


def quantile(p: Array, y: AnyArray, params: Hyperparameters) -> Array:
    q, under = _quantiles(p, y, params)
    return np.maximum(q * under, (q - 1) * under).sum(axis=(1, 2))


def quantile_delta(p: Array, y: AnyArray, params: Hyperparameters) -> Array:
    q, under = _quantiles(p, y, params)
    derivative = np.where(under > 0, -q, np.where(under < 0, 1 - q, 0))
    return derivative.reshape(p.shape)


def _quantiles(p: Array, y: AnyArray, params: Hyperparameters) -> tuple[Array, Array]:
    """Return the quantiles in p's dtype, and y - p of shape (n_samples, n_targets, n_quantiles)."""
    q = np.atleast_1d(np.asarray(params["quantile"], dtype=p.dtype))
    return q, y[:, :, np.newaxis] - p.reshape(len(p), y.shape[1], len(q))


def number_of_quantiles(params: Hyperparameters) -> int:
    return int(np.size(params["quantile"]))


def rearranged_quantiles(p: Array, params: Hyperparameters) -> Array:
    """Return several quantiles as (n_samples, n_targets, n_quantiles), sorted for each sample.

    Sorted predictions do not cross, and are never farther from the true quantiles than unsorted.
    """
    if np.ndim(params["quantile"]) == 0:
        return p
    n_quantiles = number_of_quantiles(params)
    return np.sort(p.reshape(len(p), p.shape[1] // n_quantiles, n_quantiles), axis=2)


def gamma(p: Array, y: AnyArray, params: Hyperparameters) -> Array:
    ratio = np.where(y > 0, y / p, np.nan)
    return np.sum(ratio - 1 - np.log(ratio), axis=1)


def gamma_delta(p: Array, y: AnyArray, params: Hyperparameters) -> Array:
    return 1 - y / p


def tweedie(p: Array, y: AnyArray, params: Mapping[str, float]) -> Array:
    below, above = 1 - params["tweedie_power"], 2 - params["tweedie_power"]
    of_y = y**above / (below * above)
    return np.sum(of_y - _pull(p, y, below) / below + p**above / above, axis=1)


def tweedie_delta(p: Array, y: AnyArray, params: Mapping[str, float]) -> Array:
    below, above = 1 - params["tweedie_power"], 2 - params["tweedie_power"]
    return p**above - _pull(p, y, below)


def _pull(p: Array, y: AnyArray, exponent: float) -> Array:
    """Return y p^exponent; zero where y is zero, even if p has underflowed to zero."""
    return np.where(y == 0, y, y * p**exponent)


def gaussian_nll(p: Array, y: AnyArray, params: Hyperparameters) -> Array:
    """Return the negative log of the normal density, without the constant ½ log 2π."""
    mean, std = p[:, 0::2], p[:, 1::2]
    return np.sum(np.log(std) + 0.5 * ((mean - y) / std) ** 2, axis=1)


def gaussian_nll_delta(p: Array, y: AnyArray, params: Hyperparameters) -> Array:
    """Return the derivative, kept beyond the bounds of σ so that training can return from there."""
    std = p[:, 1::2]
    far = (p[:, 0::2] - y) / std
    delta = np.empty_like(p)
    delta[:, 0::2], delta[:, 1::2] = far / std, 1 - far**2
    return delta
