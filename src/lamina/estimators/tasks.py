"""Tasks: what the targets of a fit ask for in loss, outputs, encoding and score."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from lamina.encoding.target_scaling import TargetScaling
from lamina.encoding.targets import LOSS_OF_KIND, Labels, TargetEncoding, classification_loss
from lamina.engines.custom_loss import CustomLoss
from lamina.estimators.class_weights import weigh_classes
from lamina.formulas import LOSSES
from lamina.formulas.losses import Hyperparameters
from lamina.formulas.table import Array
from lamina.training import Accuracy, RSquared
from lamina.training.scores import PinballScore

Score = Callable[[Array], float]


class Task(ABC):
    """One fit's targets.

    Attributes
    ----------
    y : array or csr matrix
        As the estimator validated it.
    hyperparameters : mapping of str to float or sequence of float
        What the loss's record lists, by name.
    """

    y: Any
    hyperparameters: Hyperparameters

    @property
    @abstractmethod
    def loss(self) -> str | CustomLoss:
        """A name in LOSSES, or an object of the user's own."""

    @property
    @abstractmethod
    def inverse_link(self) -> str:
        """A name in INVERSE_LINKS."""

    @property
    def heads(self) -> tuple[int, ...]:
        """The outputs of each head; none where all outputs are one."""
        return ()

    @property
    @abstractmethod
    def metric(self) -> str:
        """What `score_on` gives, by scikit-learn's name."""

    @property
    @abstractmethod
    def n_outputs(self) -> int:
        """How many outputs the network needs."""

    @property
    def scaling(self) -> TargetScaling | None:
        """How the targets are standardised for training; None where they are not."""
        return None

    @abstractmethod
    def targets(self, dtype: DTypeLike) -> NDArray[Any]:
        """y as the engines take it."""

    def row_weights(self, sample_weight: Array | None) -> Array | None:
        """What each row counts in the loss, given what the caller says of it."""
        return sample_weight

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
    """Labels of one column or several, or 0/1 indicators of several.

    Attributes
    ----------
    encoding : TargetEncoding
    y : Labels
    chosen_loss : str or CustomLoss
        What the classifier's `loss=` says.
    settings : dict
        Its focal_gamma and label_smoothing.
    class_weight : dict, list, 'balanced' or None
    """

    encoding: TargetEncoding
    y: Labels
    chosen_loss: str | CustomLoss = "log_loss"
    settings: Hyperparameters = field(default_factory=dict)
    class_weight: Any = None

    @property
    def loss(self) -> str | CustomLoss:
        if not isinstance(self.chosen_loss, str):
            return self.chosen_loss
        return classification_loss(self.encoding.kind, self.chosen_loss, self.smoothing)

    @property
    def smoothing(self) -> float:
        """The share of a label that goes to all classes alike."""
        return float(self.settings.get("label_smoothing", 0.0))  # type: ignore[arg-type]

    @property
    def hyperparameters(self) -> Hyperparameters:  # type: ignore[override]
        names = LOSSES[self.loss].hyperparameters if isinstance(self.loss, str) else ()
        return {name: self.settings[name] for name in names}

    @property
    def inverse_link(self) -> str:
        return LOSSES[LOSS_OF_KIND[self.encoding.kind]].inverse_link

    @property
    def heads(self) -> tuple[int, ...]:
        return self.encoding.heads

    @property
    def metric(self) -> str:
        return "accuracy"

    @property
    def n_outputs(self) -> int:
        return self.encoding.n_outputs(self.y)

    def targets(self, dtype: DTypeLike) -> NDArray[Any]:
        encoded = self.encoding.encode(self.y, dtype)
        if not self.smoothing or encoded.dtype.kind == "i":
            return encoded
        # Of codes the loss smooths; here yes and no are the two classes.
        return np.asarray((1 - self.smoothing) * encoded + self.smoothing / 2, dtype=dtype)

    def row_weights(self, sample_weight: Array | None) -> Array | None:
        return weigh_classes(self.class_weight, self.encoding, self.y, sample_weight)

    def strata(self) -> NDArray[Any] | None:
        # Booleans, because scikit-learn's message about a class of one row names the strata so.
        return self.encoding.encode(self.y, bool) if self.n_outputs == 1 else None

    def score_on(self, rows: NDArray[np.int64], weight: Array | None) -> Score:
        encoded = self.encoding.encode(self.y[rows], np.float64)
        truth = encoded if encoded.dtype.kind == "i" else self.encoding.decide(encoded)
        return Accuracy(self.encoding.decide, truth, weight)

    def attributes(self) -> dict[str, Any]:
        return {
            "classes_": self.encoding.classes,
            "_target_kind": self.encoding.kind,
            "_sparse_targets": self.encoding.sparse,
        }


@dataclass(frozen=True)
class Regression(Task):
    """Numbers of one column or several.

    Attributes
    ----------
    chosen_loss : str or CustomLoss
        What the regressor's `loss=` says.
    y : ndarray of shape (rows,) or (rows, n_targets)
    hyperparameters : dict
    scaling : TargetScaling or None
    """

    chosen_loss: str | CustomLoss
    y: NDArray[Any]
    hyperparameters: Hyperparameters = field(default_factory=dict)
    scaling: TargetScaling | None = None

    @property
    def loss(self) -> str | CustomLoss:
        return self.chosen_loss

    @property
    def inverse_link(self) -> str:
        if isinstance(self.chosen_loss, str):
            return LOSSES[self.chosen_loss].inverse_link
        return str(getattr(self.chosen_loss, "inverse_link", "identity"))

    @property
    def metric(self) -> str:
        return "r2" if self.quantiles is None else "d2_pinball"

    @property
    def quantiles(self) -> list[float] | None:
        """What the outputs of each target are quantiles of; None where they are no quantiles."""
        return quantiles_in(self.hyperparameters)

    @property
    def outputs_per_target(self) -> int:
        """How many outputs belong to each column of y."""
        if not isinstance(self.chosen_loss, str):
            return 1
        return LOSSES[self.chosen_loss].outputs_per_target(self.hyperparameters)

    @property
    def n_outputs(self) -> int:
        return int(self.columns().shape[1]) * self.outputs_per_target

    def targets(self, dtype: DTypeLike) -> NDArray[Any]:
        if self.scaling is not None:
            return self.scaling.standardise(self.columns(), dtype)
        # What is too large for float32 becomes infinite here; the first epoch will say so.
        with np.errstate(over="ignore"):
            return np.ascontiguousarray(self.columns(), dtype=dtype)

    def strata(self) -> NDArray[Any] | None:
        return None

    def score_on(self, rows: NDArray[np.int64], weight: Array | None) -> Score:
        truth, (name, of) = self.columns()[rows], (self.chosen_loss, self.hyperparameters)
        if self.scaling is not None:
            # R² and D² are the same in any units, and predictions under way are standardised.
            truth = self.scaling.standardise(truth, np.float64)
        score: Score = RSquared(truth, weight)
        if self.quantiles is not None:
            score = PinballScore(truth, self.quantiles, weight)
        if not isinstance(name, str):
            return score
        return lambda prediction: score(LOSSES[name].answer(prediction, of))

    def attributes(self) -> dict[str, Any]:
        named = isinstance(self.chosen_loss, str)
        of = {name: np.asarray(value).tolist() for name, value in self.hyperparameters.items()}
        attributes = {
            "_loss_name": self.chosen_loss if named else None,
            "_loss_hyperparameters": of,
            # The outputs and the hyperparameters alone do not tell one of two quantiles of one
            # target from one quantile of each of two.
            "_n_targets": int(self.y.shape[1]) if self.y.ndim == 2 else 1,
        }
        if self.scaling is None:
            return attributes
        mean, scale = np.array(self.scaling.mean), np.array(self.scaling.scale)
        return attributes | {"target_mean_": mean, "target_scale_": scale}

    def outside_the_loss(self) -> float | None:
        """A target for which the loss is NaN whatever the prediction; None where there is none."""
        y, name = self.columns(), self.chosen_loss
        if not isinstance(name, str):
            return None
        prediction = np.ones((y.size, self.outputs_per_target))
        with np.errstate(all="ignore"):
            value = LOSSES[name].value(prediction, y.reshape(-1, 1), self.hyperparameters)
        undefined = np.isnan(value)
        return float(y.ravel()[undefined].min()) if undefined.any() else None

    def columns(self) -> NDArray[Any]:
        """y of shape (rows, n_targets)."""
        return self.y.reshape(len(self.y), -1)


def quantiles_in(hyperparameters: Hyperparameters) -> list[float] | None:
    """The quantiles that a loss has among its hyperparameters, or None."""
    quantile = hyperparameters.get("quantile")
    return None if quantile is None else np.atleast_1d(quantile).tolist()
