"""Partial dependence of predictions on one column of a table, of any type."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lamina.encoding.frames import ArrayOrTable

if TYPE_CHECKING:
    import pandas as pd

Predict = Callable[[ArrayOrTable], NDArray[np.float64]]


def average_over_values(
    predict: Predict, frame: pd.DataFrame, column: str, grid_resolution: int
) -> tuple[list[object], NDArray[np.float64]]:
    """Set a column to each of several values in all rows; return values and mean predictions.

    Parameters
    ----------
    predict : callable
    frame : pandas.DataFrame
    column : str
    grid_resolution : int
        Maximum number of values: quantiles of numbers and dates, else the most frequent values.
    """
    values = _grid(frame[column], grid_resolution)
    averages = []
    for value in values:
        changed = frame.copy(deep=False)
        changed[column] = _repeated(frame[column], value)
        averages.append(predict(changed).mean(axis=0))
    return values, np.array(averages)


def _grid(series: pd.Series, grid_resolution: int) -> list[object]:
    from pandas.api.types import is_bool_dtype, is_datetime64_any_dtype, is_numeric_dtype

    present = series.dropna()
    counts = present.value_counts(sort=True)
    dtype = series.dtype
    ordered = (is_numeric_dtype(dtype) and not is_bool_dtype(dtype)) or is_datetime64_any_dtype(
        dtype
    )
    if not ordered:
        return list(counts.index[:grid_resolution])
    distinct = present.drop_duplicates().sort_values()
    if len(distinct) <= grid_resolution:
        return list(distinct)
    steps = np.linspace(0, 1, grid_resolution)
    return list(present.quantile(steps, interpolation="nearest").drop_duplicates())


def _repeated(series: pd.Series, value: object) -> pd.Series:
    from pandas import Series

    return Series([value] * len(series), index=series.index).astype(series.dtype)
