"""Temperature scaling of probabilities, and measures of calibration.

Shapes: probabilities (n_samples, n_classes); classes (n_samples,), integers from 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from lamina.files.model_file import Json

N_BINS = 10
# Beyond a factor of 10, a temperature makes one class certain, or all classes equally likely.
LARGEST_LOG_TEMPERATURE = np.log(10.0)
LEAST_PROBABILITY = 1e-12
# Number of standard errors by which the log loss must fall.
STANDARD_ERRORS = 2.0

Floats = NDArray[np.float64]
Curve = Mapping[str, Json]


@dataclass(frozen=True)
class Calibration:
    """Temperature of a classifier, with log loss and reliability before and after scaling.

    Probabilities p become softmax(log(p) / T) (Guo, Pleiss, Sun, Weinberger, "On calibration of
    modern neural networks", 2017). All figures are of `oof_predictions_`.

    Attributes
    ----------
    temperature : float
        T of `predict_proba`; 1 if no temperature lowers the log loss significantly.
    fitted_temperature : float
        Temperature with the lowest log loss, even if it is not used.
    log_loss_before, log_loss_after : float
        Log loss without a temperature, and with a `temperature` fitted on the other folds.
    gain, gain_error : float
        Decrease of the log loss by a temperature fitted on the other folds, and its standard
        error.
    error_before, error_after : float
        Expected calibration error: the mean of |predicted - observed| over 10 bins of the largest
        probability, weighted by their numbers of samples.
    curves_before, curves_after : tuple of dict
        Reliability curve of each class, in the order of `classes_` (for two classes, only of the
        second). Each has 'predicted' and 'observed' (lists of mean probabilities and frequencies)
        and 'n_samples', for bins of equal counts.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> classes = rng.integers(0, 2, 2000)
    >>> right = rng.random(2000) < 0.8
    >>> certain = np.where((classes == 1) == right, 0.99, 0.01)
    >>> folds = np.arange(2000) % 5
    >>> calibration = Calibration.fit(np.column_stack([1 - certain, certain]), classes, folds)
    >>> print(calibration.apply(np.array([[0.01, 0.99]])).round(1))
    [[0.2 0.8]]
    """

    temperature: float
    fitted_temperature: float
    log_loss_before: float
    log_loss_after: float
    gain: float
    gain_error: float
    error_before: float
    error_after: float
    curves_before: tuple[Curve, ...]
    curves_after: tuple[Curve, ...]

    @classmethod
    def fit(
        cls, probabilities: Floats, classes: NDArray[np.int64], folds: NDArray[np.int64]
    ) -> Calibration:
        """Fit the temperature, and use it if it lowers the log loss significantly.

        Parameters
        ----------
        probabilities : ndarray of shape (n_samples, n_classes)
            Out-of-fold probabilities.
        classes, folds : ndarray of int, shape (n_samples,)
            To measure the gain, each fold's temperature is fitted on the other folds.
        """
        fitted = _fit_temperature(probabilities, classes)
        crossed = np.array(probabilities)
        for fold in np.unique(folds):
            rows = folds == fold
            if not rows.all():
                temperature = _fit_temperature(probabilities[~rows], classes[~rows])
                crossed[rows] = tempered(probabilities[rows], temperature)
        before, after = _losses(probabilities, classes), _losses(crossed, classes)
        gain, error = float(np.mean(before - after)), float(np.std(before - after))
        error /= np.sqrt(len(classes))
        used = bool(gain > STANDARD_ERRORS * error and gain > 0)
        applied = crossed if used else probabilities
        return cls(
            temperature=fitted if used else 1.0,
            fitted_temperature=fitted,
            log_loss_before=float(before.mean()),
            log_loss_after=float((after if used else before).mean()),
            gain=gain,
            gain_error=float(error),
            error_before=expected_calibration_error(probabilities, classes),
            error_after=expected_calibration_error(applied, classes),
            curves_before=reliability_curves(probabilities, classes),
            curves_after=reliability_curves(applied, classes),
        )

    def apply(self, probabilities: Floats) -> Floats:
        """Return calibrated probabilities, of the same shape."""
        if self.temperature == 1.0:
            return probabilities
        return tempered(probabilities, self.temperature)


def tempered(probabilities: Floats, temperature: float) -> Floats:
    """Return softmax(log(p) / T)."""
    logs = np.log(np.maximum(probabilities, LEAST_PROBABILITY)) / temperature
    powers = np.exp(logs - logs.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def expected_calibration_error(probabilities: Floats, classes: NDArray[np.int64]) -> float:
    """Return the mean of |accuracy - confidence| over bins of the largest probability.

    Examples
    --------
    >>> import numpy as np
    >>> expected_calibration_error(np.array([[0.25, 0.75]] * 4), np.array([1, 1, 1, 0]))
    0.0
    """
    confidence = probabilities.max(axis=1)
    difference = (probabilities.argmax(axis=1) == classes) - confidence
    bins = np.minimum((confidence * N_BINS).astype(np.int64), N_BINS - 1)
    sums = np.bincount(bins, difference, N_BINS)
    return float(np.abs(sums).sum() / len(classes))


def reliability_curves(probabilities: Floats, classes: NDArray[np.int64]) -> tuple[Curve, ...]:
    """Return mean probability and frequency in bins of equal counts, for each class."""
    n_classes = probabilities.shape[1]
    return tuple(
        _curve(probabilities[:, place], classes == place)
        for place in range(1 if n_classes == 2 else 0, n_classes)
    )


def _curve(probabilities: Floats, occurred: NDArray[np.bool_]) -> Curve:
    order = np.argsort(probabilities, kind="stable")
    bins = [rows for rows in np.array_split(order, N_BINS) if len(rows)]
    return {
        "predicted": [float(probabilities[rows].mean()) for rows in bins],
        "observed": [float(occurred[rows].mean()) for rows in bins],
        "n_samples": [len(rows) for rows in bins],
    }


def _losses(probabilities: Floats, classes: NDArray[np.int64]) -> Floats:
    of_class = probabilities[np.arange(len(classes)), classes]
    return np.asarray(-np.log(np.maximum(of_class, LEAST_PROBABILITY)))


def _fit_temperature(probabilities: Floats, classes: NDArray[np.int64]) -> float:
    def loss(logarithm: float) -> float:
        return float(_losses(tempered(probabilities, np.exp(logarithm)), classes).mean())

    bounds = (-LARGEST_LOG_TEMPERATURE, LARGEST_LOG_TEMPERATURE)
    return float(np.exp(minimize_scalar(loss, bounds=bounds, method="bounded").x))
