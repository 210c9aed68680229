"""Metrics of predictions that come batch by batch, in memory that does not grow with the rows.

They are those of `lamina.cli.answers` up to rounding, without D² of quantiles, which needs all
targets at once. AUC counts predictions in bins of width 2⁻²⁰; two in one bin count as equal.

Shapes: y is (n_samples,), the true classes or values of one batch.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from lamina.cli.answers import FEWEST_FOR_R2, PredictedValues, Predictions, Probabilities, Quantiles
from lamina.files.model_file import Json
from lamina.formulas.table import AnyArray

N_BINS = 1 << 20
# scikit-learn's bound on probabilities in the log loss.
LEAST_PROBABILITY = float(np.finfo(np.float64).eps)


class Accumulator(Protocol):
    """Sums of one target, from which its metrics follow."""

    def add(self, predictions: Predictions, y: AnyArray) -> None:
        """Add the predictions of a batch."""

    def figures(self) -> dict[str, Json]:
        """Return the metrics of all batches."""


class StreamedFigures:
    """Metrics of all targets.

    Parameters
    ----------
    names : sequence of str
        Names of the targets.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.names, self.n_rows = names, 0
        self.accumulators: list[Accumulator] = []

    def add(self, answers: Sequence[Predictions], y: AnyArray) -> None:
        """Add the predictions of a batch, one for each target.

        Parameters
        ----------
        answers : sequence of Predictions
        y : ndarray of shape (n_samples,) or (n_samples, n_targets)
        """
        if not len(y):
            return
        self.accumulators = self.accumulators or [_accumulator(each) for each in answers]
        self.n_rows += len(y)
        columns = [y] if y.ndim == 1 else list(y.T)
        for accumulator, answer, column in zip(self.accumulators, answers, columns, strict=True):
            accumulator.add(answer, column)

    def figures(self) -> dict[str, Json]:
        """Return the metrics in the form of `lamina.cli.metrics.measure`."""
        found = [each.figures() for each in self.accumulators]
        if len(self.names) == 1:
            return {"rows": self.n_rows, **found[0]}
        return {"rows": self.n_rows, "targets": dict(zip(self.names, found, strict=True))}


def _accumulator(answer: Predictions) -> Accumulator:
    if isinstance(answer, Probabilities):
        return _OfProbabilities(answer.classes)
    if isinstance(answer, Quantiles):
        return _OfQuantiles(answer.quantiles)
    return _OfValues()


class _OfProbabilities:
    def __init__(self, classes: AnyArray) -> None:
        n = len(classes)
        self.classes = classes
        # Rows are true classes, columns predicted ones.
        self.confusion = np.zeros((n, n), dtype=np.int64)
        self.log_loss, self.brier = 0.0, 0.0
        self.bins = np.zeros((2, N_BINS), dtype=np.int64) if n == 2 else None

    def add(self, predictions: Predictions, y: AnyArray) -> None:
        assert isinstance(predictions, Probabilities)
        n, probability = len(self.classes), predictions.probability.astype(np.float64)
        probability /= probability.sum(axis=1, keepdims=True)
        codes = np.searchsorted(self.classes, y)
        pairs = codes * n + np.argmax(probability, axis=1)
        self.confusion += np.bincount(pairs, minlength=n * n).reshape(n, n)
        of_true = probability[np.arange(len(y)), codes]
        bounded = np.clip(of_true, LEAST_PROBABILITY, 1 - LEAST_PROBABILITY)
        self.log_loss -= float(np.log(bounded).sum())
        # Σ_k (1[k is true] - p_k)²
        squares = (probability**2).sum(axis=1) + 1 - 2 * of_true
        self.brier += float(squares.sum()) * (0.5 if n == 2 else 1.0)
        if self.bins is not None:
            places = np.minimum((probability[:, 1] * N_BINS).astype(np.int64), N_BINS - 1)
            for code in (0, 1):
                self.bins[code] += np.bincount(places[codes == code], minlength=N_BINS)

    def figures(self) -> dict[str, Json]:
        right, rows = np.diag(self.confusion), self.confusion.sum(axis=1)
        predicted, n = self.confusion.sum(axis=0), int(rows.sum())
        precision, recall = _divided(right, predicted), _divided(right, rows)
        f1 = _divided(2 * right, predicted + rows)
        figures: dict[str, Json] = {
            "accuracy": float(right.sum() / n),
            "macro_f1": float(np.mean(f1[rows > 0])),
            "log_loss": self.log_loss / n,
            "brier": self.brier / n,
        }
        if self.bins is not None and rows.all():
            figures["auc"] = _auc(*self.bins)
        of_each = zip(self.classes, precision, recall, f1, rows, strict=True)
        return figures | {
            "classes": {
                str(label): {
                    "precision": float(p),
                    "recall": float(r),
                    "f1": float(f),
                    "rows": int(count),
                }
                for label, p, r, f, count in of_each
            }
        }


def _divided(part: AnyArray, whole: AnyArray) -> AnyArray:
    """Return the quotients, 0 where the divisor is 0."""
    return np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0)


def _auc(negative: AnyArray, positive: AnyArray) -> float:
    """Return the fraction of pairs whose positive sample has the higher bin; a tie is a half."""
    below = np.cumsum(negative) - negative
    pairs = float((positive * (below + 0.5 * negative)).sum())
    return pairs / (float(negative.sum()) * float(positive.sum()))


class _OfValues:
    def __init__(self) -> None:
        self.n, self.mean, self.sum_of_squares = 0, 0.0, 0.0
        self.squares, self.absolute, self.is_finite = 0.0, 0.0, True

    def add(self, predictions: Predictions, y: AnyArray) -> None:
        assert isinstance(predictions, PredictedValues)
        median = predictions.prediction if predictions.median is None else predictions.median
        self.is_finite &= bool(np.isfinite(predictions.prediction).all())
        with np.errstate(all="ignore"):
            self.squares += float(((y - predictions.prediction) ** 2).sum())
            self.absolute += float(np.abs(y - median).sum())
        self._add_targets(y)

    def _add_targets(self, y: AnyArray) -> None:
        # Σ (y - mean)² of joined parts (Chan, Golub, LeVeque 1983).
        n, mean = len(y), float(y.mean())
        together, distance = self.n + n, mean - self.mean
        self.sum_of_squares += float(((y - mean) ** 2).sum()) + distance**2 * self.n * n / together
        self.mean += distance * n / together
        self.n = together

    def figures(self) -> dict[str, Json]:
        if not self.is_finite:
            return {"rmse": math.inf, "mae": math.inf, "r2": -math.inf}
        figures: dict[str, Json] = {
            "rmse": math.sqrt(self.squares / self.n),
            "mae": self.absolute / self.n,
        }
        if self.n >= FEWEST_FOR_R2:
            if self.sum_of_squares:
                figures["r2"] = 1 - self.squares / self.sum_of_squares
            else:
                figures["r2"] = 0.0 if self.squares else 1.0
        return figures


class _OfQuantiles:
    def __init__(self, quantiles: Sequence[float]) -> None:
        self.quantiles, self.n = np.asarray(quantiles), 0
        self.losses = np.zeros(len(self.quantiles))
        self.covered = np.zeros(len(self.quantiles), dtype=np.int64)

    def add(self, predictions: Predictions, y: AnyArray) -> None:
        assert isinstance(predictions, Quantiles)
        far = y[:, np.newaxis] - predictions.prediction
        self.losses += np.maximum(self.quantiles * far, (self.quantiles - 1) * far).sum(axis=0)
        self.covered += (far <= 0).sum(axis=0)
        self.n += len(y)

    def figures(self) -> dict[str, Json]:
        covered = zip(self.quantiles, self.covered / self.n, strict=True)
        return {
            "pinball_loss": float(np.mean(self.losses / self.n)),
            "coverage": {f"{q:g}": float(fraction) for q, fraction in covered},
        }
