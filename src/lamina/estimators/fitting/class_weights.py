"""Weights of samples by their classes."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.class_weight import compute_class_weight, compute_sample_weight

from lamina.encoding.targets import Labels, TargetEncoding
from lamina.errors import suggestion
from lamina.estimators.fitting.missing_targets import Present
from lamina.estimators.settings.refusals import shown
from lamina.formulas.table import AnyArray, Array


def weigh_classes(
    class_weight: Any,
    encoding: TargetEncoding,
    y: Labels,
    sample_weight: Array | None,
    present: Present | None = None,
) -> Array | None:
    """Return the product of each sample's class weight and its sample weight.

    Parameters
    ----------
    class_weight : dict, list of dict, 'balanced' or None
        As in scikit-learn's compute_sample_weight: the weights of several columns multiply. For
        a single column, y need not contain all classes of a dict.
    encoding : TargetEncoding
    y : Labels
    sample_weight : ndarray of shape (n_samples,) or (n_samples, n_targets), or None
    present : ndarray of bool of shape (n_samples, n_targets), optional
        Labels that are not missing; the others neither count nor weigh.

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
        elif present is None:
            weight = compute_sample_weight(class_weight, y)
        else:
            weight = _weigh_present_classes(class_weight, y, present)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"class_weight={shown(class_weight)} does not match y: {error}."
            f"{_nearest_class(class_weight, encoding)} Pass 'balanced', a "
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
    if sample_weight is not None and sample_weight.ndim == 2:
        weight = weight[:, np.newaxis]
    return np.asarray(weight if sample_weight is None else weight * sample_weight)


def _nearest_class(class_weight: Any, encoding: TargetEncoding) -> str:
    """Return a sentence about the first class of a dict that y does not have, or ''."""
    if not isinstance(class_weight, dict) or isinstance(encoding.classes, list):
        return ""
    classes = encoding.classes.tolist()
    unknown = [label for label in class_weight if label not in classes]
    if not unknown:
        return ""
    nearest = suggestion(unknown[0], map(str, classes)) if isinstance(unknown[0], str) else ""
    return f" y has no class {unknown[0]!r}.{nearest}"


def _weigh_present_classes(class_weight: Any, y: AnyArray, present: Present) -> Array:
    """Return the product of the class weights of the labels that are not missing."""
    several = class_weight if isinstance(class_weight, list) else [class_weight] * y.shape[1]
    # Raises scikit-learn's errors.
    compute_sample_weight(class_weight, y)
    weight = np.ones(len(y))
    for column, rows, of_column in zip(y.T, present.T, several, strict=True):
        weight[rows] *= compute_sample_weight(of_column, column[rows])
    return weight
