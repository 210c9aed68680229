"""What is to be learned: a table's features, its target, and the task that the target poses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lamina.datasets import Dataset
from lamina.datasets.dataset import Task
from lamina.datasets.task import task_of_numbers
from lamina.encoding.columns import categories, check_table, kind_of, numbers
from lamina.errors import TableError, suggestion


@dataclass(frozen=True)
class Problem:
    """Features, target and task.

    Attributes
    ----------
    features : DataFrame of shape (n_rows, n_columns)
    target : ndarray of shape (n_rows,)
        Classes (int64, bool or str) or values (float64); none missing.
    task : {'classification', 'regression'}
    target_name : str
    n_left_out : int
        Rows of the table whose target was missing; they are not among the features.
    """

    features: pd.DataFrame
    target: NDArray[Any]
    task: Task
    target_name: str
    n_left_out: int


def pose(
    table: pd.DataFrame, target: str, task: Task | None = None, drop: Sequence[str] = ()
) -> Problem:
    """The problem of predicting one column of a table from the others.

    Parameters
    ----------
    table : DataFrame
    target : str
    task : {'classification', 'regression'}, optional
        By default the target's values decide: `guess_task`.
    drop : sequence of str
        Columns that are no features.

    Raises
    ------
    TableError
        For a column that is not there, a target without two values, or no features.
    """
    for name in (target, *drop):
        column(table, name)
    known = table[table[target].notna()]
    features = known.drop(columns=[target, *drop])
    if features.shape[1] == 0:
        raise TableError(f"the table has no column beside the target {target!r} to learn from")
    if known[target].nunique() < 2:
        raise TableError(_one_value(known[target], target))
    check_table(features)
    if task is None:
        task = guess_task(known[target])
    return Problem(features, values(known[target], task), task, target, len(table) - len(known))


def column(table: pd.DataFrame, name: str) -> pd.Series:
    """The column of that name; raises TableError with the nearest match where there is none."""
    if name not in table.columns:
        names = [str(each) for each in table.columns]
        raise TableError(
            f"the table has no column {name!r}.{suggestion(name, names)} "
            f"It has: {', '.join(map(repr, names))}."
        )
    return table[name]


def guess_task(target: pd.Series) -> Task:
    """Regression for dates and for numbers, unless they are few whole ones; else classification.

    Examples
    --------
    >>> import pandas as pd
    >>> guess_task(pd.Series(["yes", "no"])), guess_task(pd.Series([0.5, 2.0]))
    ('classification', 'regression')
    >>> guess_task(pd.Series([0, 1] * 10)), guess_task(pd.Series(range(20)))
    ('classification', 'regression')
    """
    name = str(target.name)
    kind = kind_of(name, target)
    if kind != "number":
        return "classification" if kind == "category" else "regression"
    return task_of_numbers(numbers(name, target))


def values(target: pd.Series, task: Task) -> NDArray[Any]:
    """A target without missing values as float64, or as classes: int64, bool or str."""
    name = str(target.name)
    if task == "regression":
        return numbers(name, target)
    if kind_of(name, target) == "number":
        if all(isinstance(value, bool | np.bool_) for value in target.drop_duplicates()):
            return np.asarray(target, dtype=np.bool_)
        codes = numbers(name, target)
        if np.array_equal(codes, np.round(codes)):
            return codes.astype(np.int64)
    return categories(name, target).astype(np.str_)


def as_classes(target: NDArray[Any], classes: NDArray[Any], name: str) -> NDArray[Any]:
    """Classes read from another file, as the model's own; raises TableError for an unknown one."""
    known = {str(label): label for label in classes.tolist()}
    found = [str(label) for label in target.tolist()]
    for row, text in enumerate(found):
        if text not in known:
            raise TableError(
                f"the target {name!r} is {text!r} in row {row + 1}, which is no class of the "
                f"model.{suggestion(text, known)} It knows {', '.join(known)}."
            )
    return np.array([known[text] for text in found], dtype=classes.dtype)


def table_of(dataset: Dataset) -> pd.DataFrame:
    """A data set as a table, its target the last column, classes by their names."""
    table = pd.DataFrame(dataset.X, columns=list(dataset.feature_names))
    names = dataset.target_names
    table[dataset.target] = np.array(names)[dataset.y] if names else dataset.y
    return table


def _one_value(target: pd.Series, name: str) -> str:
    if target.empty:
        return f"the target {name!r} has no value in any row"
    return (
        f"the target {name!r} is {target.iloc[0]!s} in every row, so there is nothing to learn: "
        "choose another --target, or add rows with other values"
    )
