"""Prediction intervals from out-of-fold residuals, wider where residuals are larger.

Shapes: predictions, residuals and scales (n_samples,); features of the scale (n_samples, n).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import Ridge

from lamina.formulas.table import AnyArray
from lamina.tabular.encoded import EncodedTable
from lamina.tabular.numeric_features import CLIP

N_SEGMENTS = 10
PENALTY = 10.0
# Maximum number of samples for fitting the scale; quantiles use all residuals.
MOST_SAMPLES = 20_000
# Added to |residual|, as a fraction of their mean, to avoid log(0).
FLOOR = 0.05

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ResidualIntervals:
    """Conformal intervals around a prediction: its scale times quantiles of scaled residuals.

    Each out-of-fold residual r is divided by a scale s(x), with log s a ridge regression of
    log |r| on the encoded row and on the prediction's place between its deciles, fitted on the
    other folds. The p-quantile at x is prediction(x) + s(x) q_p, with q_p the quantile of r / s by
    the rank of split conformal prediction, (n + 1) p (Lei, G'Sell, Rinaldo, Tibshirani, Wasserman,
    "Distribution-free predictive inference for regression", 2018; out of fold as in Barber, Candès,
    Ramdas, Tibshirani, "Predictive inference with the jackknife+", 2021).

    Attributes
    ----------
    scores : ndarray of shape (n_samples,)
        r / s in ascending order.
    edges : ndarray
        Deciles of the out-of-fold predictions.
    coefficients : ndarray
        Coefficients of the ridge regression: for the encoded row, then for the place.
    intercept : float
    scale_range : tuple of float
        Smallest and largest scale in training; s is clipped to this range.
    """

    scores: Floats
    edges: Floats
    coefficients: Floats
    intercept: float
    scale_range: tuple[float, float]

    @classmethod
    def fit(
        cls, encoded: EncodedTable, predictions: Floats, y: Floats, folds: NDArray[np.int64]
    ) -> ResidualIntervals:
        """Fit the scale and the quantiles to out-of-fold predictions."""
        residuals = y - predictions
        sizes = np.abs(residuals)
        # If all residuals are 0, any positive floor works.
        logs = np.log(sizes + (FLOOR * sizes.mean() or 1.0))
        edges = np.unique(np.quantile(predictions, np.linspace(0, 1, N_SEGMENTS + 1)))
        features = _features(encoded, predictions, edges)
        scales = np.exp(_predict_across(features, logs, folds))
        model = _fit_ridge(features, logs)
        return cls(
            scores=np.sort(residuals / scales),
            edges=edges,
            coefficients=np.asarray(model.coef_, dtype=np.float64),
            intercept=float(model.intercept_),
            scale_range=(float(scales.min()), float(scales.max())),
        )

    def scale(self, encoded: EncodedTable, predictions: Floats) -> Floats:
        """Return s(x) for each row."""
        features = _features(encoded, predictions, self.edges)
        lowest, highest = np.log(self.scale_range)
        return np.asarray(
            np.exp(np.clip(features @ self.coefficients + self.intercept, lowest, highest))
        )

    def quantiles(
        self, encoded: EncodedTable, predictions: Floats, levels: Floats
    ) -> NDArray[np.float64]:
        """Return the quantiles at several levels, shape (n_samples, n_levels)."""
        scores = np.array([self._quantile(level) for level in levels])
        scales = self.scale(encoded, predictions)
        return np.asarray(predictions[:, np.newaxis] + scales[:, np.newaxis] * scores)

    def _quantile(self, level: float) -> float:
        """Return the quantile of the scores, moved outwards to the rank for n + 1 samples."""
        n = len(self.scores)
        # Upper half: the smallest rank that covers the level. Lower half: its mirror image.
        if level >= 0.5:
            rank = int(np.ceil(np.round((n + 1) * level, 9))) - 1
        else:
            rank = n - int(np.ceil(np.round((n + 1) * (1 - level), 9)))
        return float(self.scores[np.clip(rank, 0, n - 1)])


def read_levels(quantiles: object) -> Floats:
    """Check the levels of quantiles.

    Raises
    ------
    ValueError
        For levels that are not numbers above 0 and below 1; the message names the first one.
    """
    try:
        levels = np.atleast_1d(np.asarray(quantiles, dtype=np.float64))
    except (TypeError, ValueError):
        levels = np.empty((0, 0))
    if levels.ndim != 1 or not len(levels):
        raise ValueError(
            f"quantiles={quantiles!r} must be a sequence of numbers between 0 and 1, such as "
            "[0.05, 0.5, 0.95]"
        )
    for place, level in enumerate(levels):
        if not 0 < level < 1:
            raise ValueError(
                f"quantiles[{place}]={level:g} must be above 0 and below 1, such as 0.05"
            )
    return levels


def read_coverage(coverage: float) -> float:
    """Check a coverage: a number above 0 and below 1."""
    try:
        value = float(coverage)
    except (TypeError, ValueError):
        value = np.nan
    if not 0 < value < 1:
        hint = f"; did you mean {value / 100:g}?" if 1 < value < 100 else ""
        raise ValueError(f"coverage={coverage!r} must be above 0 and below 1, such as 0.9{hint}")
    return value


def _features(encoded: EncodedTable, predictions: Floats, edges: Floats) -> Floats:
    z = encoded.numbers
    blocks: list[AnyArray] = [z / np.hypot(1.0, z / CLIP), encoded.parts, encoded.categories]
    if len(edges) > 1:
        blocks.append(np.clip((predictions[:, np.newaxis] - edges[:-1]) / np.diff(edges), 0, 1))
    return np.hstack(blocks).astype(np.float64)


def _fit_ridge(features: Floats, logs: Floats) -> Ridge:
    if len(logs) > MOST_SAMPLES:
        rows = np.random.RandomState(0).permutation(len(logs))[:MOST_SAMPLES]
        features, logs = features[rows], logs[rows]
    return Ridge(PENALTY).fit(features, logs)


def _predict_across(features: Floats, logs: Floats, folds: NDArray[np.int64]) -> Floats:
    """Return each sample's prediction by the ridge regression fitted on the other folds."""
    predicted = np.full(len(logs), logs.mean())
    for fold in np.unique(folds):
        rows = folds == fold
        if not rows.all():
            predicted[rows] = _fit_ridge(features[~rows], logs[~rows]).predict(features[rows])
    return predicted
