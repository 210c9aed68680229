"""Learning-rate range test: train for one step at each of many rising rates, and suggest one.

Smith 2017, Cyclical learning rates for training neural networks, section 3.3.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from numbers import Real

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone

from lamina.encoding.frames import ArrayOrTable
from lamina.errors import NonFiniteError
from lamina.estimators.settings.contradictions import minibatch_solvers
from lamina.estimators.settings.refusals import require_whole, shown
from lamina.formulas import is_minibatch
from lamina.training.under_way import FitUnderWay

# A running mean smooths the loss of single batches, so that one lucky batch decides nothing.
SMOOTHING = 0.9
# Rates beyond the lowest loss are too large. A tenth of that rate did better than a fifth, a third,
# and points of the falling curve: on five data sets, with sgd and adam and three seeds each.
SAFETY = 10.0
DIVERGED = 4.0
FEWEST_STEPS = 10


@dataclass(frozen=True, eq=False)
class LearningRateRange:
    """Result of a learning-rate range test.

    Attributes
    ----------
    suggestion : float
        Rate for `learning_rate_init`: a tenth of the rate with the lowest smoothed loss.
    rates : ndarray of float64 of shape (n_steps,)
        Rates tried, in a geometric sequence.
    losses : ndarray of float64 of shape (n_steps,)
        Loss of each step's batch before the step, penalty included.
    smoothed : ndarray of float64 of shape (n_steps,)
        Running mean of the losses.
    """

    suggestion: float
    rates: NDArray[np.float64] = field(repr=False)
    losses: NDArray[np.float64] = field(repr=False)
    smoothed: NDArray[np.float64] = field(repr=False)


class RangeTested:
    """Method of both estimators that searches for a learning rate."""

    def find_learning_rate(
        self,
        X: ArrayOrTable,
        y: ArrayOrTable,
        sample_weight: ArrayLike | None = None,
        *,
        lowest: float = 1e-6,
        highest: float = 10.0,
        n_steps: int = 100,
    ) -> LearningRateRange:
        """Train a copy for one step at each of many rising learning rates, and suggest one.

        The copy starts from newly drawn weights, takes one step at each rate, and stops when the
        loss has risen to four times its minimum. The estimator itself does not change.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        sample_weight : array-like of shape (n_samples,), optional
        lowest, highest : float
            First and last rate.
        n_steps : int
            Number of rates, 10 or more.

        Returns
        -------
        LearningRateRange
            The curve and a suggestion.

        Raises
        ------
        ValueError
            For bounds out of order, for solver='lbfgs', and if the loss decreases at no rate.
        NonFiniteError
            If the loss is infinite or NaN at the lowest rate.

        References
        ----------
        Smith 2017, Cyclical learning rates for training neural networks, section 3.3.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from lamina import MLPClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> model = MLPClassifier((10,), random_state=0)
        >>> found = model.find_learning_rate(X, y)
        >>> model = model.set_params(learning_rate_init=found.suggestion)
        >>> 0.001 < found.suggestion < 0.1
        True
        """
        require_whole("n_steps", n_steps, f"the number of rates, at least {FEWEST_STEPS}")
        bounds: dict[str, object] = {"lowest": lowest, "highest": highest}
        for name, value in bounds.items():
            if not isinstance(value, Real):
                raise TypeError(f"{name}={shown(value)} must be a number, a learning rate.")
        if not 0 < lowest < highest < math.inf or n_steps < FEWEST_STEPS:
            raise ValueError(
                f"find_learning_rate takes 0 < lowest < highest and n_steps >= {FEWEST_STEPS}, got "
                f"lowest={lowest!r}, highest={highest!r}, n_steps={n_steps!r}."
            )
        solver: str = self.solver  # type: ignore[attr-defined]
        if not is_minibatch(solver):
            raise ValueError(
                f"find_learning_rate searches for a learning rate, and solver={solver!r} has "
                f"none. Choose one of the minibatch solvers: {minibatch_solvers()}."
            )
        rates = np.geomspace(lowest, highest, n_steps)
        note = _Note(n_steps)
        copy = clone(self).set_params(
            learning_rate=lambda step, epoch: float(rates[min(step, n_steps - 1)]),
            callbacks=note,
            max_iter=n_steps + 1,
            **UNDISTURBED,
        )
        try:
            copy.fit(X, y, sample_weight)
        except NonFiniteError:
            if len(note.losses) < FEWEST_STEPS:
                raise
        losses = np.array(note.losses)
        rates = rates[: len(losses)]
        smoothed = running_mean(losses)
        return LearningRateRange(suggest(rates, smoothed), rates, losses, smoothed)


# Neutral values of parameters that would hold out samples, end the copy's fit, change its rate, or
# print.
UNDISTURBED: dict[str, object] = {
    "learning_rate_options": None,
    "warmup": 0.0,
    "early_stopping": False,
    "monitor": None,
    # A rate that suits one network suits each member.
    "members": None,
    "restore_best": None,
    "n_iter_no_change": math.inf,
    "max_seconds": None,
    "warm_start": False,
    "verbose": False,
    "checkpoint": None,
    "checkpoint_every": None,
    "checkpoint_seconds": None,
    "diagnostics": False,
}


class _Note:
    """Callback that records the loss of every step, and ends the fit once it diverges."""

    def __init__(self, n_steps: int) -> None:
        self.n_steps = n_steps
        self.losses: list[float] = []

    def on_step(self, fit: FitUnderWay) -> None:
        self.losses.append(fit.loss)
        tried = len(self.losses)
        has_diverged = tried > FEWEST_STEPS and abs(fit.loss) > DIVERGED * abs(min(self.losses))
        if tried == self.n_steps or has_diverged:
            fit.stop()


def running_mean(losses: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return m ← s m + (1 - s) loss, divided by 1 - sᵗ to correct the bias of the first means.

    Examples
    --------
    >>> running_mean(np.array([2.0, 2.0, 2.0])).round(12)
    array([2., 2., 2.])
    """
    mean, means = 0.0, []
    for step, loss in enumerate(losses.tolist(), start=1):
        mean = SMOOTHING * mean + (1 - SMOOTHING) * loss
        means.append(mean / (1 - SMOOTHING**step))
    return np.array(means)


def suggest(rates: NDArray[np.float64], smoothed: NDArray[np.float64]) -> float:
    """Return a tenth of the rate with the lowest smoothed loss.

    Raises
    ------
    ValueError
        If the loss decreases at no rate.
    """
    lowest = int(np.argmin(smoothed))
    if lowest == 0:
        raise ValueError(
            f"the loss falls at no learning rate from {rates[0]:g} to {rates[-1]:g}. Scale the "
            "inputs with StandardScaler, or try a smaller `lowest`."
        )
    return float(rates[lowest] / SAFETY)
