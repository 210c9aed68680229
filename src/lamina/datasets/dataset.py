"""The data set: arrays, their names, and the task."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from lamina.formulas.table import AnyArray

Task: TypeAlias = Literal["classification", "regression"]


@dataclass(frozen=True)
class Dataset:
    """One data set in memory.

    Attributes
    ----------
    name : str
        Name for `load`.
    X : ndarray of shape (n_samples, n_features)
        Inputs in the dtype of their source.
    y : ndarray of shape (n_samples,)
        int64 class codes, or float64 values.
    feature_names : tuple of str
        A name for each column of X.
    target_names : tuple of str
        Class name of each code; empty if the codes are the classes (digits), and for regression.
    task : {'classification', 'regression'}
    target : str
        Name of the target as the column of a table.
    """

    name: str
    X: AnyArray
    y: AnyArray
    feature_names: tuple[str, ...]
    target_names: tuple[str, ...]
    task: Task
    target: str = "target"


@dataclass(frozen=True)
class DatasetRecord:
    """A data set by name: its task, a description, and the function that loads it."""

    name: str
    task: Task
    about: str
    load: Callable[[], Dataset]
