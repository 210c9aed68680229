"""Formulas of losses of classes: the loss of each sample, and delta = dL/dz at the logits.

Shapes are those of losses.py: p (n_samples, n_classes) from a softmax with codes y (n_samples,), or
p (n_samples, n_labels) from the logistic function with y (n_samples, n_labels) from zero to one.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from lamina.formulas.hyperparameters import Hyperparameters
from lamina.formulas.special import xlogy
from lamina.formulas.table import AnyArray, Array


def clip_probability(p: Array) -> Array:
    """Clip p to [eps, 1 - eps] of its dtype, which keeps log(p) and log(1 - p) finite."""
    eps = np.finfo(p.dtype).eps
    return np.clip(p, eps, 1 - eps)


def binary_log_loss(p: Array, y: AnyArray, params: Hyperparameters) -> Array:
    p = clip_probability(p)
    return -np.sum(xlogy(y, p) + xlogy(1 - y, 1 - p), axis=1)


def log_loss(p: Array, y: AnyArray, params: Hyperparameters) -> Array:
    return -np.log(clip_probability(p[np.arange(len(y)), y]))


def log_loss_delta(p: Array, y: AnyArray, params: Hyperparameters) -> Array:
    delta = p.copy()
    delta[np.arange(len(y)), y] -= 1
    return delta


def smoothed_labels(p: Array, y: AnyArray, smoothing: float) -> Array:
    """Return (1 - ε) [c = y] + ε / n_classes, of p's shape and dtype."""
    labels = np.full_like(p, smoothing / p.shape[1])
    labels[np.arange(len(y)), y] += 1 - smoothing
    return labels


def smoothed_log_loss(p: Array, y: AnyArray, params: Mapping[str, float]) -> Array:
    labels = smoothed_labels(p, y, params["label_smoothing"])
    return -np.sum(labels * np.log(clip_probability(p)), axis=1)


def smoothed_log_loss_delta(p: Array, y: AnyArray, params: Mapping[str, float]) -> Array:
    return p - smoothed_labels(p, y, params["label_smoothing"])


def binary_focal(p: Array, y: AnyArray, params: Mapping[str, float]) -> Array:
    p, power = clip_probability(p), params["focal_gamma"]
    yes, no = (1 - p) ** power * np.log(p), p**power * np.log1p(-p)
    return -np.sum(y * yes + (1 - y) * no, axis=1)


def binary_focal_delta(p: Array, y: AnyArray, params: Mapping[str, float]) -> Array:
    p, power = clip_probability(p), params["focal_gamma"]
    yes = (1 - p) ** power * (power * p * np.log(p) - (1 - p))
    no = p**power * (p - power * (1 - p) * np.log1p(-p))
    return y * yes + (1 - y) * no


def focal(p: Array, y: AnyArray, params: Mapping[str, float]) -> Array:
    labels, p = smoothed_labels(p, y, params["label_smoothing"]), clip_probability(p)
    return -np.sum(labels * (1 - p) ** params["focal_gamma"] * np.log(p), axis=1)


def focal_delta(p: Array, y: AnyArray, params: Mapping[str, float]) -> Array:
    """Return dL/dz = g - p Σ g through the softmax, with g = p dL/dp of each class."""
    labels, power = smoothed_labels(p, y, params["label_smoothing"]), params["focal_gamma"]
    q = clip_probability(p)
    g = labels * (1 - q) ** power * (power * q * np.log(q) / (1 - q) - 1)
    return g - p * g.sum(axis=1, keepdims=True)
