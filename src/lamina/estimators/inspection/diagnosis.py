"""Diagnose a fit from its data, its units and its losses.

Each finding is a warning that names the cure. The checks look at a sample that costs a few
microseconds, so their thresholds are set to report only gross mistakes.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Sequence

import numpy as np
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.parallel import _get_threadpool_controller

from lamina.blocks import AnyBlock
from lamina.engines.device_matrix import DeviceMatrix, on_host
from lamina.errors import (
    DeadUnitsWarning,
    DiagnosticWarning,
    DivergingLossWarning,
    RisingValidationLossWarning,
    SaturatedUnitsWarning,
    UnscaledFeaturesWarning,
    UnscaledTargetWarning,
)
from lamina.estimators.fitting.input_codes import codes_of_columns
from lamina.estimators.fitting.inputs import Assignment
from lamina.estimators.fitting.running import FitResult
from lamina.estimators.inspection.idle_units import active_units, saturates
from lamina.estimators.inspection.unlearned import unlearned_findings
from lamina.formulas.table import AnyArray, Array, Matrix
from lamina.network import Network
from lamina.network.passes import forward

AUTOMATIC = "auto"
# Initial weights are drawn for features of size one. The mean of |x| is at most 1 in a standardised
# column whatever its outliers, and in one-hot columns and those scaled into [-1, 1].
LARGEST_FEATURE = 20.0
SAMPLE = 64
FIRST_ROWS = 32
LARGER_SAMPLE = 1024
# A single epoch's loss is noisy: a rise counts only if all of the last few epochs show it.
LAST_EPOCHS = 3
# Products of a sample with a weight in a fit of some tens of milliseconds.
MUCH_WORK = 1e8
FEWEST_EPOCHS = 5
LONG_RISE = 20


class Diagnosis:
    """Findings about one fit; none if the estimator's `diagnostics` is False.

    Parameters
    ----------
    fit : Assignment
    """

    def __init__(self, fit: Assignment) -> None:
        self.fit, self.diagnostics = fit, fit.settings.diagnostics
        self.findings: list[DiagnosticWarning] = []
        self.n_issued = 0

    def check_data(self, stacklevel: int) -> None:
        """Check the samples, and issue the findings before training."""
        if self.diagnostics and (self.fit.fresh or not self.fit.incremental):
            names = getattr(self.fit.model, "feature_names_in_", None)
            inputs = self.fit.inputs
            codes = () if inputs is None else codes_of_columns(inputs.stage)
            self.findings += unscaled_features(self.fit.X, names, codes)
            self.issue(None, stacklevel + 1)

    def check_outcome(self, outcome: FitResult) -> dict[str, list[str] | None]:
        """Check the losses and units after a fit; return the fitted attribute with the findings.

        It is None with diagnostics=False. A single epoch is not enough to judge.
        """
        fit = self.fit
        if self.diagnostics and not fit.incremental:
            self._check_curves(outcome)
        if fit.incremental and not fit.fresh:
            return {}
        return {"diagnoses_": [str(each) for each in self.findings] if self.diagnostics else None}

    def _check_curves(self, outcome: FitResult) -> None:
        fit, settings, attributes = self.fit, self.fit.settings, outcome.attributes
        n_epochs, columns = attributes["n_iter_"], attributes.get("_history", {})
        losses = _latest(attributes.get("loss_curve_"), n_epochs)
        validation = _latest(columns.get("validation_loss"), n_epochs)
        scores = _latest(attributes.get("validation_scores_"), n_epochs)
        diverging = diverging_loss(losses, settings.initial_rate)
        # A loss that diverges on the training set rises on the validation set for the same reason.
        is_judged = not (diverging or settings.restore_best)
        rising = rising_validation_loss(validation, losses) if is_judged else []
        checks_units = self.should_check_units(losses)
        unlearned, others = unlearned_findings(fit, outcome, scores, validation)
        # An unreachable target makes the loss diverge, and a diverging loss learns nothing.
        is_unscaled = any(isinstance(each, UnscaledTargetWarning) for each in unlearned)
        self.findings += diverging if diverging and not is_unscaled else unlearned
        self.findings += [*others, *rising]
        if checks_units:
            # BLAS threads keep spinning for a while after a product, on the cores where the next
            # fit would run, and slow it down by a fifth.
            with _get_threadpool_controller().limit(limits=1, user_api="blas"):
                self.findings += idle_layers(outcome.network, fit.X)

    def should_check_units(self, losses: Sequence[float]) -> bool:
        """Return True if checking the units is cheap next to the fit, or the loss calls for it.

        The check takes as long as dozens of steps of a small network, which needs none if it
        learned.
        """
        if not losses:
            return True
        work = len(losses) * self.fit.X.shape[0] * self.fit.start.size
        learned_well = losses[-1] < 0.5 * losses[0]
        return work > MUCH_WORK or (len(losses) >= FEWEST_EPOCHS and not learned_well)

    def issue(self, ending: Warning | None, stacklevel: int) -> None:
        """Issue the warning about a fit's ending, and those of the new findings if requested.

        By default a fit issues only scikit-learn's own warnings, because a program that counts
        warnings or turns them into errors must run as it did with scikit-learn's classes. Its
        ConvergenceWarning then lists the findings as reasons.
        """
        new = self.findings[self.n_issued :]
        self.n_issued = len(self.findings)
        if isinstance(ending, ConvergenceWarning) and self.diagnostics == AUTOMATIC:
            ending = ConvergenceWarning(" ".join(map(str, (ending, *self.findings))))
        for warning in (ending, *(new if self.diagnostics != AUTOMATIC else ())):
            if warning is not None:
                warnings.warn(warning, stacklevel=stacklevel + 1)


def _latest(curve: Sequence[float] | None, n_epochs: int) -> Sequence[float]:
    """Return the part of a curve that belongs to the latest fit; empty if there is no curve."""
    return curve[max(0, len(curve) - n_epochs) :] if curve else ()


def unscaled_features(
    X: Matrix, names: AnyArray | None, codes: Iterable[int] = ()
) -> list[DiagnosticWarning]:
    """Return a warning if a column's sampled values have a large mean magnitude.

    Columns that hold codes of categories have no size.
    """
    sizes = _feature_sizes(X)
    if sizes is not None:
        sizes[list(codes)] = 0
    if sizes is None or not sizes.max() > LARGEST_FEATURE:
        return []
    largest = int(sizes.argmax())
    name = f"column {largest}" if names is None else f"column {names[largest]!r}"
    return [
        UnscaledFeaturesWarning(
            f"The features are not scaled: the mean magnitude of {name} is about "
            f"{sizes[largest]:.0e}, and initial weights are drawn for features of about 1. Large "
            "features drown the others, and the loss is hard to minimise. Put a scaler first: "
            "make_pipeline(StandardScaler(), model), or MaxAbsScaler() for sparse data."
        )
    ]


def _feature_sizes(X: Matrix) -> Array | None:
    """Return the mean |x| of each column over some samples, or None if no number is large."""
    if isinstance(X, DeviceMatrix):
        X = on_host(X[:: max(1, X.shape[0] // SAMPLE)])
    sample = X[:: max(1, X.shape[0] // SAMPLE)] if isinstance(X, np.ndarray) else X.data
    if not _has_large(sample):
        return None
    if sparse.issparse(X):
        sample = X[:: max(1, X.shape[0] // SAMPLE)]
    with np.errstate(over="ignore"):
        return np.asarray(abs(sample).sum(axis=0) / sample.shape[0]).ravel()


def _has_large(numbers: AnyArray) -> bool:
    return numbers.size > 0 and bool(
        numbers.max() > LARGEST_FEATURE or numbers.min() < -LARGEST_FEATURE
    )


def idle_layers(network: Network, X: Matrix) -> list[DiagnosticWarning]:
    """Return warnings for the first layers that are full of dead or saturated units."""
    # A unit that any sample activates is active, so the first samples settle most layers at once.
    if not _mostly_idle(network, on_host(X[:FIRST_ROWS])):
        return []
    sample = on_host(X[:: max(1, X.shape[0] // LARGER_SAMPLE)])
    found: dict[type, DiagnosticWarning] = {}
    for place, n_idle in _mostly_idle(network, sample):
        layer = network.spec.layers[place]
        kind = SaturatedUnitsWarning if saturates(layer.output_function) else DeadUnitsWarning
        found.setdefault(kind, kind(_idle_message(layer, n_idle)))
    return list(found.values())


def _mostly_idle(network: Network, X: Matrix) -> list[tuple[int, int]]:
    """Return index and idle count of each hidden layer in which most units never change."""
    if len(network.spec.layers) == 1:
        return []
    X = X.astype(network.dtype, copy=False)
    with np.errstate(all="ignore"):
        active = active_units(network, forward(network, X))
    counts = ((i, len(units) - int(np.count_nonzero(units))) for i, units in enumerate(active))
    return [(i, n_idle) for i, n_idle in counts if 2 * n_idle > len(active[i])]


def _idle_message(block: AnyBlock, n_idle: int) -> str:
    function = block.output_function
    what = f"{n_idle} of the {block.fan_out} units of layer {block.name!r}"
    if saturates(function):
        return (
            f"{what} are saturated: their {str(function)!r} is flat for every sample checked, "
            "so they hardly learn. Scale the features with StandardScaler, choose a smaller "
            "learning_rate_init, a larger alpha, or activation='relu'."
        )
    return (
        f"{what} are dead: their {str(function)!r} is flat for every sample checked, so they "
        "no longer learn. Choose a smaller learning_rate_init, scale the features with "
        "StandardScaler, or choose an activation that is not flat on the left."
    )


def diverging_loss(
    losses: Sequence[float], rate: float, start: float = math.nan
) -> list[DiagnosticWarning]:
    """Return a warning if the loss has lost most of its gain, or never had any, at the end.

    Parameters
    ----------
    losses : sequence of float
        Training loss of every epoch.
    rate : float
        Learning rate that the message names.
    start : float, default=nan
        Loss before the first step, if available: a rate that is far too large spoils even the
        first epoch, which is then no reference for the others.
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
    """Return a warning if the validation loss rises while the training loss keeps falling.

    Parameters
    ----------
    losses, training_losses : sequence of float
        Validation and training loss of every epoch. A network that memorises its samples has a
        training loss below its best validation loss; one that has not learned at all may have a
        rising validation loss as well.
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
            "network memorises its samples. Set early_stopping=True or a smaller max_iter, "
            "choose a larger alpha or a smaller network, or bring more samples."
        )
    ]
