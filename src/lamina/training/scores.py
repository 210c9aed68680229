"""Scores of a prediction on held-out samples: accuracy, R² and D².

Shapes: prediction (n_samples, n_outputs), after the inverse link; weight (n_samples,) or None.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from lamina.formulas.table import AnyArray, Array


class Accuracy:
    """Weighted fraction of samples whose labels are all right (subset accuracy for multilabel).

    Parameters
    ----------
    decide : callable
        `decide(prediction)` returns class codes (n_samples,), or indicators (n_samples, n_outputs).
    truth : ndarray
        Expected result of `decide`.
    weight : ndarray of shape (n_samples,), optional

    Examples
    --------
    >>> import numpy as np
    >>> score = Accuracy(lambda p: p.argmax(axis=1), np.array([0, 1]))
    >>> score(np.array([[0.9, 0.1], [0.8, 0.2]]))
    0.5
    """

    def __init__(
        self,
        decide: Callable[[Array], AnyArray],
        truth: AnyArray,
        weight: Array | None = None,
    ) -> None:
        self.decide, self.truth, self.weight = decide, truth, weight

    def __call__(self, prediction: Array) -> float:
        right = self.decide(prediction) == self.truth
        if right.ndim == 2:
            right = right.all(axis=1)
        return float(right.mean() if self.weight is None else np.average(right, None, self.weight))


class PinballScore:
    """Mean over quantiles and outputs of D² = 1 - pinball loss / that of the best constant.

    It is scikit-learn's d2_pinball_score (Koenker, Machado 1999); NaN for a prediction with NaN.

    Parameters
    ----------
    truth : ndarray of shape (n_samples, n_targets)
    quantiles : sequence of float
    weight : ndarray of shape (n_samples,), optional

    Examples
    --------
    >>> import numpy as np
    >>> score = PinballScore(np.array([[1.0], [2.0], [3.0]]), [0.5])
    >>> score(np.array([[1.0], [2.0], [4.0]]))
    0.5
    """

    def __init__(
        self, truth: AnyArray, quantiles: Sequence[float], weight: Array | None = None
    ) -> None:
        self.truth, self.quantiles, self.weight = truth, quantiles, weight

    def __call__(self, prediction: Array) -> float:
        from sklearn.metrics import d2_pinball_score

        if not np.isfinite(prediction).all():
            return math.nan
        of_each = prediction.reshape(*self.truth.shape, len(self.quantiles))
        scores = [
            d2_pinball_score(self.truth, of_each[..., k], alpha=q, sample_weight=self.weight)
            for k, q in enumerate(self.quantiles)
        ]
        return float(np.mean(scores))


class RSquared:
    """Mean over outputs of R² = 1 - Σ w (y - p)² / Σ w (y - ȳ)²; NaN for a prediction with NaN.

    An output without variance scores 1 if it is predicted exactly, else 0, as in scikit-learn.

    Parameters
    ----------
    truth : ndarray of shape (n_samples, n_outputs)
    weight : ndarray of shape (n_samples,), optional

    Examples
    --------
    >>> import numpy as np
    >>> score = RSquared(np.array([[1.0], [2.0], [3.0]]))
    >>> score(np.array([[1.0], [2.0], [4.0]]))
    0.5
    """

    def __init__(self, truth: AnyArray, weight: Array | None = None) -> None:
        self.truth = truth
        self.weight = 1.0 if weight is None else weight[:, np.newaxis]
        deviation = truth - np.average(truth, axis=0, weights=weight)
        self.variance = np.sum(self.weight * deviation**2, axis=0)

    def __call__(self, prediction: Array) -> float:
        if not np.isfinite(prediction).all():
            return math.nan
        with np.errstate(all="ignore"):
            residual = np.sum(self.weight * (self.truth - prediction) ** 2, axis=0)
            score = 1 - residual / self.variance
        constant = self.variance == 0
        score[constant] = 0.0
        score[residual == 0] = 1.0
        return float(np.average(score))
