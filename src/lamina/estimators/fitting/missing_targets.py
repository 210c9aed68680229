"""Missing targets: fill them in for the checks of y, and give them weight 0.

Shapes: y (n_samples, n_targets), with at least two targets; `present` (n_samples, n_targets) is
False where y is missing; weight (n_samples,) or (n_samples, n_targets).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from lamina.encoding.frames import ArrayOrTable
from lamina.estimators.fitting.wrong_data import is_gap, sample_weights, score_weights
from lamina.estimators.settings.refusals import shown
from lamina.formulas.table import AnyArray, Array, Matrix

Present = NDArray[np.bool_]


class PartialTargets(NamedTuple):
    """Targets whose missing values are filled in.

    Attributes
    ----------
    y : array-like
        The argument itself if nothing is missing.
    present : ndarray of bool of shape (n_samples, n_targets), or None if nothing is missing
    """

    y: ArrayOrTable
    present: Present | None


def fill_missing(
    y: ArrayOrTable, name: str = "y", filler: Callable[[int], object] | None = None
) -> PartialTargets:
    """Replace each missing value of several targets by the first value of its column.

    A filled value has weight 0. With it, all checks, the encoding and the domain of the loss apply
    to y as they are.

    Parameters
    ----------
    y : array-like
    name : str
        For messages.
    filler : callable, optional
        `filler(column)` returns a value for a column without any.

    Raises
    ------
    ValueError
        For a column without a value, and no filler.
    """
    values = _several_targets(y)
    missing = None if values is None else _missing(values)
    if values is None or missing is None or not missing.any():
        return PartialTargets(y, None)
    filled, present = values.copy(), ~missing
    for column in np.flatnonzero(missing.any(axis=0)).tolist():
        rows = np.flatnonzero(present[:, column])
        if not len(rows) and (filler is None or not present.any()):
            raise ValueError(
                f"{_column_name(name, y, column)} has no value in any of the {len(values)} "
                "samples, so nothing can be learned about it: leave this column out."
            )
        value = values[rows[0], column] if len(rows) else filler(column)  # type: ignore[misc]
        filled[missing[:, column], column] = value
    return PartialTargets(_as_numbers(filled), present)


def _several_targets(y: ArrayOrTable) -> AnyArray | None:
    """Return y as an array of floats or objects if it has several columns, else None."""
    if sparse.issparse(y) or (isinstance(y, np.ndarray) and y.ndim != 2):
        return None
    try:
        values = np.asarray(y)
    except (TypeError, ValueError):
        return None
    is_table = values.ndim == 2 and values.shape[1] > 1
    return values if is_table and values.dtype.kind in "fO" else None


def _missing(values: AnyArray) -> Present:
    if values.dtype.kind == "f":
        return np.isnan(values)
    found = [is_gap(each) for each in values.ravel().tolist()]
    return np.reshape(np.array(found, dtype=bool), values.shape)


def _as_numbers(values: AnyArray) -> AnyArray:
    """Return objects that are all numbers as an array of numbers."""
    if values.dtype.kind != "O" or any(isinstance(each, str) for each in values.ravel().tolist()):
        return values
    return np.array(values.tolist())


def _column_name(name: str, y: Any, column: int) -> str:
    columns = getattr(y, "columns", None)
    called = column if columns is None else repr(list(columns)[column])
    return f"column {called} of {name}"


class KeptSamples(NamedTuple):
    """Samples with at least one target.

    Attributes
    ----------
    X : ndarray or csr matrix of shape (n_samples, n_features)
    y : ndarray
    weight : ndarray or None
        Of each target if one is missing or the caller weighted each.
    present : ndarray of bool or None
    """

    X: Matrix
    y: AnyArray
    weight: Array | None
    present: Present | None


def keep_samples(
    X: Matrix,
    y: AnyArray,
    sample_weight: ArrayLike | None,
    present: Present | None,
    names: tuple[str, str] = ("y", "sample_weight"),
) -> KeptSamples:
    """Return the samples with at least one target and their weights; warn of the others.

    Raises
    ------
    ValueError
        For weights that do not match X and y.
    """
    weight = None if sample_weight is None else read_weights(sample_weight, X, y, names[1])
    if present is None:
        return KeptSamples(X, y, weight, None)
    rows = np.asarray(present.any(axis=1))
    weight = weight_of_targets(weight, present)
    if not rows.all():
        n_without = int((~rows).sum())
        warnings.warn(
            f"{names[0]} has no value in {n_without} of {len(rows)} samples, the first in row "
            f"{int(np.argmin(rows))}: they are left out.",
            stacklevel=6,
        )
        X, y, weight, present = X[rows], y[rows], weight[rows], present[rows]
    return KeptSamples(X, y, weight, present)


def weight_of_targets(weight: Array | None, present: Present) -> Array:
    """Return the weight of each target: that of its sample or its own, and 0 if it is missing."""
    if weight is None:
        return present.astype(np.float64)
    return np.where(present, weight if weight.ndim == 2 else weight[:, np.newaxis], 0.0)


def _is_table(sample_weight: ArrayLike) -> bool:
    try:
        return np.asarray(sample_weight).ndim == 2
    except (TypeError, ValueError):
        return False


def read_weights(sample_weight: ArrayLike, X: Any, y: Any, name: str = "sample_weight") -> Array:
    """Return weights as numbers, one for each sample or one for each target of each sample.

    Raises
    ------
    ValueError
        For weights that are not finite numbers of one of these shapes, or are all zero.
    """
    n_targets = y.shape[1] if y.ndim == 2 else 1
    if n_targets == 1 or not _is_table(sample_weight):
        return sample_weights(sample_weight, X, name)
    try:
        weight = np.asarray(sample_weight, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{name}={shown(sample_weight)} must be finite numbers.") from None
    if weight.shape != y.shape:
        raise ValueError(
            f"{name} has shape {weight.shape}, and y {y.shape}: pass one number for each sample, "
            "or one for each target of each sample."
        )
    if not np.isfinite(weight).all():
        row, column = np.argwhere(~np.isfinite(weight))[0].tolist()
        raise ValueError(
            f"{name}[{row}, {column}] is {weight[row, column]}: pass finite numbers; 0 ignores a "
            "target of a sample."
        )
    if not weight.any():
        raise ValueError(f"{name} is 0 for every target of every sample: nothing can be learned.")
    return weight


class ScoredTargets(NamedTuple):
    """Targets and weights of a score.

    Attributes
    ----------
    y : array-like
    weight : ndarray of shape (n_samples,) or (n_samples, n_targets), or None
        Of each target if one is missing or the caller weighted each.
    """

    y: ArrayOrTable
    weight: Array | None


def read_scored_targets(
    y: ArrayOrTable, sample_weight: ArrayLike | None, filler: Callable[[int], object]
) -> ScoredTargets:
    """Return the targets and weights of a score, which leaves missing targets out.

    Raises
    ------
    ValueError
        For weights that do not match y.
    ZeroDivisionError
        For weights of samples that sum to zero.
    """
    filled, present = fill_missing(y, filler=filler)
    weight: Array | None
    if sample_weight is not None and _is_table(sample_weight):
        filled = np.asarray(filled)
        weight = read_weights(sample_weight, filled, filled)
    else:
        weight = score_weights(sample_weight, filled)
    if present is None:
        return ScoredTargets(filled, weight)
    return ScoredTargets(filled, weight_of_targets(weight, present))
