"""A supervised problem: the features of a table, its targets and the task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from lamina.datasets import Dataset
from lamina.datasets.dataset import Task
from lamina.datasets.task import task_of_numbers
from lamina.encoding.columns import categories, check_table, find_kind, numbers
from lamina.encoding.file_rows import row_name
from lamina.errors import TableError, suggestion
from lamina.formulas.table import AnyArray


@dataclass(frozen=True)
class Problem:
    """Features, target and task.

    Attributes
    ----------
    features : DataFrame of shape (n_samples, n_columns)
    target : ndarray of shape (n_samples,), or (n_samples, n_targets) for several targets
        Classes (int64, bool or str; always str for several targets) or values (float64), without
        missing values.
    task : {'classification', 'regression'}
    target_names : tuple of str
    n_left_out : int
        Number of rows without a target, which are not among the features.
    """

    features: pd.DataFrame
    target: AnyArray
    task: Task
    target_names: tuple[str, ...]
    n_left_out: int

    @property
    def columns(self) -> dict[str, AnyArray]:
        """Values of each target by its name."""
        by_target = self.target.T if self.target.ndim == 2 else [self.target]
        return dict(zip(self.target_names, by_target, strict=True))


def define_problem(
    table: pd.DataFrame,
    target: str | Sequence[str],
    task: Task | None = None,
    drop: Sequence[str] = (),
) -> Problem:
    """Return the problem of predicting one or several columns of a table from the others.

    Parameters
    ----------
    table : DataFrame
    target : str or sequence of str
    task : {'classification', 'regression'}, optional
        By default `guess_task` decides by the targets' values.
    drop : sequence of str
        Columns that are not used as features.

    Raises
    ------
    TableError
        If a column does not exist, a target has fewer than two distinct values, the targets have
        different tasks, or no feature is left.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"x": [1, 2, 3], "y": [0.5, 1.5, 2.5], "z": [1.5, None, 0.5]})
    >>> problem = define_problem(table, ["y", "z"])
    >>> problem.task, problem.target.tolist(), problem.n_left_out
    ('regression', [[0.5, 1.5], [2.5, 0.5]], 1)
    """
    names = (target,) if isinstance(target, str) else tuple(target)
    _check_names(table, names, drop)
    complete = table[table[list(names)].notna().all(axis=1)]
    features = complete.drop(columns=[*names, *drop])
    if features.shape[1] == 0:
        names_said = " and ".join(map(repr, names))
        raise TableError(
            f"the table has no column besides the target {names_said} to use as a feature"
        )
    for name in names:
        if complete[name].nunique() < 2:
            raise TableError(_one_value(complete[name], name))
    check_table(features)
    if task is None:
        task = _common_task(complete, names)
    return Problem(
        features, _targets(complete, names, task), task, names, len(table) - len(complete)
    )


def _check_names(table: pd.DataFrame, targets: Sequence[str], drop: Sequence[str]) -> None:
    for name in (*targets, *drop):
        column(table, name)
    twice = {name for name in targets if list(targets).count(name) > 1}
    if twice:
        raise TableError(f"the target {min(twice)!r} is given twice: name each target once")
    for name in targets:
        if name in drop:
            raise TableError(f"column {name!r} is a target and dropped as well: choose one of both")


def _common_task(complete: pd.DataFrame, names: Sequence[str]) -> Task:
    """Return the task of all targets; raise TableError if they have different ones."""
    tasks = {name: guess_task(complete[name]) for name in names}
    if len(set(tasks.values())) > 1:
        posed = ", ".join(f"{name!r} {task}" for name, task in tasks.items())
        raise TableError(
            f"the targets have different tasks ({posed}), which one network cannot combine: train "
            "a model for each, or give --task"
        )
    return tasks[names[0]]


def _targets(complete: pd.DataFrame, names: Sequence[str], task: Task) -> AnyArray:
    columns = [values(complete[name], task) for name in names]
    if task == "regression":
        for name, column in zip(names, columns, strict=True):
            _require_variance(complete[name], name, column)
    if len(columns) == 1:
        return columns[0]
    # Use texts for classes: columns of 0 and 1 would look like indicators of a multilabel problem.
    texts = task == "classification"
    return np.stack([column.astype(np.str_) if texts else column for column in columns], axis=1)


def _require_variance(target: pd.Series, name: str, numbers: AnyArray) -> None:
    """Reject numbers whose variance is infinite."""
    with np.errstate(all="ignore"):
        if np.isfinite(np.var(numbers)):
            return
    position = int(np.argmax(abs(numbers)))
    raise TableError(
        f"the target {name!r} is {numbers[position]:g} in {row_name(target, position)}, which is "
        "too "
        "large: its variance is infinite. Divide the column by a power of ten, or take its "
        "logarithm"
    )


def column(table: pd.DataFrame, name: str) -> pd.Series:
    """Return the column of that name; raise TableError with the nearest match if there is none."""
    if name not in table.columns:
        names = [str(each) for each in table.columns]
        raise TableError(
            f"the table has no column {name!r}.{suggestion(name, names)} "
            f"It has: {', '.join(map(repr, names))}."
        )
    return table[name]


def guess_task(target: pd.Series) -> Task:
    """Return 'regression' for dates and numbers, except few integers; else 'classification'.

    Examples
    --------
    >>> import pandas as pd
    >>> guess_task(pd.Series(["yes", "no"])), guess_task(pd.Series([0.5, 2.0]))
    ('classification', 'regression')
    >>> guess_task(pd.Series([0, 1] * 10)), guess_task(pd.Series(range(20)))
    ('classification', 'regression')
    """
    name = str(target.name)
    kind = find_kind(name, target)
    if kind != "number":
        return "classification" if kind == "category" else "regression"
    return task_of_numbers(numbers(name, target))


def values(target: pd.Series, task: Task) -> AnyArray:
    """Return a target without missing values as float64, or as classes: int64, bool or str.

    Raises
    ------
    TableError
        For dates as numbers.
    """
    name = str(target.name)
    if task == "regression":
        if find_kind(name, target) == "date":
            raise TableError(
                f"column {name!r} holds {target.iloc[0]} in {row_name(target, 0)}, and dates "
                "cannot be predicted: make a column of numbers from them, such as the days since "
                "a fixed date, and predict that"
            )
        return numbers(name, target)
    if find_kind(name, target) == "number":
        if all(isinstance(value, bool | np.bool_) for value in target.drop_duplicates()):
            return np.asarray(target, dtype=np.bool_)
        codes = numbers(name, target)
        # Above 2⁵³, float64 cannot represent every integer.
        if np.array_equal(codes, np.round(codes)) and abs(codes).max() < 2**53:
            return codes.astype(np.int64)
    return categories(name, target).astype(np.str_)


def as_classes(
    target: AnyArray, classes: AnyArray, name: str, column: pd.Series | None = None
) -> AnyArray:
    """Convert classes read from another file to the model's own; raise TableError for unknown ones.

    The column, if given, supplies the row numbers for errors.
    """
    complete = {str(label): label for label in classes.tolist()}
    found = [str(label) for label in target.tolist()]
    for row, text in enumerate(found):
        if text not in complete:
            place = f"row {row + 1}" if column is None else row_name(column, row)
            raise TableError(
                f"the target {name!r} is {text!r} in {place}, which is not a class of the model."
                f"{suggestion(text, complete)} Its classes are {', '.join(complete)}."
            )
    return np.array([complete[text] for text in found], dtype=classes.dtype)


def table_of(dataset: Dataset) -> pd.DataFrame:
    """Return a data set as a table with the target in the last column and named classes."""
    table = pd.DataFrame(dataset.X, columns=list(dataset.feature_names))
    names = dataset.target_names
    table[dataset.target] = np.array(names)[dataset.y] if names else dataset.y
    return table


def _one_value(target: pd.Series, name: str) -> str:
    if target.empty:
        return f"the target {name!r} has no value in any row"
    return (
        f"the target {name!r} is {target.iloc[0]!s} in every row, so there is nothing to predict: "
        "choose another --target, or add rows with other values"
    )
