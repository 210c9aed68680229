"""Tasks: the loss, outputs, encoding and score that a fit's targets determine."""

from __future__ import annotations

import operator
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
from numpy.typing import DTypeLike, NDArray

from lamina.encoding.frames import ArrayOrTable
from lamina.encoding.target_scaling import TargetScaling
from lamina.encoding.targets import LOSS_OF_KIND, Labels, TargetEncoding, classification_loss
from lamina.engines import Objective, Rows
from lamina.engines.custom_loss import CustomLoss
from lamina.estimators.fitting.class_weights import weigh_classes
from lamina.estimators.fitting.fitted_parts import Attributes
from lamina.estimators.fitting.missing_targets import Present
from lamina.estimators.settings.fit_settings import FitSettings
from lamina.files.chunks import IN_MEMORY, Workspace, slices
from lamina.formulas import LOSSES
from lamina.formulas.hyperparameters import Hyperparameters, names_of
from lamina.formulas.table import AnyArray, Array, Matrix
from lamina.training import Accuracy, RSquared
from lamina.training.scores import PinballScore

Score = Callable[[Array], float]
Take = Callable[[Any, Any], Any]
# A number for which every loss is defined.
FILLER = 1.0


class Task(ABC):
    """Targets of one fit.

    Attributes
    ----------
    y : array or csr matrix
        Targets as validated by the estimator.
    hyperparameters : mapping of str to float or sequence of float
        Hyperparameters that the loss's record lists, by name.
    present : ndarray of bool of shape (n_samples, n_targets), or None if no target is missing
        Missing targets have weight 0, and y holds another value of their column.
    """

    y: ArrayOrTable
    hyperparameters: Hyperparameters
    present: Present | None

    def with_missing(self, present: Present | None) -> Self:
        """Return the task with missing targets."""
        return self if present is None else replace(self, present=present)  # type: ignore[type-var]

    def part(self, rows: NDArray[np.int64] | slice, take: Take = operator.getitem) -> Self:
        """Return the task on a subset of its samples, which `take(array, rows)` takes."""
        present = None if self.present is None else take(self.present, rows)
        return replace(self, y=take(self.y, rows), present=present)  # type: ignore[type-var]

    @abstractmethod
    def filler(self, column: int) -> object:
        """Return a valid value for a column of y without any, to which its weight 0 applies."""

    @property
    @abstractmethod
    def loss(self) -> str | CustomLoss:
        """Name in LOSSES, or a custom loss."""

    @property
    @abstractmethod
    def inverse_link(self) -> str:
        """Name in INVERSE_LINKS."""

    @property
    def heads(self) -> tuple[int, ...]:
        """Number of outputs of each head; empty if the outputs form a single head."""
        return ()

    @property
    @abstractmethod
    def metric(self) -> str:
        """Name of the metric of `score_on`, as in scikit-learn."""

    @property
    @abstractmethod
    def n_outputs(self) -> int:
        """Number of outputs of the network."""

    @property
    def scaling(self) -> TargetScaling | None:
        """Standardisation of the targets for training, or None."""
        return None

    @abstractmethod
    def targets(self, dtype: DTypeLike) -> AnyArray:
        """Return y in the form that engines expect."""

    def rows(
        self,
        X: Matrix,
        weight: Array | None,
        dtype: DTypeLike,
        workspace: Workspace = IN_MEMORY,
    ) -> Rows:
        """Return all samples, with their targets and weights, in a dtype."""
        if not workspace.on_disk:
            weight = None if weight is None else weight.astype(dtype, copy=False)
            return Rows(X.astype(dtype, copy=False), self.targets(dtype), weight)

        def cast(values: AnyArray) -> AnyArray:
            if values.dtype == dtype:
                return values
            return workspace.filled(len(values), lambda part: values[part].astype(dtype))

        n = X.shape[0]
        y = workspace.filled(n, lambda part: self.part(part).targets(dtype))
        return Rows(cast(X), y, None if weight is None else cast(weight))

    def objective(self, settings: FitSettings) -> Objective:
        """Return the loss and the penalty to minimise."""
        return Objective(
            self.loss,
            settings.alpha,
            settings.penalty,
            hyperparameters=self.hyperparameters,
            l1_ratio=settings.l1_ratio,
            target_smoothing=self.target_smoothing,
        )

    @property
    def target_smoothing(self) -> float:
        """ε with which `targets` smooths numbers; 0 if it does not."""
        return 0.0

    def row_weights(self, sample_weight: Array | None) -> Array | None:
        """Return the weight of each sample in the loss, given the caller's weights."""
        return sample_weight

    @abstractmethod
    def strata(self, workspace: Workspace = IN_MEMORY) -> AnyArray | None:
        """Return classes for a stratified validation split, or None."""

    @abstractmethod
    def score_on(self, weight: Array | None, workspace: Workspace = IN_MEMORY) -> Score:
        """Return the score function for predictions of the samples, given their weights."""

    @abstractmethod
    def attributes(self) -> Attributes:
        """Return the fitted attributes that describe the targets."""


@dataclass(frozen=True)
class Classification(Task):
    """Labels of one or more columns, or 0/1 indicators of several labels.

    Attributes
    ----------
    encoding : TargetEncoding
    y : Labels
    chosen_loss : str or CustomLoss
        Value of the classifier's `loss=`.
    settings : dict
        Its focal_gamma and label_smoothing.
    class_weight : dict, list, 'balanced' or None
    """

    encoding: TargetEncoding
    y: Labels
    chosen_loss: str | CustomLoss = "log_loss"
    settings: Hyperparameters = field(default_factory=dict)
    class_weight: Any = None
    present: Present | None = None

    @property
    def loss(self) -> str | CustomLoss:
        if not isinstance(self.chosen_loss, str):
            return self.chosen_loss
        return classification_loss(self.encoding.kind, self.chosen_loss, self.smoothing)

    @property
    def smoothing(self) -> float:
        """Fraction of a label that is divided evenly among all classes."""
        return float(self.settings.get("label_smoothing", 0.0))  # type: ignore[arg-type]

    @property
    def target_smoothing(self) -> float:
        # A loss of codes smooths them itself.
        named = isinstance(self.loss, str) and LOSSES[self.loss].targets == "values"
        return self.smoothing if named else 0.0

    @property
    def hyperparameters(self) -> Hyperparameters:  # type: ignore[override]
        names = names_of(LOSSES[self.loss].hyperparameters) if isinstance(self.loss, str) else ()
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

    def targets(self, dtype: DTypeLike) -> AnyArray:
        encoded = self.encoding.encode(self.y, dtype)
        if not self.smoothing or encoded.dtype.kind == "i":
            return encoded
        # The loss smooths class codes; here the two classes are yes and no.
        return np.asarray((1 - self.smoothing) * encoded + self.smoothing / 2, dtype=dtype)

    def row_weights(self, sample_weight: Array | None) -> Array | None:
        if self.class_weight is None:
            return sample_weight
        return weigh_classes(self.class_weight, self.encoding, self.y, sample_weight, self.present)

    def filler(self, column: int) -> object:
        return label_of_column(self.encoding, column)

    def strata(self, workspace: Workspace = IN_MEMORY) -> AnyArray | None:
        if self.n_outputs != 1:
            return None
        # Booleans, because scikit-learn's message about a class with one member prints the strata.
        n = self.y.shape[0]
        return workspace.filled(n, lambda part: self.encoding.encode(self.y[part], bool))

    def score_on(self, weight: Array | None, workspace: Workspace = IN_MEMORY) -> Score:
        def codes(part: slice) -> AnyArray:
            encoded = self.encoding.encode(self.y[part], np.float64)
            return encoded if encoded.dtype.kind == "i" else self.encoding.decide(encoded)

        truth = workspace.filled(self.y.shape[0], codes)
        return Accuracy(self.encoding.decide, truth, weight)

    def attributes(self) -> Attributes:
        return {
            "classes_": self.encoding.classes,
            "_target_kind": self.encoding.kind,
            "_sparse_targets": self.encoding.sparse,
        }


@dataclass(frozen=True)
class Regression(Task):
    """Numbers of one or more columns.

    Attributes
    ----------
    chosen_loss : str or CustomLoss
        Value of the regressor's `loss=`.
    y : ndarray of shape (n_samples,) or (n_samples, n_targets)
    hyperparameters : dict
    scaling : TargetScaling or None
    """

    chosen_loss: str | CustomLoss
    y: AnyArray
    hyperparameters: Hyperparameters = field(default_factory=dict)
    scaling: TargetScaling | None = None
    present: Present | None = None

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
        """Quantiles that the outputs of each target predict; None for other losses."""
        return quantiles_in(self.hyperparameters)

    @property
    def outputs_per_target(self) -> int:
        """Number of outputs for each column of y."""
        if not isinstance(self.chosen_loss, str):
            return 1
        return LOSSES[self.chosen_loss].outputs_per_target(self.hyperparameters)

    @property
    def n_outputs(self) -> int:
        return int(self.columns().shape[1]) * self.outputs_per_target

    def targets(self, dtype: DTypeLike) -> AnyArray:
        if self.scaling is not None:
            return self.scaling.standardise(self.columns(), dtype)
        # A value too large for float32 becomes infinite here; the first epoch reports it.
        with np.errstate(over="ignore"):
            return np.ascontiguousarray(self.columns(), dtype=dtype)

    def strata(self, workspace: Workspace = IN_MEMORY) -> AnyArray | None:
        return None

    def filler(self, column: int) -> object:
        return FILLER

    def score_on(self, weight: Array | None, workspace: Workspace = IN_MEMORY) -> Score:
        truth, (name, params) = self.columns(), (self.chosen_loss, self.hyperparameters)
        if (scaling := self.scaling) is not None:
            # R² and D² are the same in any units, and predictions during training are standardised.
            columns = truth
            truth = workspace.filled(
                len(truth), lambda part: scaling.standardise(columns[part], np.float64)
            )
        score: Score = RSquared(truth, weight)
        if self.quantiles is not None:
            score = PinballScore(truth, self.quantiles, weight)
        if not isinstance(name, str):
            return score
        return lambda prediction: score(LOSSES[name].answer(prediction, params))

    def attributes(self) -> Attributes:
        named = isinstance(self.chosen_loss, str)
        params = {name: np.asarray(value).tolist() for name, value in self.hyperparameters.items()}
        attributes = {
            "_loss_name": self.chosen_loss if named else None,
            "_loss_hyperparameters": params,
            # Outputs and hyperparameters alone cannot distinguish two quantiles of one target from
            # one quantile of each of two.
            "_n_targets": int(self.y.shape[1]) if self.y.ndim == 2 else 1,
        }
        if self.scaling is None:
            return attributes
        mean, scale = np.array(self.scaling.mean), np.array(self.scaling.scale)
        return attributes | {"target_mean_": mean, "target_scale_": scale}

    def outside_the_loss(self) -> float | None:
        """Return a target for which the loss is NaN whatever the prediction, or None."""
        columns, name = self.columns(), self.chosen_loss
        if not isinstance(name, str):
            return None
        found = []
        for part in slices(len(columns)):
            y = columns[part].ravel()
            prediction = np.ones((y.size, self.outputs_per_target))
            with np.errstate(all="ignore"):
                value = LOSSES[name].value(prediction, y[:, np.newaxis], self.hyperparameters)
            if (undefined := np.isnan(value)).any():
                found.append(float(y[undefined].min()))
        return min(found, default=None)

    def columns(self) -> AnyArray:
        """Return y with shape (n_samples, n_targets)."""
        return self.y.reshape(len(self.y), -1)


def quantiles_in(hyperparameters: Hyperparameters) -> list[float] | None:
    """Return the quantiles among a loss's hyperparameters, or None."""
    quantile = hyperparameters.get("quantile")
    return None if quantile is None else np.atleast_1d(quantile).tolist()


def label_of_column(encoding: TargetEncoding, column: int) -> object:
    """Return a known label of a column of multilabel or multioutput targets."""
    return encoding.classes[column][0] if encoding.kind == "multioutput" else 0
