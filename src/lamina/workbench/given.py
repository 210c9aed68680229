"""Data from Python: X and y become a data set on the shelf, and a first experiment on it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_X_y
from sklearn.utils.validation import column_or_1d

from lamina.datasets import Dataset
from lamina.datasets.dataset import Task
from lamina.datasets.task import task_of_numbers
from lamina.workbench.experiment import Experiment, first_experiment
from lamina.workbench.inputs import PLAIN
from lamina.workbench.problems import pose
from lamina.workbench.shelf import MemoryShelf
from lamina.workbench.sources import MOST_CLASSES, TASKS, GivenData, Source, UploadedData
from lamina.workbench.uploads import Table


def first_on(
    X: Any, y: Any, shelf: MemoryShelf, task: Task | None = None
) -> Callable[[], Experiment]:
    """Return a function that makes a page's first experiment: on this data, else on two moons.

    Raises
    ------
    ValueError
        For one of X and y without the other, a task that is none, and data that cannot be learned
        from: all of it before a page is served.
    """
    if task not in (None, *TASKS):
        raise ValueError(f"task={task!r} must be one of {', '.join(TASKS)}, or None")
    if X is None and y is None:
        if task is not None:
            raise ValueError(f"task={task!r} belongs to data: give X and y with it")
        return first_experiment
    if X is None or y is None:
        raise ValueError("X and y belong together: give both, or neither")
    source: Source
    if needs_encoding(X):
        table = table_of(X, y)
        shelf.put_table(table, stays=True)
        target = str(table.frame.columns[-1])
        source, inputs = UploadedData(table.key, target, task=task), None
    else:
        dataset = dataset_of(X, y, task)
        source = GivenData(shelf.put(dataset))
        inputs = PLAIN if dataset.X.shape[1] == 2 else None
    model = first_experiment().model
    # A target of one's own may have any size; classes are not scaled, whatever this says.
    experiment = Experiment(data=source, inputs=inputs, target_scaled=True, model=model)
    # What a page could not begin with is refused here, before there is a page.
    pose(experiment, shelf)
    return lambda: experiment


def needs_encoding(X: Any) -> bool:
    """Whether X is a data frame of pandas' that holds more than numbers, or has gaps."""
    if not hasattr(X, "select_dtypes"):
        return False
    numbers = X.select_dtypes(include=["number", "bool"])
    return bool(numbers.shape[1] < X.shape[1] or X.isna().any().any())


def table_of(X: Any, y: Any) -> Table:
    """A data frame and its target as a table, the target the last column.

    Raises
    ------
    ValueError
        For a target of another length, or of several columns.
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
    return Table("your data", frame, hashlib.sha256(content).hexdigest())


def dataset_of(X: Any, y: Any, task: Task | None = None) -> Dataset:
    """Return arrays, or a data frame and a column, as a data set.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
    y : array-like of shape (n_samples,)
    task : {'classification', 'regression'}, optional
        By default the values of y decide, by the rule of `lamina train`: numbers are a regression,
        unless they are few whole ones.

    Raises
    ------
    ValueError
        For arrays of other shapes, missing values, targets of several columns, a regression on
        labels, and more classes than the workbench shows.

    Examples
    --------
    >>> data = dataset_of([[0.0], [1.0], [2.0]], ["no", "yes", "no"])
    >>> data.task, data.target_names, data.y.tolist()
    ('classification', ('no', 'yes'), [0, 1, 0])
    """
    names = tuple(map(str, getattr(X, "columns", ())))
    target = str(getattr(y, "name", None) or "target")
    task = task or task_of(y)
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


def task_of(y: Any) -> Task:
    """Return the task that a target poses; labels are classes, numbers by `task_of_numbers`.

    Raises
    ------
    ValueError
        For a target of several columns.
    """
    if str(getattr(y, "dtype", "")) == "category":
        return "classification"
    column: NDArray[Any] = column_or_1d(y)
    if column.dtype.kind == "O":
        try:
            column = column.astype(np.float64)
        except (TypeError, ValueError):
            return "classification"
    return task_of_numbers(column) if column.dtype.kind in "biuf" else "classification"


def _refuse_too_many_classes(labels: tuple[str, ...]) -> None:
    if len(labels) > MOST_CLASSES:
        raise ValueError(
            f"y has {len(labels):,} classes, and the workbench shows {MOST_CLASSES}: give "
            "task='regression' where they are numbers, or join classes"
        )
