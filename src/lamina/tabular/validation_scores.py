"""Out-of-fold score of an ensemble, with its standard error."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import log_loss, roc_auc_score, root_mean_squared_error

from lamina.formulas.table import AnyArray
from lamina.tabular.folds import Split
from lamina.tabular.time_limits import TimeLimit

N_RESAMPLES = 200
# Number of resamples when time is short: the standard error is then precise to a sixth.
FEWEST_RESAMPLES = 20

Metric = Callable[[AnyArray, NDArray[np.float64]], float]


class ValidationScore(NamedTuple):
    """Score, higher is better, and its standard error.

    Attributes
    ----------
    metric : str
        scikit-learn's name, such as 'roc_auc'.
    value, standard_error : float
    """

    metric: str
    value: float
    standard_error: float


def _area(classes: AnyArray, probabilities: NDArray[np.float64]) -> float:
    return float(roc_auc_score(classes == 1, probabilities[:, 1]))


def _log_likelihood(classes: AnyArray, probabilities: NDArray[np.float64]) -> float:
    probabilities = probabilities / probabilities.sum(axis=1, keepdims=True)
    return -float(log_loss(classes, probabilities, labels=np.arange(probabilities.shape[1])))


def _error(y: AnyArray, predictions: NDArray[np.float64]) -> float:
    return -float(root_mean_squared_error(y, predictions))


METRICS: Mapping[str, Metric] = {
    "roc_auc": _area,
    "neg_log_loss": _log_likelihood,
    "neg_root_mean_squared_error": _error,
}


def score_with_error(
    metric: str,
    y: AnyArray,
    predictions: NDArray[np.float64],
    measure: Metric | None = None,
    limit: TimeLimit | None = None,
    groups: NDArray[np.int64] | None = None,
) -> ValidationScore:
    """Score predictions, and estimate the standard error by the bootstrap (Efron 1979).

    Samples of a group err alike: then whole groups are drawn instead of samples (Davison, Hinkley,
    "Bootstrap methods and their application", 1997, section 3.8).

    Parameters
    ----------
    metric : str
        The name of `measure`, or by default the key of one of `METRICS`.
    y : ndarray of shape (n_samples,)
        Values, or classes as integers from 0.
    predictions : ndarray of shape (n_samples,) or (n_samples, n_classes)
    measure : callable, optional
        `measure(y, predictions)`; higher is better.
    limit : TimeLimit, optional
        If it is short, only 20 resamples are drawn, with a remark.
    groups : ndarray of int64, shape (n_samples,), optional
        By default each sample is a group of its own.

    Examples
    --------
    >>> import numpy as np
    >>> score_with_error("neg_root_mean_squared_error", np.zeros(4), np.ones(4))
    ValidationScore(metric='neg_root_mean_squared_error', value=-1.0, standard_error=0.0)
    """
    measure = METRICS[metric] if measure is None else measure
    limit = TimeLimit() if limit is None else limit
    groups = np.arange(len(y)) if groups is None else np.unique(groups, return_inverse=True)[1]
    n_groups, draws = int(groups.max()) + 1, np.random.RandomState(0)
    values: list[float] = []
    while len(values) < N_RESAMPLES:
        if len(values) >= FEWEST_RESAMPLES and limit.is_short():
            limit.remarks.append(
                f"time_limit left {len(values)} of {N_RESAMPLES} resamples to the standard error"
            )
            break
        drawn = np.bincount(draws.randint(n_groups, size=n_groups), minlength=n_groups)
        rows = np.repeat(np.arange(len(y)), drawn[groups])
        values.append(measured_or_nan(measure, y[rows], predictions[rows]))
    usable = [value for value in values if np.isfinite(value)]
    error = float(np.std(usable)) if usable else np.nan
    return ValidationScore(metric, measured_or_nan(measure, y, predictions), error)


def cross_validated_score(
    score: ValidationScore, splits: Sequence[Split], n_validated: int
) -> ValidationScore:
    """Return the score with a standard error that allows for overlapping training sets.

    The bootstrap draws samples and keeps the networks: it omits that other training samples give
    other networks, and that the networks of two splits share most of their training samples, so
    that their scores err alike. For J splits with n₁ training and n₂ validation samples, and the
    variance S² of the score of one split, the squared standard error is S² (1/J + n₂/n₁) (Nadeau,
    Bengio, "Inference for the generalization error", 2003, equation 9). The bootstrap over n
    samples gives S² n₂/n, so its square is multiplied by (n/n₂) (1/J + n₂/n₁), which is 1 + n/n₁
    for folds.

    Parameters
    ----------
    score : ValidationScore
        With the standard error of the bootstrap.
    splits : sequence of Split
        n₁ and n₂ are their mean sizes.
    n_validated : int
        n, the number of samples in any validation set.

    Examples
    --------
    >>> import numpy as np
    >>> halves = [
    ...     Split(np.arange(50), np.arange(50, 100)),
    ...     Split(np.arange(50, 100), np.arange(50)),
    ... ]
    >>> score = cross_validated_score(ValidationScore("roc_auc", 0.8, 0.01), halves, 100)
    >>> round(score.standard_error, 4)
    0.0173
    """
    n_train = np.mean([len(split.train) for split in splits])
    n_validation = np.mean([len(split.validation) for split in splits])
    factor = n_validated / n_validation * (1 / len(splits) + n_validation / n_train)
    return score._replace(standard_error=float(score.standard_error * np.sqrt(factor)))


def later_score(
    score: ValidationScore,
    y: AnyArray,
    predictions: NDArray[np.float64],
    measure: Metric,
    periods: NDArray[np.int64],
) -> ValidationScore:
    """Return the score with the standard error of one further period.

    Periods differ, so a later one may have another score than the samples of all: for n periods
    with scores of variance s², the squared standard error is s² (1 + 1/n). Without two periods
    that can be scored, the score is returned as it is.

    Parameters
    ----------
    score : ValidationScore
    y, predictions, measure
        As in `score_with_error`.
    periods : ndarray of int64, shape (n_samples,)

    Examples
    --------
    >>> import numpy as np
    >>> y, periods = np.zeros(4), np.array([0, 0, 1, 1])
    >>> score = ValidationScore("neg_root_mean_squared_error", -1.5, 0.1)
    >>> later = later_score(score, y, np.array([1.0, 1, 2, 2]), METRICS[score.metric], periods)
    >>> round(later.standard_error, 3)
    0.866
    """
    chosen = [periods == period for period in np.unique(periods)]
    scores = np.array([measured_or_nan(measure, y[rows], predictions[rows]) for rows in chosen])
    usable = scores[np.isfinite(scores)]
    if len(usable) < 2:
        return score
    error = float(np.std(usable, ddof=1) * np.sqrt(1 + 1 / len(usable)))
    return score._replace(standard_error=max(error, score.standard_error))


def measured_or_nan(measure: Metric, y: AnyArray, predictions: NDArray[np.float64]) -> float:
    """Return a score, or NaN if only one of two classes occurs, so that there is no ROC curve."""
    if measure is METRICS["roc_auc"] and len(np.unique(y)) < 2:
        return np.nan
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return measure(y, predictions)
    except ValueError:
        return np.nan
