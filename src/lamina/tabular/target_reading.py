"""Convert a target to labels or numbers; an error names the row and the cure."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_array, column_or_1d
from sklearn.utils.multiclass import check_classification_targets

from lamina.encoding.frames import ArrayOrTable
from lamina.encoding.target_scaling import TargetScaling
from lamina.formulas.table import AnyArray


def read_labels(y: ArrayOrTable) -> AnyArray:
    """Return the labels of a classification.

    Parameters
    ----------
    y : array-like of shape (n_samples,)

    Returns
    -------
    ndarray of shape (n_samples,)

    Raises
    ------
    ValueError
        For a missing label, for labels of several types, or for numbers that are not class labels.

    Examples
    --------
    >>> import pandas as pd
    >>> read_labels(pd.Series([True, False], dtype="boolean"))
    array([ True, False])
    """
    labels = _as_column(y)
    _refuse_missing(labels)
    if labels.dtype == object:
        labels = _without_objects(labels)
        types = sorted({type(label).__name__ for label in labels.tolist()})
        if "str" in types and len(types) > 1:
            raise ValueError(
                f"Unknown label type: y mixes labels of the types {' and '.join(types)}. Convert "
                "them to one type, for example with y.astype(str)"
            )
    try:
        check_classification_targets(labels)
    except ValueError as error:
        raise ValueError(f"{error} Use TabularRegressor for a target of quantities") from None
    return np.asarray(labels)


def read_values(y: ArrayOrTable) -> NDArray[np.float64]:
    """Return the numbers of a regression.

    Parameters
    ----------
    y : array-like of shape (n_samples,)

    Returns
    -------
    ndarray of shape (n_samples,)

    Raises
    ------
    ValueError
        For a value that is missing, infinite or no number, and for values whose mean and standard
        deviation float32 cannot represent.

    Examples
    --------
    >>> read_values([1, "x"])
    Traceback (most recent call last):
    ...
    ValueError: y has 'x' in row 2, where a number is expected: correct the value, drop the row, \
or use TabularClassifier if y has classes
    """
    column = _as_column(y)
    if column.dtype.kind in "mM":
        raise ValueError(
            f"y has the type {column.dtype}, where numbers are expected: convert it, for example "
            "to a number of days with (y - y.min()) / pandas.Timedelta(days=1)"
        )
    _refuse_missing(column)
    _refuse_words(column)
    values = np.asarray(column, dtype=np.float64)
    if not np.isfinite(values).all():
        row = int(np.argmin(np.isfinite(values))) + 1
        raise ValueError(f"Input y contains infinity in row {row}: drop that row")
    values = check_array(values, ensure_2d=False, dtype=np.float64, input_name="y")
    # The networks of an ensemble compute in float32.
    columns = values[:, np.newaxis]
    TargetScaling.from_targets(columns).standardise(columns, np.float32, alternative="")
    return np.asarray(values)


def _as_column(y: ArrayOrTable) -> AnyArray:
    """Return y as an array of shape (n_samples,); an error names the cure."""
    if y is None:
        raise ValueError("fit requires y to be passed, but the target y is None")
    shape = np.asarray(y).shape
    if len(shape) == 2 and shape[1] > 1:
        raise ValueError(
            f"y should be a 1d array, got an array of shape {shape} instead: fit one model "
            "for each column, or use MLPRegressor or MLPClassifier, which have several targets"
        )
    return np.asarray(column_or_1d(_without_nullable_type(y), warn=True))


def _without_objects(labels: AnyArray) -> AnyArray:
    """Return objects that are all booleans, or all integers, in the dtype of these."""
    types = {type(label) for label in labels.tolist()}
    are_bool = types <= {bool, np.bool_}
    are_integers = bool not in types and all(issubclass(t, (int, np.integer)) for t in types)
    converted = np.array(labels.tolist()) if are_bool or are_integers else labels
    # Integers beyond 64 bits would become floats.
    return converted if converted.dtype.kind in "biu" else labels


def _without_nullable_type(y: ArrayOrTable) -> ArrayOrTable:
    """Convert pandas' nullable types, such as Int64, which scikit-learn reads as float64."""
    dtype = getattr(getattr(y, "dtype", None), "numpy_dtype", None)
    return y if dtype is None or y.isna().any() else y.to_numpy(dtype)


def _refuse_missing(y: AnyArray) -> None:
    import pandas as pd

    missing = np.asarray(pd.isna(y))
    if missing.any():
        row = int(np.argmax(missing)) + 1
        raise ValueError(f"Input y contains NaN in row {row}: drop that row")


def _refuse_words(y: AnyArray) -> None:
    if y.dtype.kind not in "OUS":
        return
    for row, value in enumerate(y.tolist(), 1):
        try:
            float(value)
        except (TypeError, ValueError):
            raise ValueError(
                f"y has {value!r} in row {row}, where a number is expected: correct the value, "
                "drop the row, or use TabularClassifier if y has classes"
            ) from None
