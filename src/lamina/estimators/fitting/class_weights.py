"""Combine class weights with sample weights."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.class_weight import compute_class_weight, compute_sample_weight

from lamina.encoding.targets import Labels, TargetEncoding
from lamina.estimators.settings.refusals import shown
from lamina.formulas.table import Array


def weigh_classes(
    class_weight: Any, encoding: TargetEncoding, y: Labels, sample_weight: Array | None
) -> Array | None:
    """Return the product of each sample's class weight and its sample weight.

    Parameters
    ----------
    class_weight : dict, list of dict, 'balanced' or None
        As in scikit-learn's compute_sample_weight: the weights of several columns multiply. For
        a single column, y need not contain all classes of a dict.
    encoding : TargetEncoding
    y : Labels
    sample_weight : ndarray of shape (n_samples,) or None

    Raises
    ------
    ValueError
        For negative weights, weights that are all zero, or weights that do not match y.
    """
    if class_weight is None:
        return sample_weight
    try:
        if y.ndim == 1:
            by_class = compute_class_weight(class_weight, classes=encoding.classes, y=y)
            weight = by_class[np.searchsorted(encoding.classes, y)]
        else:
            weight = compute_sample_weight(class_weight, y)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"class_weight={shown(class_weight)} does not match y: {error}. Pass 'balanced', a "
            "dict of weights by class, or for several columns of labels a list of such dicts."
        ) from None
    if (weight < 0).any() or not np.isfinite(weight).all():
        raise ValueError(
            f"class_weight={shown(class_weight)} contains a weight below zero, infinite or NaN: "
            "give finite weights of at least 0."
        )
    if not weight.any():
        raise ValueError(
            f"class_weight={shown(class_weight)} gives every sample weight 0, so nothing can be "
            "learned: give a weight above 0 to one of its classes."
        )
    return np.asarray(weight if sample_weight is None else weight * sample_weight)
