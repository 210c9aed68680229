"""Diagnosis: what has gone wrong in a fit, seen from its data, its units and its losses.

Each finding is a warning that names the cure. What is looked at is a sample that costs a few
microseconds, so the thresholds are such that only a gross mistake passes them.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.parallel import _get_threadpool_controller

from lamina.engines.engine import Matrix
from lamina.engines.reference import forward
from lamina.errors import (
    DeadUnitsWarning,
    DiagnosticWarning,
    DivergingLossWarning,
    RisingValidationLossWarning,
    SaturatedUnitsWarning,
    UnscaledFeaturesWarning,
    UnscaledTargetWarning,
)
from lamina.estimators.fitting import Assignment
from lamina.estimators.idle_units import active_units, saturates
from lamina.estimators.state import parameters_of
from lamina.estimators.unlearned import learned_nothing, stalled_accuracy, undefined_scores
from lamina.estimators.validating import monitored
from lamina.formulas.table import Array
from lamina.network import Dense, NetworkSpec

AUTOMATIC = "auto"
# First weights are drawn for features of size one. The mean of |x| is at most 1 in a standardised
# column whatever its outliers, and in one-hot columns and those scaled into [-1, 1].
LARGEST_FEATURE = 20.0
SAMPLE = 64
FIRST_ROWS = 32
LARGER_SAMPLE = 1024
# One epoch's loss says little: a rise counts once the last few all show it.
LAST_EPOCHS = 3
# Products of a row with a weight in a fit of some tens of milliseconds.
MUCH_WORK = 1e8
FEWEST_EPOCHS = 5
LONG_RISE = 20


class Diagnosis:
    """One fit's findings; none where the estimator's `diagnostics` is False.

    Parameters
    ----------
    fit : Assignment
    """

    def __init__(self, fit: Assignment) -> None:
        self.fit, self.diagnostics = fit, fit.model.diagnostics
        self.findings: list[DiagnosticWarning] = []
        self.n_given = 0

    def look_at_rows(self, stacklevel: int) -> None:
        """Look at the rows, and give what is found before anything is learned from them."""
        if self.diagnostics and (self.fit.fresh or not self.fit.incremental):
            names = getattr(self.fit.model, "feature_names_in_", None)
            self.findings += unscaled_features(self.fit.X, names)
            self.give(None, stacklevel + 1)

    def look_at(self, attributes: Mapping[str, Any]) -> None:
        """Look at the losses and units that the fit leaves; one epoch by itself says nothing."""
        if not self.diagnostics or self.fit.incremental:
            return
        n_epochs, columns = attributes["n_iter_"], attributes.get("_history", {})
        losses = _latest(attributes.get("loss_curve_"), n_epochs)
        parameters = parameters_of(SimpleNamespace(**attributes))
        validation = _latest(columns.get("validation_loss"), n_epochs)
        diverging = diverging_loss(losses, self.fit.model.learning_rate_init)
        unlearned = learned_nothing(self.fit, attributes, parameters)
        # A target out of reach makes losses diverge; a loss that diverges has learned nothing.
        is_unscaled = any(isinstance(each, UnscaledTargetWarning) for each in unlearned)
        self.findings += diverging if diverging and not is_unscaled else unlearned
        scores = _latest(attributes.get("validation_scores_"), n_epochs)
        self.findings += stalled_accuracy(self.fit, scores, validation)
        model = self.fit.model
        decides = monitored(model.monitor, early_stopping=model.early_stopping).decides
        self.findings += undefined_scores(scores, validation, decides)
        # A loss that diverges on the rows learned from rises on the others for the same reason.
        if not diverging and not self.fit.model.restore_best:
            self.findings += rising_validation_loss(validation, losses)
        if self.units_deserve_a_look(losses):
            # The threads of BLAS go on spinning for a while after a product, where the next fit's
            # would run, and make it a fifth slower.
            with _get_threadpool_controller().limit(limits=1, user_api="blas"):
                self.findings += idle_layers(self.fit.spec, parameters, self.fit.X)

    def units_deserve_a_look(self, losses: Sequence[float]) -> bool:
        """Whether a look at the units costs nothing beside the fit, or the loss makes one due.

        It takes as long as dozens of steps of a small network, which needs none if it has learned.
        """
        if not losses:
            return True
        work = len(losses) * self.fit.X.shape[0] * self.fit.start.size
        learned_well = losses[-1] < 0.5 * losses[0]
        return work > MUCH_WORK or (len(losses) >= FEWEST_EPOCHS and not learned_well)

    def attributes(self) -> dict[str, Any]:
        """What the fitted estimator keeps: the findings as text; None where none were wanted."""
        if self.fit.incremental and not self.fit.fresh:
            return {}
        return {"diagnoses_": [str(each) for each in self.findings] if self.diagnostics else None}

    def give(self, ending: Warning | None, stacklevel: int) -> None:
        """Give the warning that a fit's ending deserves, and those of the findings that are new.

        By default there are none but scikit-learn's own, because a program that makes errors of
        warnings, or counts them, must run as it did with its classes: where those would warn that
        a fit has not converged, the findings tell why.
        """
        new = self.findings[self.n_given :]
        self.n_given = len(self.findings)
        if isinstance(ending, ConvergenceWarning) and self.diagnostics == AUTOMATIC:
            ending = ConvergenceWarning(" ".join(map(str, (ending, *self.findings))))
        for warning in (ending, *(new if self.diagnostics != AUTOMATIC else ())):
            if warning is not None:
                warnings.warn(warning, stacklevel=stacklevel + 1)


def _latest(curve: Sequence[float] | None, n_epochs: int) -> Sequence[float]:
    """A curve's part that is the latest fit's; empty where there is no such curve."""
    return curve[max(0, len(curve) - n_epochs) :] if curve else ()


def unscaled_features(X: Matrix, names: NDArray[Any] | None) -> list[DiagnosticWarning]:
    """A warning where the sample of a column is large on the average."""
    sizes = _feature_sizes(X)
    if sizes is None or not sizes.max() > LARGEST_FEATURE:
        return []
    largest = int(sizes.argmax())
    name = f"column {largest}" if names is None else f"column {names[largest]!r}"
    return [
        UnscaledFeaturesWarning(
            f"The features are not scaled: the mean size of {name} is about "
            f"{sizes[largest]:.0e}, and first weights are drawn for features of about 1. Large "
            "features drown the others, and the loss is hard to descend. Put a scaler first: "
            "make_pipeline(StandardScaler(), model), or MaxAbsScaler() for sparse rows."
        )
    ]


def _feature_sizes(X: Matrix) -> Array | None:
    """The mean |x| of each column over a sample of rows; None where no number is large."""
    sample = X[:: max(1, X.shape[0] // SAMPLE)] if isinstance(X, np.ndarray) else X.data
    if not _has_large(sample):
        return None
    if sparse.issparse(X):
        sample = X[:: max(1, X.shape[0] // SAMPLE)]
    with np.errstate(over="ignore"):
        return np.asarray(abs(sample).sum(axis=0) / sample.shape[0]).ravel()


def _has_large(numbers: NDArray[Any]) -> bool:
    return numbers.size > 0 and bool(
        numbers.max() > LARGEST_FEATURE or numbers.min() < -LARGEST_FEATURE
    )


def idle_layers(spec: NetworkSpec, parameters: Array, X: Matrix) -> list[DiagnosticWarning]:
    """For dead and for saturated units, a warning about the first layer that is full of them."""
    # A unit that any row makes active is active: the first rows tell of most layers at once.
    if not _mostly_idle(spec, parameters, X[:FIRST_ROWS]):
        return []
    sample = X[:: max(1, X.shape[0] // LARGER_SAMPLE)]
    found: dict[type, DiagnosticWarning] = {}
    for block, n_idle in _mostly_idle(spec, parameters, sample):
        layer = spec.blocks[block]
        kind = SaturatedUnitsWarning if saturates(layer.activation) else DeadUnitsWarning
        found.setdefault(kind, kind(_idle_message(layer, n_idle)))
    return list(found.values())


def _mostly_idle(spec: NetworkSpec, parameters: Array, X: Matrix) -> list[tuple[int, int]]:
    """The index of each hidden block most of whose units no row can change, and their number."""
    if len(spec.blocks) == 1:
        return []
    X = X.astype(parameters.dtype, copy=False)
    with np.errstate(all="ignore"):
        active = active_units(spec, parameters, forward(spec, parameters, X))
    counts = ((i, len(units) - int(np.count_nonzero(units))) for i, units in enumerate(active))
    return [(i, n_idle) for i, n_idle in counts if 2 * n_idle > len(active[i])]


def _idle_message(block: Dense, n_idle: int) -> str:
    what = f"{n_idle} of the {block.fan_out} units of layer {block.name!r}"
    if saturates(block.activation):
        return (
            f"{what} are saturated: for every row looked at, their {block.activation!r} is flat, "
            "and so they hardly learn. Scale the features with StandardScaler, choose a smaller "
            "learning_rate_init, a larger alpha, or activation='relu'."
        )
    return (
        f"{what} are dead: for every row looked at, their {block.activation!r} is flat, and they "
        "learn no more. Choose a smaller learning_rate_init, scale the features with "
        "StandardScaler, or choose an activation that is not flat on the left."
    )


def diverging_loss(
    losses: Sequence[float], rate: float, start: float = math.nan
) -> list[DiagnosticWarning]:
    """Return a warning if the loss has lost most of its gain, or never had any, at the end.

    Parameters
    ----------
    losses : sequence of float
        The training loss of every epoch.
    rate : float
        The learning rate that the message names.
    start : float, default=nan
        The loss before the first step, where it is known: a rate that is far too large spoils the
        first epoch already, which then is no measure of the others.
    """
    if len(losses) < FEWEST_EPOCHS:
        return []
    first, best, last = losses[0], min(losses), min(losses[-LAST_EPOCHS:])
    place = f"in epoch {losses.index(best) + 1}"
    if math.isfinite(start):
        first = start
        if start <= best:
            best, place = start, "before the first step"
    if not last - best > max(0.5 * (first - best), 0.2 * abs(first)):
        return []
    return [
        DivergingLossWarning(
            f"The loss diverges: it is {last:.3g} at the end, after {best:.3g} {place}. Choose a "
            f"learning_rate_init below {rate:g}, and scale the features with StandardScaler, and "
            "the target of a regression with scale_target=True."
        )
    ]


def rising_validation_loss(
    losses: Sequence[float], training_losses: Sequence[float]
) -> list[DiagnosticWarning]:
    """Return a warning if the validation loss rises while the training loss goes on falling.

    Parameters
    ----------
    losses, training_losses : sequence of float
        On held-out rows and on those learned from, of every epoch. A network that has learned its
        rows by heart has a training loss below any validation loss that it ever had; one that has
        not learned at all may have a rising validation loss as well.
    """
    if len(losses) < FEWEST_EPOCHS or len(training_losses) != len(losses):
        return []
    best = min(losses)
    at = losses.index(best)
    since = len(losses) - 1 - at
    rise = min(losses[-LAST_EPOCHS:]) - best
    if since < max(LONG_RISE, len(losses) // 3) or not rise > 0.1 * abs(best):
        return []
    training = max(training_losses[-LAST_EPOCHS:])
    if not training < min(training_losses[at], best):
        return []
    return [
        RisingValidationLossWarning(
            f"The validation loss has been rising for {since} epochs, from {best:.3g} to "
            f"{losses[-1]:.3g}, while the training loss fell to {training_losses[-1]:.3g}: the "
            "network learns its rows by heart. Set early_stopping=True or a smaller max_iter, "
            "choose a larger alpha or a smaller network, or bring more rows."
        )
    ]
