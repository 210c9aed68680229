"""Scores of a prediction on held-out samples: accuracy, R² and D².

Shapes: prediction (n_samples, n_outputs), after the inverse link; weight (n_samples,), or
(n_samples, n_targets) with 0 for missing targets, or None.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from lamina.files.chunks import are_finite, average, slices, total
from lamina.formulas.table import AnyArray, Array


class Accuracy:
    """Weighted fraction of samples whose labels are all right (subset accuracy for multilabel).

    Labels of weight 0 count as right. With a weight of each label, that of a sample is the mean of
    those of its labels that are not 0.

    Parameters
    ----------
    decide : callable
        `decide(prediction)` returns class codes (n_samples,), or indicators (n_samples, n_outputs).
    truth : ndarray
        Expected result of `decide`.
    weight : ndarray of shape (n_samples,) or (n_samples, n_targets), optional

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
        n, weight = len(self.truth), self.weight
        if weight is None:
            return sum(int(self._right(prediction, rows).sum()) for rows in slices(n)) / n
        if weight.ndim == 2:
            weight = weight.sum(axis=1) / np.maximum(np.count_nonzero(weight, axis=1), 1)
        return float(average(n, lambda rows: self._right(prediction, rows), weight))

    def _right(self, prediction: Array, rows: slice) -> AnyArray:
        """Return which samples of a slice are right."""
        right = self.decide(prediction[rows]) == self.truth[rows]
        if self.weight is not None and self.weight.ndim == 2:
            right = right | (self.weight[rows] == 0)
        return np.asarray(right.all(axis=1) if right.ndim == 2 else right)


class PinballScore:
    """Mean over quantiles and outputs of D² = 1 - pinball loss / that of the best constant.

    It is scikit-learn's d2_pinball_score (Koenker, Machado 1999); NaN for a prediction with NaN.

    Parameters
    ----------
    truth : ndarray of shape (n_samples, n_targets)
    quantiles : sequence of float
    weight : ndarray of shape (n_samples,) or (n_samples, n_targets), optional
        A target without weight in any sample is left out.

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
        if not are_finite(prediction):
            return math.nan
        of_each = prediction.reshape(*self.truth.shape, len(self.quantiles))
        if self.weight is None or self.weight.ndim == 1:
            return self._mean(self.truth, of_each, self.weight)
        scores = [
            self._mean(self.truth[rows, j], of_each[rows, j], self.weight[rows, j])
            for j, rows in enumerate((self.weight != 0).T)
            if rows.any()
        ]
        return float(np.mean(scores))

    def _mean(self, truth: AnyArray, of_each: Array, weight: Array | None) -> float:
        """Return the mean of the scores of all quantiles."""
        from sklearn.metrics import d2_pinball_score

        scores = [
            d2_pinball_score(truth, of_each[..., k], alpha=q, sample_weight=weight)
            for k, q in enumerate(self.quantiles)
        ]
        return float(np.mean(scores))


class RSquared:
    """Mean over outputs of R² = 1 - Σ w (y - p)² / Σ w (y - ȳ)²; NaN for a prediction with NaN.

    An output without variance scores 1 if it is predicted exactly, else 0, as in scikit-learn.

    Parameters
    ----------
    truth : ndarray of shape (n_samples, n_outputs)
    weight : ndarray of shape (n_samples,) or (n_samples, n_outputs), optional
        An output without weight in any sample is left out.

    Examples
    --------
    >>> import numpy as np
    >>> score = RSquared(np.array([[1.0], [2.0], [3.0]]))
    >>> score(np.array([[1.0], [2.0], [4.0]]))
    0.5
    """

    def __init__(self, truth: AnyArray, weight: Array | None = None) -> None:
        self.counts: AnyArray | slice = slice(None)
        if weight is not None and weight.ndim == 2:
            self.counts = np.asarray(weight.any(axis=0))
            truth, weight = truth[:, self.counts], weight[:, self.counts]
        self.truth, self.weight = truth, weight
        mean = average(len(truth), lambda rows: truth[rows], weight)
        self.variance = self._weighted_squares(lambda rows: truth[rows] - mean)

    def _weighted_squares(self, far: Callable[[slice], AnyArray]) -> AnyArray:
        """Return Σ w far² of each output."""
        if self.weight is None:
            return np.asarray(total(len(self.truth), lambda rows: far(rows) ** 2))
        if self.weight.ndim == 2:
            return np.asarray(np.sum(self.weight * far(slice(None)) ** 2, axis=0))
        weight = self.weight[:, np.newaxis]
        return np.asarray(total(len(self.truth), lambda rows: weight[rows] * far(rows) ** 2))

    def __call__(self, prediction: Array) -> float:
        if not are_finite(prediction):
            return math.nan
        with np.errstate(all="ignore"):
            residual = self._weighted_squares(
                lambda rows: self.truth[rows] - prediction[rows, self.counts]
            )
            score = 1 - residual / self.variance
        constant = self.variance == 0
        score[constant] = 0.0
        score[residual == 0] = 1.0
        return float(np.average(score))
