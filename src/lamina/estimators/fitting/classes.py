"""Compare the labels of a call with the classes that an estimator knows."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.multiclass import type_of_target, unique_labels

from lamina.encoding.frames import ArrayOrTable
from lamina.encoding.targets import Labels, TargetEncoding
from lamina.formulas.table import AnyArray


def pair_labels(y: Labels, encoding: TargetEncoding) -> list[tuple[AnyArray, AnyArray]]:
    """Return pairs of the labels in y and the known classes, one pair for each column of labels."""
    if encoding.heads and y.ndim == 2 and y.shape[1] == len(encoding.heads):
        return list(zip(map(np.unique, y.T), encoding.classes, strict=True))
    if encoding.heads:
        raise ValueError(
            f"y_val of validation_data has shape {y.shape}, and y has {len(encoding.heads)} "
            "columns of labels: both must have the same number."
        )
    return [(unique_labels(y), encoding.classes)]


def code_for_classes(y: ArrayOrTable) -> str:
    """Return code for the `classes` argument of the first call to partial_fit."""
    try:
        kind = type_of_target(y)
    except (TypeError, ValueError):
        kind = "unknown"
    if kind == "multilabel-indicator":
        return f"np.arange({np.shape(y)[1]}), the numbers of y's columns"
    if kind.endswith("multioutput"):
        return "[np.unique(column) for column in y_all.T]"
    return "np.unique(y_all)"


def require_labels(classes: Any) -> None:
    """Raise ValueError or TypeError for classes, of one column or several, that are not labels."""
    is_nested = isinstance(classes, list | tuple) and all(np.ndim(each) == 1 for each in classes)
    for column in classes if is_nested else [classes]:
        with np.errstate(invalid="ignore"):
            unique_labels(column)


def are_same_classes(labels: Any, classes: Any) -> bool:
    """Return True if the classes equal the known ones, in every column."""
    if not isinstance(labels, list):
        return np.array_equal(labels, unique_labels(classes))
    return len(labels) == len(classes) and all(map(np.array_equal, labels, map(np.unique, classes)))


def refuse_balance(class_weight: object) -> None:
    """Reject class weights by name for partial_fit.

    Raises
    ------
    ValueError
        Names the cure.
    """
    if isinstance(class_weight, str):
        raise ValueError(
            f"partial_fit does not support class_weight={class_weight!r}: the samples of one call "
            "do not show how many there are of each class. Pass a dict, such as "
            "dict(zip(classes, compute_class_weight('balanced', classes=classes, y=y_all)))."
        )
