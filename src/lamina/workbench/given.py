"""Data from Python: X and y become a data set on the shelf, and a first experiment on it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.utils import check_X_y
from sklearn.utils.multiclass import type_of_target

from lamina.datasets import Dataset
from lamina.workbench.experiment import Experiment, first_experiment
from lamina.workbench.inputs import PLAIN
from lamina.workbench.shelf import MemoryShelf
from lamina.workbench.sources import GivenData, Source, UploadedData
from lamina.workbench.uploads import Table


def first_on(X: Any, y: Any, shelf: MemoryShelf) -> Callable[[], Experiment]:
    """What gives each new page its first experiment: on this data, or on two moons without any.

    Raises
    ------
    ValueError
        For one of X and y without the other, and for arrays that cannot be learned from.
    """
    if X is None and y is None:
        return first_experiment
    if X is None or y is None:
        raise ValueError("X and y belong together: give both, or neither")
    source: Source
    if needs_encoding(X):
        table = table_of(X, y)
        shelf.put_table(table, stays=True)
        source, inputs = UploadedData(table.key, str(table.frame.columns[-1])), None
    else:
        dataset = dataset_of(X, y)
        source = GivenData(shelf.put(dataset))
        inputs = PLAIN if dataset.X.shape[1] == 2 else None
    model = first_experiment().model
    # A target of one's own may have any size; classes are not scaled, whatever this says.
    experiment = Experiment(data=source, inputs=inputs, target_scaled=True, model=model)
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


def dataset_of(X: Any, y: Any) -> Dataset:
    """Arrays, or a data frame and a column, as a data set.

    Raises
    ------
    ValueError
        For arrays of other shapes, missing values, and targets of several columns.

    Examples
    --------
    >>> data = dataset_of([[0.0], [1.0], [2.0]], ["no", "yes", "no"])
    >>> data.task, data.target_names, data.y.tolist()
    ('classification', ('no', 'yes'), [0, 1, 0])
    """
    names = tuple(map(str, getattr(X, "columns", ())))
    target = str(getattr(y, "name", None) or "target")
    kind = type_of_target(y, input_name="y")
    rows, targets = check_X_y(X, y, dtype=np.float64, order="C", y_numeric=kind == "continuous")
    labels: tuple[str, ...] = ()
    is_regression = kind == "continuous"
    if not is_regression:
        found, targets = np.unique(targets, return_inverse=True)
        labels = tuple(map(str, found.tolist()))
    return Dataset(
        name="your data",
        X=rows,
        y=targets.astype(np.float64 if is_regression else np.int64),
        feature_names=names or tuple(f"column {i}" for i in range(rows.shape[1])),
        target_names=labels,
        task="regression" if is_regression else "classification",
        target=target,
    )
