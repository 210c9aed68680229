"""Hold out a random fraction of a table's rows to measure the model."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

from lamina.errors import TableError
from lamina.formulas.table import AnyArray
from lamina.tables.problem import Problem


class TrainTestSplit(NamedTuple):
    """Training rows, held-out rows, and remarks about the split.

    Attributes
    ----------
    train : ndarray of shape (n_training,)
        Positions of the training rows in the problem.
    description : str
        Description of a split by groups or by time; empty for a random one.
    by : mapping of str to ndarray of shape (n_samples,)
        The 'groups' or 'time' argument of `fit`, for all rows.
    """

    X_train: pd.DataFrame
    X_test: pd.DataFrame
    y_train: AnyArray
    y_test: AnyArray
    remarks: tuple[str, ...] = ()
    train: NDArray[np.int64] = np.empty(0, dtype=np.int64)
    description: str = ""
    by: Mapping[str, AnyArray] = {}

    def by_of_training(self) -> dict[str, AnyArray]:
        """Return `by` for the training rows."""
        return {name: values[self.train] for name, values in self.by.items()}


def split(problem: Problem, test_size: float, seed: int) -> TrainTestSplit:
    """Hold out a random fraction of the rows, stratified for a single target of classes.

    A class with a single row goes to the training rows, with a remark: the network can learn it,
    but no row is left to measure it. With several targets, the same holds for a class whose rows
    would all have been held out by chance.

    Raises
    ------
    ValueError
        If `test_size` does not lie between 0 and 1.
    TableError
        If there are too few rows, or too few classes with two or more rows, for both parts.
    """
    check_size(test_size)
    n_samples, classified = len(problem.target), problem.task == "classification"
    rows, strata = np.arange(n_samples), None
    lone = np.zeros(n_samples, dtype=bool)
    if classified and problem.target.ndim == 1:
        counts = Counter(problem.target.tolist())
        lone = np.array([counts[label] < 2 for label in problem.target.tolist()])
        strata = problem.target[~lone]
        if lone.all():
            raise TableError(
                f"every class of {problem.target_names[0]!r} has only one row, so there is nothing "
                "to learn: choose another --target, or --task regression for numbers"
            )
    _check_sizes(test_size, len(rows[~lone]), strata)
    train, test = train_test_split(
        rows[~lone], test_size=test_size, random_state=seed, stratify=strata
    )
    train = np.concatenate([train, rows[lone]])
    remarks = _lone_remarks(problem, rows[lone])
    if classified and problem.target.ndim == 2:
        moved = _has_unlearned_class(problem.target, train, test)
        train, test = np.concatenate([train, test[moved]]), test[~moved]
        if not len(test):
            raise TableError(
                f"--test-size {test_size:g} of {n_samples} rows leaves none to measure on, because "
                "each has a class that no other row has: raise --test-size, or add rows"
            )
    X, y = problem.features, problem.target
    return TrainTestSplit(X.iloc[train], X.iloc[test], y[train], y[test], remarks, train)


def check_size(test_size: float) -> None:
    """Reject a fraction that leaves no rows on one side."""
    if not 0 < test_size < 1:
        raise ValueError(f"--test-size must lie between 0 and 1, got {test_size:g}: try 0.2")


def _check_sizes(test_size: float, n_samples: int, strata: AnyArray | None) -> None:
    n_test = math.ceil(test_size * n_samples)
    needed = max(2, 0 if strata is None else len(set(strata.tolist())))
    if min(n_test, n_samples - n_test) < needed:
        raise TableError(
            f"--test-size {test_size:g} of {n_samples} rows holds out {n_test} and trains on "
            f"{n_samples - n_test}, but each part needs {needed} or more: "
            "change --test-size, or add rows"
        )


def _lone_remarks(problem: Problem, rows: NDArray[np.int64]) -> tuple[str, ...]:
    labels = [str(problem.target[row]) for row in rows]
    if not labels:
        return ()
    name = problem.target_names[0]
    if len(labels) == 1:
        return (
            f"class {labels[0]} of {name!r} has only one row: it is used for training, and the "
            "class cannot be measured",
        )
    return (
        f"{len(labels):,} classes of {name!r} have only one row each ({_listed(labels)}): the rows "
        "are used for training, and the classes cannot be measured",
    )


def _listed(labels: Sequence[str], most: int = 5) -> str:
    more = ", …" if len(labels) > most else ""
    return ", ".join(labels[:most]) + more


def _has_unlearned_class(
    target: AnyArray, train: NDArray[np.int64], test: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Return a mask of the held-out rows with a class, in any column, absent from training."""
    columns = [~np.isin(column[test], column[train]) for column in target.T]
    return np.asarray(np.any(columns, axis=0))
