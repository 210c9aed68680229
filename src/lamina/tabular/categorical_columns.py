"""Categorical columns, named by the user or detected."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from lamina.encoding.columns import READERS
from lamina.encoding.frames import ArrayOrTable, array_columns, as_pandas, without_sparsity
from lamina.encoding.integer_levels import has_few_levels
from lamina.encoding.table_columns import read_training
from lamina.encoding.understanding import understand
from lamina.errors import TableError, suggestion

if TYPE_CHECKING:
    import pandas as pd

# With 'auto', a column of whole numbers with at most this many levels is categorical.
MOST_LEVELS = 20


def types_with_categories(
    X: ArrayOrTable, categorical_features: ArrayOrTable, column_types: Mapping[str, str] | None
) -> dict[str, str] | None:
    """Return `column_types` with the categorical features added.

    Parameters
    ----------
    X : data frame or array-like
    categorical_features : 'from_dtype', 'auto', or list of str, int or bool
    column_types : mapping of str to str, optional
        Takes precedence over `categorical_features`.

    Raises
    ------
    TableError
        For a column that the table lacks.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"stars": [1, 2, 3] * 9, "price": [0.5, 1.5, 2.5] * 9})
    >>> types_with_categories(table, "auto", {"price": "number"})
    {'stars': 'category', 'price': 'number'}
    """
    chosen = dict(column_types or {})
    if isinstance(categorical_features, str) and categorical_features == "from_dtype":
        return chosen or None
    frame = as_pandas(X)
    if frame is None:
        frame = _frame_of_array(X)
    if isinstance(categorical_features, str):
        names = _columns_with_few_levels(frame, chosen)
    else:
        names = _names(categorical_features, [str(name) for name in frame.columns])
    return dict.fromkeys(names, "category") | chosen


def _frame_of_array(X: ArrayOrTable) -> pd.DataFrame:
    """Return an array as a frame with columns named x0, x1, …, as TableEncoding names them."""
    from pandas import DataFrame

    array = np.asarray(without_sparsity(X))
    if array.ndim != 2:
        raise TableError(f"X must have rows and columns, but its shape is {array.shape}")
    return DataFrame(array_columns(array))


def _columns_with_few_levels(frame: pd.DataFrame, chosen: Mapping[str, str]) -> list[str]:
    """Return the columns with few whole numbers, read as TableEncoding reads them."""
    names = [str(name) for name in frame.columns]
    columns = {name: frame.iloc[:, place] for place, name in enumerate(names) if name not in chosen}
    typed = read_training(columns, understand(frame))
    return [
        name
        for name, kind in typed.kinds.items()
        if kind == "number"
        and has_few_levels(READERS[kind](name, typed.columns[name]), MOST_LEVELS)
    ]


def _names(features: ArrayOrTable, columns: list[str]) -> list[str]:
    array = np.asarray(features)
    if array.ndim != 1:
        raise TableError(f"categorical_features={features!r} must be a list of columns")
    if array.dtype == bool:
        if len(array) != len(columns):
            raise TableError(
                f"categorical_features is a mask of {len(array)} values, but the table has "
                f"{len(columns)} columns"
            )
        return [name for name, chosen in zip(columns, array, strict=True) if chosen]
    return [_name(feature, columns) for feature in features]


def _name(feature: object, columns: list[str]) -> str:
    if isinstance(feature, (int, np.integer)) and 0 <= feature < len(columns):
        return columns[feature]
    if isinstance(feature, str) and feature in columns:
        return feature
    raise TableError(
        f"categorical_features has {feature!r}, which is not a column of the table."
        f"{suggestion(feature, columns)} Use names, or indices from 0 to {len(columns) - 1}"
    )
