"""Bins of the columns of piecewise linear inputs, from the samples that a fit trains on.

Shapes: x and weight (n_samples,); targets (n_samples,) of class codes or (n_samples, n_targets);
edges (n,), ascending, n from 1 to n_bins + 1. Bins are those of Gorishniy, Rubachev, Babenko 2022,
as the package rtdl_num_embeddings computes them.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from lamina.formulas.table import AnyArray, Array

ROUNDING = 1e-12
# Two bins lie outside of the values in training, if there are at least this many.
LEAST_BINS_WITH_OUTER = 3
# A leaf of a tree has at least this fraction of the weight that it would have in equal leaves.
LEAST_FRACTION = 0.25


def quantile_edges(x: Array, weight: Array | None, n_bins: int) -> Array:
    """Return the distinct quantiles of a column at n_bins + 1 equally spaced probabilities.

    A quantile is the least value up to which the fraction of all weight is at least the
    probability, so that a sample of weight 2 counts as two samples.

    Examples
    --------
    >>> quantile_edges(np.array([3.0, 1.0, 2.0, 2.0, 2.0]), None, 2)
    array([1., 2., 3.])
    """
    order = np.argsort(x, kind="stable")
    up_to = np.cumsum(np.ones(len(x)) if weight is None else weight[order])
    # Sums of weights have rounding errors, and must not skip a value that they just reach.
    least = np.linspace(0, 1, n_bins + 1) * up_to[-1] * (1 - ROUNDING)
    places = np.minimum(np.searchsorted(up_to, least), len(x) - 1)
    return np.unique(x[order][places])


def tree_edges(x: Array, weight: Array | None, n_bins: int, targets: AnyArray) -> Array:
    """Return the least and the largest value of a column, and between them the splits of a tree.

    The tree is scikit-learn's, predicts the targets from this column alone, and has at most n_bins
    leaves.

    Examples
    --------
    >>> x = np.arange(10.0)
    >>> tree_edges(x, None, 2, (x[:, None] > 6).astype(float)).round(3)
    array([0. , 6.5, 9. ])
    """
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    low, width = x.min(), x.max() - x.min()
    edges = np.array([low, x.max()])
    if n_bins < 2 or not 0 < width < math.inf:
        return np.unique(edges)
    make = DecisionTreeClassifier if targets.dtype.kind == "i" else DecisionTreeRegressor
    tree = make(
        max_leaf_nodes=n_bins,
        min_weight_fraction_leaf=LEAST_FRACTION / n_bins,
        random_state=0,
    )
    # The tree reads float32, which cannot tell apart the days of a time in seconds.
    tree.fit(((x - low) / width)[:, None], targets, weight)
    splits = tree.tree_.threshold[tree.tree_.feature >= 0] * width + low
    return np.unique([*edges, *splits[(splits > edges[0]) & (splits < edges[1])]])


def tree_targets(targets: AnyArray) -> AnyArray:
    """Return targets whose errors a tree may add: class codes, or numbers of variance 1.

    A missing target becomes the mean of its column.
    """
    if targets.dtype.kind == "i":
        return targets
    numbers = targets.reshape(len(targets), -1).astype(np.float64)
    missing = np.isnan(numbers)
    if missing.any():
        present = np.maximum((~missing).sum(axis=0), 1)
        numbers = np.where(missing, np.where(missing, 0, numbers).sum(axis=0) / present, numbers)
    deviation = numbers.std(axis=0)
    return np.asarray(numbers / np.where(deviation > 0, deviation, 1))


def count_inner_bins(n_bins: int) -> int:
    """Return the number of bins between the values in training."""
    return n_bins - 2 if n_bins >= LEAST_BINS_WITH_OUTER else n_bins


def with_outer_bins(edges: Array, n_bins: int) -> Array:
    """Return edges with a bin below and one above, each as wide as all others together.

    The first bin is not clipped below, and the last one is not clipped above. If they were quantile
    bins, which may be narrow, values outside of the training range would have huge inputs. No
    sample in training lies in the outer bins, so what they learn is a constant at most.

    Examples
    --------
    >>> with_outer_bins(np.array([0.0, 0.5, 1.0]), 4)
    array([-1. ,  0. ,  0.5,  1. ,  2. ])
    """
    low, high = edges[[0, -1]]
    outer = np.array([low - (high - low), high + (high - low)], edges.dtype)
    if n_bins < LEAST_BINS_WITH_OUTER or low == high or not np.isfinite(outer).all():
        return edges
    return np.concatenate([outer[:1], edges, outer[1:]])


def distinct_edges(edges: Array, dtype: np.dtype[Any]) -> Array:
    """Return the edges that stay distinct in a dtype.

    Examples
    --------
    >>> distinct_edges(np.array([0.0, 1.0, 1.0 + 1e-12]), np.dtype(np.float32))
    array([0., 1.], dtype=float32)
    """
    cast = edges.astype(dtype)
    # The reciprocal of a smaller width overflows.
    least = 4 / np.finfo(dtype).max
    distinct = [cast[0]]
    for each in cast[1:]:
        if each - distinct[-1] > least:
            distinct.append(each)
    return np.array(distinct)
