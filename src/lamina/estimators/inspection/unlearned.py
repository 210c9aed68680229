"""Detect fits that have learned nothing: targets out of reach, and scores that cannot rise.

Shapes: y (n_samples, n_targets), predictions (n_samples, n_outputs), weight (n_samples,) or
(n_samples, n_targets) or None.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from lamina.engines.batch_loss import row_losses, weight_sum
from lamina.engines.device_matrix import on_host
from lamina.engines.engine import Rows
from lamina.errors import (
    DiagnosticWarning,
    StalledAccuracyWarning,
    UndefinedScoreWarning,
    UnscaledTargetWarning,
    WorseThanConstantWarning,
)
from lamina.estimators.fitting.inputs import Assignment
from lamina.estimators.fitting.running import FitResult
from lamina.estimators.fitting.tasks import Classification, Regression
from lamina.formulas import INVERSE_LINKS, LOSSES
from lamina.formulas.table import AnyArray, Array
from lamina.network import Network
from lamina.network.passes import forward
from lamina.training import Monitor

SAMPLE = 1024
FEWEST_EPOCHS = 5
# A target between these sizes is within reach of the usual learning rates and of tol.
LARGEST_TARGET, SMALLEST_DEVIATION = 20.0, 0.05
# If a perfect fit lowers the loss by less than this many tol, training ends before it has begun.
FEW_TOLERANCES = 10.0
UNBALANCED = 0.6


def unlearned_findings(
    fit: Assignment, outcome: FitResult, scores: Sequence[float], validation: Sequence[float]
) -> tuple[list[DiagnosticWarning], list[DiagnosticWarning]]:
    """Return the warnings about a regression that learned nothing, and about scores."""
    decides = fit.settings.monitoring.decides
    of_scores = stalled_accuracy(fit, scores, validation)
    of_scores += undefined_scores(scores, validation, decides)
    return learned_nothing(fit, outcome), of_scores


def learned_nothing(fit: Assignment, outcome: FitResult) -> list[DiagnosticWarning]:
    """Return a warning if a regression predicts its training samples worse than a constant.

    Parameters
    ----------
    fit : Assignment
    outcome : FitResult
    """
    task = fit.task
    if not isinstance(task, Regression) or not isinstance(task.loss, str):
        return []
    if _has_negative(fit.weight):
        return []
    attributes = outcome.attributes
    if attributes["n_iter_"] < FEWEST_EPOCHS:
        return []
    sample = _sample(fit, task)
    if not all(map(len, _present_targets(sample))):
        return []
    constant = _mean_loss(fit, sample, _constant_prediction(task, sample))
    # The training loss, with its penalty, shows at no cost whether a closer check is due.
    settings = fit.settings
    is_tiny = settings.is_minibatch and 0 < constant < FEW_TOLERANCES * settings.tol
    is_due = is_tiny or attributes["loss_"] > constant - 0.1 * abs(constant)
    # A constant target leaves nothing to learn, and rounding errors decide nothing.
    if not np.isfinite(constant) or constant == 0 or not is_due:
        return []
    loss = _mean_loss(fit, sample, _prediction(outcome.network, sample))
    if not (loss > constant or (is_tiny and loss > 0.5 * constant)):
        return []
    cause = _size_of(task, _present_targets(sample))
    compared = _compared(task, loss, constant)
    if cause is not None:
        return [
            UnscaledTargetWarning(
                f"The target is not scaled ({cause}): {compared}. Initial weights and learning "
                "rates suit targets of about 1. Set scale_target=True, which predicts in the "
                "units of y."
            )
        ]
    return [
        WorseThanConstantWarning(
            f"The network has learned nothing: {compared}. Raise max_iter or change "
            "learning_rate_init, and check that X and y have their samples in the same order."
        )
    ]


def undefined_scores(
    scores: Sequence[float], validation: Sequence[float], decides: Monitor
) -> list[DiagnosticWarning]:
    """Return a warning if the monitored value was finite in no epoch.

    Parameters
    ----------
    scores, validation : sequence of float
        First metric and loss on held-out samples, of every epoch of the fit.
    decides : Monitor
        Which of them decides when to stop.

    Examples
    --------
    >>> len(undefined_scores([float("-inf")], [0.5], Monitor.SCORE))
    1
    >>> undefined_scores([float("-inf")], [0.5], Monitor.VALIDATION_LOSS)
    []
    """
    curves = {Monitor.SCORE: scores, Monitor.VALIDATION_LOSS: validation}
    curve = curves.get(decides, ())
    if len(curve) == 0 or np.isfinite(curve).any():
        return []
    return [
        UndefinedScoreWarning(
            f"{decides.value[0].upper()}{decides.value[1:]} was NaN or infinite in each of the "
            f"{len(curve)} epochs, so there is no best epoch: the weights are those of the last "
            "epoch. Choose another monitor, or other validation samples."
        )
    ]


def _has_negative(weight: Array | None) -> bool:
    """Return True for negative weights, with which a constant need not be best and R² misleads."""
    return weight is not None and bool((weight < 0).any())


def _compared(task: Regression, loss: float, constant: float) -> str:
    if LOSSES[str(task.loss)].mean_over_outputs:
        return f"R² on the training samples is {1 - loss / constant:.3g}"
    return (
        f"the loss on the training samples is {loss:.3g}, and predicting one number for every "
        f"sample gives {constant:.3g}"
    )


def _sample(fit: Assignment, task: Regression) -> Rows:
    """Return some samples in float64, with their targets as trained on."""
    every = slice(None, None, max(1, fit.X.shape[0] // SAMPLE))
    weight = None if fit.weight is None else fit.weight[every].astype(np.float64)
    if weight is not None and not weight.sum() > 0:
        weight = None
    targets = replace(task, y=task.y[every]).targets(np.float64)
    return Rows(on_host(fit.X[every]).astype(np.float64), targets, weight)


def _constant_prediction(task: Regression, sample: Rows) -> Array:
    """Return the best constant prediction: means, medians or quantiles, and deviations."""
    y, weight = sample.y, sample.weight
    if task.quantiles is not None:
        present = _present_targets(sample)
        columns = np.ravel([np.quantile(values, task.quantiles) for values in present])
    elif LOSSES[str(task.loss)].is_smooth:
        columns = np.average(y, axis=0, weights=weight)
    else:
        columns = np.array([np.median(values) for values in _present_targets(sample)])
    if INVERSE_LINKS[task.inverse_link].by_pairs:
        deviation = np.sqrt(np.average((y - columns) ** 2, axis=0, weights=weight))
        columns = np.column_stack([columns, np.maximum(deviation, 1e-12)]).ravel()
    return np.broadcast_to(columns, (len(y), len(columns)))


def _prediction(network: Network, sample: Rows) -> Array:
    with np.errstate(all="ignore"):
        return forward(network.in_dtype(np.dtype(np.float64)), sample.X).prediction


def _present_targets(sample: Rows) -> list[AnyArray]:
    """Return the values of each target that are not missing."""
    weight = sample.weight
    if weight is None or weight.ndim == 1:
        return list(sample.y.T)
    return [values[counts] for values, counts in zip(sample.y.T, (weight != 0).T, strict=True)]


def _mean_loss(fit: Assignment, sample: Rows, prediction: Array) -> float:
    with np.errstate(all="ignore"):
        value, _ = row_losses(fit.spec, fit.objective, prediction, prediction, sample)
    return float(value.sum()) / weight_sum(sample)


def _size_of(task: Regression, present: list[AnyArray]) -> str | None:
    """Describe a target far from 1 in size; None if it is not, or if scale_target cannot help."""
    if task.scaling is not None or not INVERSE_LINKS[task.inverse_link].follows_scale:
        return None
    mean = np.abs([values.mean() for values in present])
    deviation = np.array([values.std() for values in present])
    large = np.maximum(mean, deviation)
    if large.max() > LARGEST_TARGET:
        column = int(large.argmax())
    elif deviation.min() < SMALLEST_DEVIATION:
        column = int(deviation.argmin())
    else:
        return None
    return f"mean {present[column].mean():.3g}, standard deviation {deviation[column]:.3g}"


def stalled_accuracy(
    fit: Assignment,
    scores: Sequence[float],
    validation_losses: Sequence[float],
) -> list[DiagnosticWarning]:
    """Return a warning if early stopping ended a fit by an accuracy that could not rise."""
    settings, task = fit.settings, fit.task
    if not isinstance(task, Classification) or task.encoding.kind not in ("binary", "multiclass"):
        return []
    if not settings.early_stopping or settings.monitoring.requested is not None:
        return []
    if len(scores) >= settings.max_iter:
        return []
    if _has_negative(fit.weight):
        return []
    if len(validation_losses) < FEWEST_EPOCHS or len(scores) != len(validation_losses):
        return []
    fraction = _most_frequent(task, fit.weight)
    best, last = int(np.argmax(scores)), validation_losses[-1]
    # Among few held-out samples the class may be more frequent, by a sample or two.
    n_held_out = settings.validation_fraction * fit.X.shape[0]
    if fit.held_out is not None:
        n_held_out = fit.held_out.X.shape[0]
    is_constant = fraction >= UNBALANCED and max(scores) <= fraction + 2 / n_held_out
    if not (is_constant and last < 0.99 * validation_losses[best]):
        return []
    return [
        StalledAccuracyWarning(
            f"Early stopping monitored accuracy, which stayed at {max(scores):.3g}, the fraction "
            f"of the most frequent class, and restored epoch {best + 1}, while the loss on "
            f"held-out samples still fell, from {validation_losses[best]:.3g} to {last:.3g}. Set "
            "monitor='neg_log_loss', which shows progress in the probabilities of rare classes."
        )
    ]


def _most_frequent(task: Classification, weight: Array | None) -> float:
    """Return the weighted fraction of the most frequent class."""
    codes = np.searchsorted(task.encoding.classes, task.y)
    counts = np.bincount(codes, weights=weight)
    return float(counts.max() / counts.sum())
