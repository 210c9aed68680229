"""Score that chooses epochs and members: the target's default, or a scorer of the user."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.metrics import get_scorer, get_scorer_names

from lamina.encoding.frames import ArrayOrTable
from lamina.errors import suggestion
from lamina.formulas.table import AnyArray
from lamina.tabular.targets import Target
from lamina.tabular.transformations import SquareRoot
from lamina.tabular.validation_scores import METRICS

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator

Predictions = NDArray[np.float64]


@dataclass(frozen=True)
class Scoring:
    """Score of predictions; higher is better.

    Attributes
    ----------
    name : str
        scikit-learn's name, or the name of the function.
    classes : ndarray or None
        Classes of a classifier's target.
    scorer : callable or None
        `scorer(estimator, X, y)`; None for the default of the target.
    transformation : SquareRoot or None
        The form in which networks learn and predict the values of a regression.
    """

    name: str
    classes: AnyArray | None
    scorer: Callable[..., float] | None = None
    transformation: SquareRoot | None = None

    @classmethod
    def read(cls, scoring: str | Callable[..., float] | None, target: Target) -> Scoring:
        """Check `scoring` and apply it to the trivial predictor.

        Raises
        ------
        ValueError
            For an unknown name, or a scorer that cannot score this target.
        """
        classes = target.attributes().get("classes_")
        if scoring is None:
            return cls(target.metric, classes)
        name, scorer = _named(scoring)
        chosen = cls(name, classes, scorer)
        value = chosen.measure(target.learned, target.trivial_predictions(None))
        if not isinstance(value, float):
            raise ValueError(f"scoring={name!r} returned {value!r}; it must return one number")
        return chosen

    @property
    def monitor(self) -> str | Scoring:
        """`monitor` parameter of the networks."""
        return "validation_loss" if self.scorer is None else self

    def measure(self, y: AnyArray, predictions: Predictions) -> float:
        """Score predictions; y has classes as integers from 0, or values."""
        if self.scorer is None:
            return METRICS[self.name](y, predictions)
        model = _Classifying() if self.classes is not None else _Regressing()
        if self.classes is not None:
            # scikit-learn's scorers warn about float32 probabilities, whose sum is not exactly 1.
            predictions = predictions / predictions.sum(axis=1, keepdims=True)
        model.predictions, model.classes_ = predictions, self.classes
        places = np.arange(len(y)).reshape(-1, 1)
        try:
            value = self.scorer(model, places, y if self.classes is None else self.classes[y])
        except ValueError as error:
            raise ValueError(
                f"scoring={self.name!r} cannot score this target: {error}.{self._for_several()}"
            ) from error
        return float(value) if np.ndim(value) == 0 else value

    def __call__(self, network: BaseEstimator, X: ArrayOrTable, y: AnyArray) -> float:
        """Score a network of the ensemble during training."""
        if self.classes is None:
            return self._measure_values(y, np.asarray(network.predict(X), dtype=np.float64))
        return self.measure(y, np.asarray(network.predict_proba(X), dtype=np.float64))

    def _measure_values(self, trained: Predictions, predictions: Predictions) -> float:
        """Score values as networks learn and predict them."""
        if self.transformation is None:
            return self.measure(trained, predictions)
        values = self.transformation.inverse(trained) - self.transformation.variance
        return self.measure(values, self.transformation.inverse(predictions))

    def _for_several(self) -> str:
        names = [self.name + suffix for suffix in ("_macro", "_ovr")]
        usable = [name for name in names if name in get_scorer_names()]
        return f" Set scoring={usable[0]!r}" if usable else ""


class _Shown(BaseEstimator):  # type: ignore[misc]
    """Estimator that returns given predictions."""

    predictions: Predictions
    classes_: AnyArray | None

    def __sklearn_is_fitted__(self) -> bool:
        return True


class _Classifying(ClassifierMixin, _Shown):  # type: ignore[misc]
    def predict_proba(self, X: ArrayOrTable) -> Predictions:
        return self.predictions

    def predict(self, X: ArrayOrTable) -> AnyArray:
        assert self.classes_ is not None
        return np.asarray(self.classes_[np.argmax(self.predictions, axis=1)])


class _Regressing(RegressorMixin, _Shown):  # type: ignore[misc]
    def predict(self, X: ArrayOrTable) -> Predictions:
        return self.predictions


def _named(scoring: str | Callable[..., float]) -> tuple[str, Callable[..., float]]:
    if isinstance(scoring, str):
        names = get_scorer_names()
        if scoring not in names:
            raise ValueError(
                f"scoring={scoring!r} is not a scikit-learn scorer.{suggestion(scoring, names)} "
                f"Allowed: {', '.join(names)}, or a callable scorer(estimator, X, y)"
            )
        return scoring, get_scorer(scoring)
    function = getattr(scoring, "_score_func", scoring)
    return getattr(function, "__name__", type(function).__name__), scoring
