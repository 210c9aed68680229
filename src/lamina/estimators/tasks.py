"""Tasks: what the targets of a fit ask for in loss, outputs, encoding and score."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from lamina.encoding.targets import Labels, TargetEncoding
from lamina.formulas import LOSSES
from lamina.formulas.table import Array
from lamina.training import Accuracy, RSquared

Score = Callable[[Array], float]


class Task(ABC):
    """One fit's targets."""

    y: Any

    @property
    @abstractmethod
    def loss(self) -> str:
        """A name in LOSSES."""

    @property
    @abstractmethod
    def metric(self) -> str:
        """What `score_on` gives, by scikit-learn's name."""

    @property
    @abstractmethod
    def n_outputs(self) -> int:
        """How many outputs the network needs."""

    @abstractmethod
    def targets(self, dtype: DTypeLike) -> NDArray[Any]:
        """y as the engines take it."""

    @abstractmethod
    def strata(self) -> NDArray[Any] | None:
        """Groups that a validation split divides evenly, or None."""

    @abstractmethod
    def score_on(self, rows: NDArray[np.int64], weight: Array | None) -> Score:
        """The score of a prediction for those rows, given their weights."""

    @abstractmethod
    def attributes(self) -> dict[str, Any]:
        """What the fitted estimator has to know about the targets."""


@dataclass(frozen=True)
class Classification(Task):
    """Labels of one column, or 0/1 indicators of several."""

    encoding: TargetEncoding
    y: Labels

    @property
    def loss(self) -> str:
        return self.encoding.loss

    @property
    def metric(self) -> str:
        return "accuracy"

    @property
    def n_outputs(self) -> int:
        return self.encoding.n_outputs(self.y)

    def targets(self, dtype: DTypeLike) -> NDArray[Any]:
        return self.encoding.encode(self.y, dtype)

    def strata(self) -> NDArray[Any] | None:
        # Booleans, because scikit-learn's message about a class of one row names the strata so.
        return self.encoding.encode(self.y, bool) if self.n_outputs == 1 else None

    def score_on(self, rows: NDArray[np.int64], weight: Array | None) -> Score:
        encoded = self.encoding.encode(self.y[rows], np.float64)
        truth = encoded if encoded.ndim == 1 else self.encoding.decide(encoded)
        return Accuracy(self.encoding.decide, truth, weight)

    def attributes(self) -> dict[str, Any]:
        return {
            "classes_": self.encoding.classes,
            "_target_kind": self.encoding.kind,
            "_sparse_targets": self.encoding.sparse,
        }


@dataclass(frozen=True)
class Regression(Task):
    """Numbers of one column or several."""

    loss_name: str
    y: NDArray[Any]

    @property
    def loss(self) -> str:
        return self.loss_name

    @property
    def metric(self) -> str:
        return "r2"

    @property
    def n_outputs(self) -> int:
        return 1 if self.y.ndim == 1 else int(self.y.shape[1])

    def targets(self, dtype: DTypeLike) -> NDArray[Any]:
        # What is too large for float32 becomes infinite here; the first epoch will say so.
        with np.errstate(over="ignore"):
            return np.ascontiguousarray(self.columns(), dtype=dtype)

    def strata(self) -> NDArray[Any] | None:
        return None

    def score_on(self, rows: NDArray[np.int64], weight: Array | None) -> Score:
        return RSquared(self.columns()[rows], weight)

    def attributes(self) -> dict[str, Any]:
        return {}

    def outside_the_loss(self) -> float | None:
        """A target for which the loss is NaN whatever the prediction; None where there is none."""
        y = self.columns()
        with np.errstate(all="ignore"):
            undefined = np.isnan(LOSSES[self.loss].value(np.ones(y.shape), y, {}))
        return float(y[undefined].min()) if undefined.any() else None

    def columns(self) -> NDArray[Any]:
        """y of shape (rows, n_outputs)."""
        return self.y.reshape(len(self.y), -1)
