"""Validate samples: X, y and weights, for a fit and for predictions.

scikit-learn's checks of a small array take as long as ten epochs of a small network. A plain array
keeps its identity without them; every other array, and every array that must raise an error, goes
through scikit-learn.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike
from scipy import sparse
from sklearn.utils import column_or_1d
from sklearn.utils.validation import (
    _check_feature_names,
    _check_n_features,
    _check_y,
    check_consistent_length,
    check_is_fitted,
    validate_data,
)

from lamina.encoding.frames import ArrayOrTable
from lamina.engines.device_matrix import DeviceMatrix
from lamina.estimators.fitting.input_stage import CATEGORIES, encode_rows
from lamina.estimators.fitting.other_arrays import as_numpy
from lamina.estimators.fitting.source_rows import encode_table
from lamina.estimators.fitting.wrong_data import explained, refuse_labels_without_order
from lamina.estimators.settings.fit_settings import FitSettings
from lamina.estimators.settings.parametrized import Parametrized
from lamina.files.chunks import are_finite
from lamina.formulas.table import AnyArray, Matrix

FLOATS: list[np.dtype[Any]] = [np.dtype(np.float64), np.dtype(np.float32)]


def read_samples(
    model: Parametrized,
    X: ArrayOrTable,
    y: ArrayOrTable,
    dtypes: Sequence[DTypeLike],
    *,
    reset: bool,
    may_miss: bool = False,
) -> tuple[Matrix, AnyArray]:
    """Return validated X and y.

    Parameters
    ----------
    model : estimator
        Its number and names of features are set if `reset`, else compared.
    X, y : array-like
    dtypes : sequence of dtype
        Dtypes that X may keep; any other becomes the first of them.
    reset : bool
    may_miss : bool
        True if X may contain NaN, because some of its columns hold categories.
    """
    if isinstance(X, DeviceMatrix):
        if X.is_finite():
            return _read_samples_of_device(model, X, y, dtypes, reset=reset)
        X = np.asarray(X)
    X, y = as_plain(X), as_plain(y)
    if are_plain_rows(X, dtypes) and are_plain_targets(y, len(X)) and are_finite(X):
        _check_feature_names(model, X, reset=reset)
        _check_n_features(model, X, reset=reset)
        return X, y
    if not model._numeric_targets:
        refuse_labels_without_order(y)
    with explained(X, y):
        X, y = validate_data(
            model,
            X,
            y,
            accept_sparse="csr",
            multi_output=True,
            y_numeric=model._numeric_targets,
            dtype=list(dtypes),
            order="C",
            ensure_all_finite="allow-nan" if may_miss else True,
            reset=reset,
        )
    if y.ndim == 2 and y.shape[1] == 1:
        y = column_or_1d(y, warn=True)
    return _sorted(X), y


def _read_samples_of_device(
    model: Parametrized,
    X: DeviceMatrix,
    y: ArrayOrTable,
    dtypes: Sequence[DTypeLike],
    *,
    reset: bool,
) -> tuple[Matrix, AnyArray]:
    """Return finite samples on a device and validated y, without a copy of X."""
    if not model._numeric_targets:
        refuse_labels_without_order(y)
    with explained(None, y):
        y = _check_y(y, multi_output=True, y_numeric=model._numeric_targets, estimator=model)
    check_consistent_length(X, y)
    _check_feature_names(model, X, reset=reset)
    _check_n_features(model, X, reset=reset)
    y = column_or_1d(y, warn=True) if y.ndim == 2 and y.shape[1] == 1 else y
    samples: Any = X if X.dtype in dtypes else X.astype(dtypes[0])
    return samples, y


def read_rows(model: Parametrized, X: ArrayOrTable) -> Matrix:
    """Return validated X for a prediction, with scikit-learn's errors and warnings.

    Categories become codes.
    """
    check_is_fitted(model)
    X = as_numpy(encode_table(model, X))
    if isinstance(X, DeviceMatrix):
        if X.is_finite():
            _check_feature_names(model, X, reset=False)
            _check_n_features(model, X, reset=False)
            return X
        X = np.asarray(X)
    if _are_valid(model, X):
        return encode_rows(model, X)
    with explained(X):
        X = validate_data(
            model,
            X,
            accept_sparse="csr",
            dtype=FLOATS,
            order="C",
            ensure_all_finite="allow-nan" if CATEGORIES in vars(model) else True,
            reset=False,
        )
        return encode_rows(model, _sorted(X))


def _are_valid(model: Parametrized, X: ArrayOrTable) -> bool:
    """Return True if X needs no conversion and passes every check, which takes microseconds."""
    fitted = vars(model)
    return (
        are_plain_rows(X, FLOATS)
        and X.shape[1] == fitted["n_features_in_"]
        and "feature_names_in_" not in fitted
        and are_finite(X)
    )


def refuse_noise_on_sparse_rows(settings: FitSettings, X: Matrix) -> None:
    """Reject a sparse X for noise on single inputs.

    Raises
    ------
    ValueError
        Names the parameter.
    """
    if not sparse.issparse(X):
        return
    if settings.architecture.members is not None:
        raise ValueError(
            "members=Shared(…) needs a dense X, because every member scales its columns, and X is "
            "sparse. Pass X.toarray(), or set members=None."
        )
    for name in ("input_dropout", "input_noise"):
        if value := getattr(settings.architecture, name):
            raise ValueError(
                f"{name}={value!r} changes single elements, and X is sparse. Pass X.toarray(), or "
                f"set {name}=0."
            )


def are_plain_rows(X: ArrayOrTable, dtypes: Sequence[DTypeLike]) -> bool:
    """Return True if X is a C-contiguous array (n_samples, n_features) of one of these dtypes.

    Non-finite elements are not checked.
    """
    return (
        type(X) is np.ndarray
        and X.ndim == 2
        and X.dtype in dtypes
        and X.flags.c_contiguous
        and X.shape[0] > 0
        and X.shape[1] > 0
    )


def are_plain_targets(y: ArrayOrTable, n_samples: int) -> bool:
    """Return True if y is an array (n_samples,) of finite numbers."""
    return (
        type(y) is np.ndarray
        and y.shape == (n_samples,)
        and (y.dtype.kind in "iub" or (y.dtype.kind == "f" and are_finite(y)))
    )


def as_plain(array: ArrayOrTable) -> ArrayOrTable:
    """Return a memory-mapped array as a plain one on the same memory, anything else unchanged."""
    return np.asarray(array) if isinstance(array, np.memmap) else array


def _sorted(X: ArrayOrTable) -> Matrix:
    """Return X with sorted csr indices, checked for range because the kernels do not check."""
    if not sparse.issparse(X):
        return X
    X.check_format(full_check=True)
    return X if X.has_sorted_indices else X.sorted_indices()
