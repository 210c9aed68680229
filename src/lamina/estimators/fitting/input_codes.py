"""Codes of categories: which number in a column of X is which code, learned once and then applied.

A fit numbers the distinct values of a column from 1 in ascending order; code 0 stands for missing
values (NaN) and for values that the fit has not seen. Engines receive codes alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from lamina.blocks import InputStage
from lamina.estimators.settings.input_columns import Names
from lamina.formulas.table import AnyArray, Array, Matrix

# Categories of each column in ascending order, empty for columns of numbers.
Categories = list[AnyArray]
NONE: AnyArray = np.empty(0)


def codes_of_columns(stage: InputStage) -> dict[int, int]:
    """Return the number of codes of each column that holds categories, code 0 included."""
    return {
        column: n_codes
        for group in stage.groups
        for column, n_codes in zip(group.columns, group.n_codes, strict=False)
    }


def learn_categories(X: Array, columns: Iterable[int], names: Names) -> Categories:
    """Return the distinct values of each of these columns, and none for all other columns.

    Raises
    ------
    ValueError
        For a number that no category may have; names its row and column.
    """
    categories = [NONE] * X.shape[1]
    for column in columns:
        require_category_values(X, column, names)
        values = X[:, column]
        present = np.unique(values[~np.isnan(values)]).astype(np.float64)
        if not len(present):
            raise ValueError(
                f"column {names.describe(column)} of X holds categories, and all of its values are "
                "missing. Leave the column out of X, or of Categorical and OneHot."
            )
        categories[column] = present
    return categories


def encode_categories(X: Array, categories: Sequence[AnyArray], names: Names) -> Array:
    """Return X with codes in place of the values of the columns that have categories.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
    categories : sequence of ndarray
        For each column its categories, none for a column of numbers.
    names : Names
        Columns of X, for messages.

    Raises
    ------
    ValueError
        For a number that no category may have; names its row and column.

    Examples
    --------
    >>> X = np.array([[7.0, 0.5], [2.0, 0.1], [np.nan, 0.2], [3.0, 0.3]])
    >>> encode_categories(X, [np.array([2.0, 7.0]), NONE], Names(2, None))[:, 0]
    array([2., 1., 0., 0.])
    """
    encoded = X
    for column, of_column in enumerate(categories):
        if not len(of_column):
            continue
        require_category_values(X, column, names)
        encoded = X.copy() if encoded is X else encoded
        values = X[:, column]
        places = np.minimum(np.searchsorted(of_column, values), len(of_column) - 1)
        encoded[:, column] = np.where(of_column[places] == values, places + 1, 0)
    return encoded


def require_category_values(X: Array, column: int, names: Names) -> None:
    """Check that a column holds whole numbers from 0 that its dtype can tell apart, or NaN.

    Raises
    ------
    ValueError
        For any other number; names its row and column.
    """
    values = X[:, column]
    limit = 2.0 ** (np.finfo(X.dtype).nmant + 1)
    # NaN compares as false.
    bad = ~((values >= 0) & (values < limit) & (np.floor(values) == values)) & ~np.isnan(values)
    if not bad.any():
        return
    row = int(np.argmax(bad))
    if values[row] >= limit:
        raise ValueError(
            f"X[{row}, {column}] is {values[row]:.17g}: column {names.describe(column)} holds "
            f"categories, and from {limit:.0f} on {X.dtype.name} cannot hold every whole number. "
            "Number the categories from 0, by OrdinalEncoder() for instance, or pass float64."
        )
    raise ValueError(
        f"X[{row}, {column}] is {values[row]:.17g}: column {names.describe(column)} holds "
        "categories, which are whole numbers from 0, or NaN where they are missing. Number the "
        "categories by OrdinalEncoder(handle_unknown='use_encoded_value', unknown_value=np.nan), "
        "or take the column out of Categorical and OneHot."
    )


def require_numbers(X: Matrix, columns: Iterable[int], names: Names) -> None:
    """Check that no number is missing in columns that hold no categories.

    Raises
    ------
    ValueError
        Names the first row and column with a NaN, in the form of scikit-learn's message.
    """
    numbers = list(columns)
    missing = np.isnan(X[:, numbers])
    if missing.any():
        row, place = np.argwhere(missing)[0]
        column = numbers[place]
        raise ValueError(
            f"Input X contains NaN: X[{row}, {names.describe(column)}] is nan. Only columns of "
            "Categorical and OneHot may have missing values. Drop such rows, or fill in the gaps: "
            "make_pipeline(SimpleImputer(), model)."
        )
