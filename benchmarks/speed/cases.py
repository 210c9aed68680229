"""The training cases: data, network, batch size and epochs."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from benchmarks.speed import rows
from lamina.formulas.table import RecordTable

ALPHA = 1e-4
LEARNING_RATE = 1e-3
VALIDATION_FRACTION = 0.1


@dataclass(frozen=True)
class Case:
    """One network on one data set; `rows` returns X and y in float64, or y as class codes."""

    name: str
    task: Literal["classification", "regression"]
    hidden: tuple[int, ...]
    batch_size: int
    epochs: int
    rows: Callable[[], rows.Data]
    solver: Literal["adam", "lbfgs"] = "adam"
    early_stopping: bool = False
    dtypes: tuple[str, ...] = ("float64", "float32")


@dataclass(frozen=True)
class Work:
    """A case in one precision, the same for every peer.

    Attributes
    ----------
    X : ndarray or csr matrix of shape (n_samples, n_features)
    y : ndarray of shape (n_samples,)
        In X's dtype for regression, int64 class codes for classification.
    """

    case: Case
    X: Any
    y: NDArray[Any]

    @classmethod
    def from_case(cls, case: Case, dtype: str) -> Work:
        """Return the case's work in a dtype."""
        X, y = case.rows()
        X = X.astype(dtype) if sparse.issparse(X) else np.ascontiguousarray(X, dtype)
        return cls(case, X, y.astype(np.int64 if case.task == "classification" else dtype))

    def shortened(self, divisor: int) -> Work:
        """Return the same work with fewer epochs, or fewer samples if the epochs are few."""
        epochs = self.case.epochs
        if epochs >= divisor or self.case.solver == "lbfgs":
            return replace(self, case=replace(self.case, epochs=-(-epochs // divisor)))
        n = max(4 * self.case.batch_size, self.X.shape[0] * epochs // divisor)
        return replace(self, X=self.X[:n], y=self.y[:n], case=replace(self.case, epochs=1))

    @property
    def dtype(self) -> str:
        """'float32' or 'float64'."""
        return str(self.X.dtype)

    @property
    def n_training_rows(self) -> int:
        """The number of samples that are not held out."""
        n_samples: int = self.X.shape[0]
        held_out = math.ceil(n_samples * VALIDATION_FRACTION) if self.case.early_stopping else 0
        return n_samples - held_out

    @property
    def n_steps(self) -> int:
        """The number of updates in the whole training; for L-BFGS, of iterations."""
        batches = -(-self.n_training_rows // self.case.batch_size)
        return self.case.epochs * (1 if self.case.solver == "lbfgs" else batches)

    @property
    def widths(self) -> tuple[int, ...]:
        """The widths of the layers from the inputs on; two classes have one output."""
        n_classes = len(np.unique(self.y)) if self.case.task == "classification" else 1
        return (self.X.shape[1], *self.case.hidden, 1 if n_classes == 2 else n_classes)


def multiply_adds_per_row(widths: tuple[int, ...]) -> int:
    """Return the multiply-adds of one sample's training step in a dense network.

    Each sample needs them for the forward pass and the gradient of every layer, and for delta of
    every layer but the first, whose input gradient is not needed.
    """
    weights = [fan_in * fan_out for fan_in, fan_out in pairwise(widths)]
    return 3 * sum(weights) - weights[0]


# The slowest peer takes about a second, unless the number of epochs was specified.
CASES = RecordTable(
    "case",
    Case("circles", "classification", (8, 6), 16, 300, rows.circles),
    Case("moons", "classification", (10, 5), 200, 500, rows.moons),
    Case("iris", "classification", (3, 2), 120, 1000, rows.iris),
    Case("digits", "classification", (128, 64), 200, 100, rows.digits),
    # Some districts are outliers by a hundred standard deviations. From the sixth epoch on they
    # change the loss differently in every peer; after five epochs losses are comparable.
    Case("california", "regression", (100, 50), 32, 5, rows.california, early_stopping=True),
    # scikit-learn's default network and batch size.
    Case(
        "defaults-20", "classification", (100,), 200, 30, partial(rows.linear_classes, 10_000, 20)
    ),
    Case(
        "defaults-100", "classification", (100,), 200, 5, partial(rows.linear_classes, 50_000, 100)
    ),
    Case("mnist-8000", "classification", (128, 64), 64, 6, rows.mnist_8000),
    Case("wide", "classification", (1024, 1024), 1024, 2, rows.wide),
    Case(
        "lbfgs",
        "classification",
        (128, 64),
        1347,
        100,
        rows.digits,
        solver="lbfgs",
        dtypes=("float64",),
    ),
    Case("sparse", "classification", (100,), 200, 1, rows.text),
)
