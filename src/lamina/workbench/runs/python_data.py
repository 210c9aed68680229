"""Data from Python: store X and y as a data set, and make the first experiment on it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeGuard

import numpy as np
from sklearn.utils import check_X_y
from sklearn.utils.validation import column_or_1d

from lamina.datasets import Dataset
from lamina.datasets.dataset import Task
from lamina.datasets.task import task_of_numbers
from lamina.formulas.table import AnyArray
from lamina.workbench.data.data_store import MemoryDataStore
from lamina.workbench.data.inputs import PLAIN
from lamina.workbench.data.sources import MOST_CLASSES, TASKS, GivenData, Source, UploadedData
from lamina.workbench.data.uploads import UploadedTable
from lamina.workbench.runs.experiment import Experiment, first_experiment
from lamina.workbench.runs.prepared_data import prepare_data

if TYPE_CHECKING:
    import pandas as pd


def first_on(
    X: object, y: object, data_store: MemoryDataStore, task: Task | None = None
) -> Callable[[], Experiment]:
    """Return a function that makes a page's first experiment: on X and y, or on two moons.

    Raises
    ------
    ValueError
        If only one of X and y is given, for an unknown task, and for data that no model can be
        trained on. Everything is checked before a page is served.
    """
    if task not in (None, *TASKS):
        raise ValueError(f"task={task!r} must be one of {', '.join(TASKS)}, or None")
    if X is None and y is None:
        if task is not None:
            raise ValueError(f"task={task!r} has no effect without data: pass X and y as well")
        return first_experiment
    if X is None or y is None:
        raise ValueError("X and y must be passed together: pass both or neither")
    source: Source
    if needs_encoding(X):
        table = table_of(X, y)
        data_store.put_table(table, stays=True)
        target = str(table.frame.columns[-1])
        source, inputs = UploadedData(table.key, target, task=task), None
    else:
        dataset = build_dataset(X, y, task)
        source = GivenData(data_store.put(dataset))
        inputs = PLAIN if dataset.X.shape[1] == 2 else None
    model = first_experiment().model
    # The user's target may have any size. Classes are never scaled, so True is harmless there.
    experiment = Experiment(data=source, inputs=inputs, target_scaled=True, model=model)
    # Raise errors about the data here, before a page opens.
    prepare_data(experiment, data_store)
    return lambda: experiment


def needs_encoding(X: object) -> TypeGuard[pd.DataFrame]:
    """Return True if X is a pandas data frame with non-numeric columns or missing values."""
    if not hasattr(X, "select_dtypes"):
        return False
    frame: pd.DataFrame = X
    numbers = frame.select_dtypes(include=["number", "bool"])
    return bool(numbers.shape[1] < frame.shape[1] or frame.isna().any().any())


def table_of(X: pd.DataFrame, y: object) -> UploadedTable:
    """Return a data frame and its target as a table whose last column is the target.

    Raises
    ------
    ValueError
        For a target of another length, or with several columns.
    """
    import pandas as pd

    target = np.asarray(y)
    if target.shape != (len(X),):
        raise ValueError(f"y of shape {target.shape} must have one value for each of {len(X)} rows")
    names = [str(name) for name in X.columns]
    name = str(getattr(y, "name", None) or "target")
    while name in names:
        name += " "
    frame = X.set_axis(names, axis=1).reset_index(drop=True).assign(**{name: target})
    content = pd.util.hash_pandas_object(frame).to_numpy().tobytes()
    return UploadedTable("your data", frame, hashlib.sha256(content).hexdigest())


def build_dataset(X: object, y: object, task: Task | None = None) -> Dataset:
    """Return arrays, or a data frame and a column, as a data set.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
    y : array-like of shape (n_samples,)
    task : {'classification', 'regression'}, optional
        By default chosen from y, as in `lamina train`: numbers are a regression, unless they are
        few different whole numbers.

    Raises
    ------
    ValueError
        For arrays of different lengths, missing values, targets of several columns, a regression
        on labels, and more classes than the workbench can show.

    Examples
    --------
    >>> data = build_dataset([[0.0], [1.0], [2.0]], ["no", "yes", "no"])
    >>> data.task, data.target_names, data.y.tolist()
    ('classification', ('no', 'yes'), [0, 1, 0])
    """
    names = tuple(map(str, getattr(X, "columns", ())))
    target = str(getattr(y, "name", None) or "target")
    task = task or infer_task(y)
    rows, values = check_X_y(X, y, dtype=np.float64, order="C", y_numeric=task == "regression")
    labels: tuple[str, ...] = ()
    if task == "classification":
        found, values = np.unique(values, return_inverse=True)
        labels = tuple(map(str, found.tolist()))
        _refuse_too_many_classes(labels)
    return Dataset(
        name="your data",
        X=rows,
        y=values.astype(np.float64 if task == "regression" else np.int64),
        feature_names=names or tuple(f"column {i}" for i in range(rows.shape[1])),
        target_names=labels,
        task=task,
        target=target,
    )


def infer_task(y: object) -> Task:
    """Return the task for a target: classification for labels, `task_of_numbers` for numbers.

    Raises
    ------
    ValueError
        For a target of several columns.
    """
    if str(getattr(y, "dtype", "")) == "category":
        return "classification"
    column: AnyArray = column_or_1d(y)
    if column.dtype.kind == "O":
        try:
            column = column.astype(np.float64)
        except (TypeError, ValueError):
            return "classification"
    return task_of_numbers(column) if column.dtype.kind in "biuf" else "classification"


def _refuse_too_many_classes(labels: tuple[str, ...]) -> None:
    if len(labels) > MOST_CLASSES:
        raise ValueError(
            f"y has {len(labels):,} classes, but the workbench shows at most {MOST_CLASSES}: pass "
            "task='regression' if they are numbers, or merge classes"
        )
