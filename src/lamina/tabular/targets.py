"""Target of a table: classes or values, how networks learn it, and how it is scored."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.class_weight import compute_sample_weight

from lamina.encoding.frames import ArrayOrTable
from lamina.files.model_file import Json
from lamina.formulas.table import AnyArray
from lamina.network import NetworkSpec
from lamina.network.passes import Forward, predict_members
from lamina.tabular.calibration import LEAST_PROBABILITY
from lamina.tabular.recipes import Kind
from lamina.tabular.target_reading import read_labels, read_values
from lamina.tabular.transformations import SquareRoot

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator


# Maximum number of classes in target statistics, which limits the number of inputs per column.
MOST_DESCRIBED = 10

Predictions = NDArray[np.float64]


class Target(ABC):
    """Checked target.

    Attributes
    ----------
    learned : ndarray of shape (n_samples,)
        Values, or classes as integers from 0.
    """

    learned: AnyArray

    @property
    @abstractmethod
    def kind(self) -> Kind:
        """Kind of target: two classes, more classes, or values."""

    @property
    @abstractmethod
    def described(self) -> Predictions:
        """Numbers used for target statistics, shape (n_samples, n_numbers)."""

    @property
    def trained(self) -> AnyArray:
        """Target as networks learn it, shape (n_samples,)."""
        return self.learned

    @property
    @abstractmethod
    def metric(self) -> str:
        """scikit-learn's name of the metric of `validation_score_`."""

    @property
    def width(self) -> float:
        """Difference between the largest and the smallest possible prediction."""
        return 1.0

    @abstractmethod
    def attributes(self) -> dict[str, Json]:
        """Return the fitted attributes that describe the target."""

    @abstractmethod
    def outputs(self, member: BaseEstimator, inputs: NDArray[np.float32]) -> Predictions:
        """Return a network's predictions in the form of the target that it learned."""

    def finish(self, outputs: Predictions) -> Predictions:
        """Return values or probabilities from a network's outputs."""
        return outputs

    def predict(self, member: BaseEstimator, inputs: NDArray[np.float32]) -> Predictions:
        """Return a network's values or probabilities."""
        return self.finish(self.outputs(member, inputs))

    @abstractmethod
    def of_pass(self, spec: NetworkSpec, passed: Forward) -> Predictions:
        """Return a network's values, or the probabilities of each of its members if it has some."""

    @abstractmethod
    def trivial_predictions(self, weight: Predictions | None) -> Predictions:
        """Return the class frequencies, or the mean, for each sample."""

    def remarks(self) -> list[str]:
        """Return doubts about the target."""
        return []

    @property
    @abstractmethod
    def loss_name(self) -> str:
        """Name of `losses`."""

    @abstractmethod
    def losses(self, predictions: Predictions) -> Predictions:
        """Return the loss of each sample, shape (n_samples,)."""

    @abstractmethod
    def with_samples(self, learned: AnyArray) -> Self:
        """Return the target of other samples, with classes or range extended to include both."""

    @abstractmethod
    def rows(self, chosen: NDArray[np.int64] | NDArray[np.bool_] | slice) -> Self:
        """Return the target of the selected samples, by a mask or by indices."""

    @abstractmethod
    def reread(self, rows: NDArray[np.int64]) -> Self:
        """Return the target of the selected samples, as if it had no others."""

    @abstractmethod
    def without_samples(self) -> Self:
        """Return the parts of the target needed for prediction, without the training samples."""


@dataclass(frozen=True)
class Classes(Target):
    """Sorted classes, and the code of each sample's class."""

    classes: AnyArray
    learned: NDArray[np.int64]

    @classmethod
    def read(cls, y: ArrayOrTable) -> Self:
        """Check classes.

        Raises
        ------
        ValueError
            For missing values, numbers that are not class labels, only one class, or no class
            with two rows.
        """
        classes, codes = np.unique(read_labels(y), return_inverse=True)
        if len(classes) < 2:
            raise ValueError(
                f"y has only one class, {classes.tolist()}: a classifier needs at least two"
            )
        if len(classes) == len(codes) > 2:
            raise ValueError(
                f"y has {len(classes)} classes with one row each, so no row is left to validate "
                "the networks on: merge classes, or use TabularRegressor if y has quantities"
            )
        return cls(classes, codes.astype(np.int64))

    @property
    def kind(self) -> Kind:
        """Kind of target: two classes, or more."""
        return "binary" if len(self.classes) == 2 else "multiclass"

    @property
    def described(self) -> Predictions:
        """Indicator of the second class; for more than two classes, of each class."""
        first = 1 if len(self.classes) == 2 else 0
        described = np.arange(first, min(len(self.classes), MOST_DESCRIBED))
        return np.asarray(self.learned[:, np.newaxis] == described, dtype=np.float64)

    @property
    def metric(self) -> str:
        """Area under the ROC curve for two classes, log loss for more."""
        return "roc_auc" if len(self.classes) == 2 else "neg_log_loss"

    def attributes(self) -> dict[str, Json]:
        """Return `classes_`."""
        return {"classes_": self.classes}

    def outputs(self, member: BaseEstimator, inputs: NDArray[np.float32]) -> Predictions:
        """Return a network's probabilities, shape (n_samples, n_classes)."""
        return np.asarray(member.predict_proba(inputs), dtype=np.float64)

    def of_pass(self, spec: NetworkSpec, passed: Forward) -> Predictions:
        p = passed.prediction
        if spec.n_members > 1:
            p = predict_members(spec, passed.blocks[-1].a)
        every = np.concatenate([1 - p, p], axis=-1) if spec.n_outputs == 1 else p
        return np.asarray(every, np.float64)

    def trivial_predictions(self, weight: Predictions | None) -> Predictions:
        """Return the class frequencies for each sample."""
        counts = np.bincount(self.learned, weights=weight, minlength=len(self.classes))
        return np.tile(counts / counts.sum(), (len(self.learned), 1))

    def remarks(self) -> list[str]:
        """Return a remark on the classes with one row, on which no network can be validated."""
        once = self.classes[np.bincount(self.learned, minlength=len(self.classes)) == 1].tolist()
        if not once:
            return []
        noun, pronoun = ("class", "it") if len(once) == 1 else ("classes", "they")
        verb = "has" if len(once) == 1 else "have"
        shown = ", ".join(map(repr, once[:5])) + (", …" if len(once) > 5 else "")
        return [
            f"the {noun} {shown} {verb} only one row: {pronoun} cannot be validated, so add rows, "
            "merge classes, or drop these rows"
        ]

    @property
    def loss_name(self) -> str:
        """Log loss."""
        return "log loss"

    def losses(self, predictions: Predictions) -> Predictions:
        """Return minus the logarithm of each class's probability."""
        chosen = predictions[np.arange(len(self.learned)), self.learned]
        return np.asarray(-np.log(np.maximum(chosen, LEAST_PROBABILITY)))

    def with_samples(self, learned: AnyArray) -> Self:
        """Return the target of other samples, with the same classes."""
        return replace(self, learned=learned)

    def rows(self, chosen: NDArray[np.int64] | NDArray[np.bool_] | slice) -> Self:
        """Return the target of the selected samples."""
        return replace(self, learned=self.learned[chosen])

    def reread(self, rows: NDArray[np.int64]) -> Self:
        """Return the target of the selected samples, with their classes alone.

        Raises
        ------
        ValueError
            If only one class is left, or no class with two rows.
        """
        return self.read(self.classes[self.learned[rows]])

    def without_samples(self) -> Self:
        """Return the classes without the samples."""
        return replace(self, learned=np.empty(0, dtype=np.int64))

    def weigh(
        self, class_weight: dict[object, float] | str | None, weight: Predictions | None
    ) -> Predictions | None:
        """Return each sample's weight times that of its class; None if all are 1."""
        if class_weight is None:
            return weight
        # Class weights also apply to the held-out loss, which chooses the epoch.
        of_classes = compute_sample_weight(class_weight, self.classes[self.learned])
        return np.asarray(of_classes if weight is None else of_classes * weight)


@dataclass(frozen=True)
class Values(Target):
    """Finite numbers, their range in training, and the transformation that networks learn."""

    learned: NDArray[np.float64]
    range: tuple[float, float]
    transformation: SquareRoot | None = None

    @classmethod
    def read(cls, y: ArrayOrTable) -> Self:
        """Check values; raise ValueError for one that is missing, infinite or no number."""
        values = read_values(y)
        return cls(values, (float(values.min()), float(values.max())))

    @property
    def kind(self) -> Kind:
        """Kind of target: values."""
        return "regression"

    @property
    def described(self) -> Predictions:
        """Values of the samples."""
        return self.learned[:, np.newaxis]

    @property
    def trained(self) -> NDArray[np.float64]:
        """Values, or their transformation."""
        if self.transformation is None:
            return self.learned
        return self.transformation.forward(self.learned)

    @property
    def width(self) -> float:
        """Width of the range to which predictions are clipped."""
        return self.range[1] - self.range[0]

    @property
    def metric(self) -> str:
        """Root mean squared error."""
        return "neg_root_mean_squared_error"

    def attributes(self) -> dict[str, Json]:
        """Return `target_range_`."""
        return {"target_range_": self.range}

    def outputs(self, member: BaseEstimator, inputs: NDArray[np.float32]) -> Predictions:
        """Return a network's values, or its roots of values, shape (n_samples,)."""
        return np.asarray(member.predict(inputs), dtype=np.float64)

    def of_pass(self, spec: NetworkSpec, passed: Forward) -> Predictions:
        return self.finish(np.asarray(passed.prediction[:, 0], np.float64))

    def finish(self, outputs: Predictions) -> Predictions:
        """Return values within the target's range."""
        transformation = self.transformation
        values = outputs if transformation is None else transformation.inverse(outputs)
        return np.clip(values, *self.range)

    def trivial_predictions(self, weight: Predictions | None) -> Predictions:
        """Return the mean for each sample."""
        return np.full(len(self.learned), np.average(self.learned, weights=weight))

    @property
    def loss_name(self) -> str:
        """Squared error."""
        return "squared error"

    def losses(self, predictions: Predictions) -> Predictions:
        """Return the squared error of each value."""
        return np.asarray((predictions - self.learned) ** 2)

    def with_samples(self, learned: AnyArray) -> Self:
        """Return the target of other samples, in a range that holds these as well."""
        low, high = self.range
        wider = (min(low, float(learned.min())), max(high, float(learned.max())))
        return replace(self, learned=learned, range=wider)

    def rows(self, chosen: NDArray[np.int64] | NDArray[np.bool_] | slice) -> Self:
        """Return the target of the selected samples."""
        return replace(self, learned=self.learned[chosen])

    def reread(self, rows: NDArray[np.int64]) -> Self:
        """Return the target of the selected samples, with their range."""
        return self.read(self.learned[rows])

    def without_samples(self) -> Self:
        """Return the range without the samples."""
        return replace(self, learned=np.empty(0))


def require_as_many(n_samples: int, y: AnyArray) -> None:
    """Raise ValueError if the target does not have one value per sample of the table."""
    if n_samples != len(y):
        raise ValueError(
            f"Found input variables with inconsistent numbers of samples: X has {n_samples}, and y "
            f"has {len(y)}"
        )
