"""What is trained: data, network, batch size and epochs, one record a case."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from lamina import datasets
from lamina.formulas.table import Table

ALPHA = 1e-4
LEARNING_RATE = 1e-3
SEED = 42


@dataclass(frozen=True)
class Case:
    """One network on one data set; `rows` gives X and y in float64, or y as class codes."""

    name: str
    task: Literal["classification", "regression"]
    hidden: tuple[int, ...]
    batch_size: int
    epochs: int
    rows: Callable[[], tuple[NDArray[Any], NDArray[Any]]]


@dataclass(frozen=True)
class Work:
    """A case in one precision: what every peer is given.

    Attributes
    ----------
    X : ndarray of shape (n_rows, n_features)
    y : ndarray of shape (n_rows,)
        In X's dtype for regression, int64 class codes for classification.
    """

    case: Case
    X: NDArray[Any]
    y: NDArray[Any]

    @classmethod
    def of(cls, case: Case, dtype: str) -> Work:
        """The case's rows in that dtype."""
        X, y = case.rows()
        is_codes = case.task == "classification"
        return cls(case, np.ascontiguousarray(X, dtype), y.astype(np.int64 if is_codes else dtype))

    def shortened(self, divisor: int) -> Work:
        """The same work for a part of its epochs."""
        epochs = -(-self.case.epochs // divisor)
        return replace(self, case=replace(self.case, epochs=epochs))

    @property
    def dtype(self) -> str:
        """'float32' or 'float64'."""
        return str(self.X.dtype)

    @property
    def n_steps(self) -> int:
        """Updates in the whole training."""
        return self.case.epochs * -(-len(self.X) // self.case.batch_size)

    @property
    def widths(self) -> tuple[int, ...]:
        """The network's layers, inputs first; two classes share one output."""
        n_classes = len(np.unique(self.y)) if self.case.task == "classification" else 1
        return (self.X.shape[1], *self.case.hidden, 1 if n_classes == 2 else n_classes)


def _circles() -> tuple[NDArray[Any], NDArray[Any]]:
    data = datasets.load("circles")
    return data.X[:800], data.y[:800]


def _digits() -> tuple[NDArray[Any], NDArray[Any]]:
    data = datasets.load("digits")
    X, _, y, _ = train_test_split(data.X, data.y, random_state=SEED, stratify=data.y)
    return StandardScaler().fit_transform(X), y


def _mnist_8000() -> tuple[NDArray[Any], NDArray[Any]]:
    data = datasets.load("mnist")
    X, _, y, _ = train_test_split(
        data.X, data.y, train_size=10_000, stratify=data.y, random_state=SEED
    )
    X, _, y, _ = train_test_split(X, y, test_size=0.2, random_state=SEED)
    return X / 255, y


def _california() -> tuple[NDArray[Any], NDArray[Any]]:
    data = datasets.load("california_housing")
    X, _, y, _ = train_test_split(data.X, data.y, test_size=0.2, random_state=SEED)
    return StandardScaler().fit_transform(X), y


# Epochs are chosen so that the slowest peer takes about a second.
CASES = Table(
    "case",
    Case("circles", "classification", (8, 6), 16, 60, _circles),
    Case("digits", "classification", (128, 64), 200, 100, _digits),
    Case("mnist-8000", "classification", (128, 64), 64, 6, _mnist_8000),
    Case("california", "regression", (100, 50), 32, 4, _california),
)
