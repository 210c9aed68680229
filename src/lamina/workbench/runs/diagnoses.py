"""Problems found while a run is under way, and the changes that may solve them.

Checks and messages are those of an estimator's `diagnoses_`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import nan

from lamina.errors import (
    DeadUnitsWarning,
    DiagnosticWarning,
    DivergingLossWarning,
    RisingValidationLossWarning,
    SaturatedUnitsWarning,
    UnscaledFeaturesWarning,
)
from lamina.estimators.inspection.diagnosis import (
    diverging_loss,
    idle_layers,
    rising_validation_loss,
    unscaled_features,
)
from lamina.workbench.data.plain import Message
from lamina.workbench.runs.curves import Snapshot
from lamina.workbench.runs.run import Run

Cure = tuple[str, Message]

NOT_FINITE = "not finite"
FASTER_STOP = 20


def diagnose(run: Run, snapshot: Snapshot) -> list[Message]:
    """Return the findings of a run up to a snapshot, each with a name, a message and cures.

    A cure is a label and a JSON merge patch of the experiment. No finding is based on one epoch
    alone, and each cause gives one finding: a fit that diverges is not also reported as
    overfitting, and its dead or saturated units are part of the same finding.
    """
    if run.message is not None:
        cures = _cures_as_json([*_smaller_rate(run), *_scaling(run)])
        return [{"name": NOT_FINITE, "message": run.message, "cures": cures}]
    return [_finding(run, causes) for causes in _causes(run, snapshot)]


def _finding(run: Run, signs: Sequence[DiagnosticWarning]) -> Message:
    """Return one finding for one cause, named after its first sign, with the cures of all signs."""
    cures = {label: patch for sign in signs for label, patch in CURES[type(sign)](run)}
    message = " ".join(map(str, signs))
    return {
        "name": NAMES[type(signs[0])],
        "message": message,
        "cures": _cures_as_json([*cures.items()]),
    }


def _causes(run: Run, snapshot: Snapshot) -> Iterator[Sequence[DiagnosticWarning]]:
    """Yield the signs of each cause."""
    curves, prepared = run.controller.curves, run.prepared
    for unscaled in unscaled_features(prepared.X_train, None):
        yield [unscaled]
    if not snapshot.epoch or not run.is_minibatch:
        return
    losses, validation_losses = curves.course()
    diverging = diverging_loss(losses, run.model.learning_rate_init, curves.first.get("loss", nan))
    idle = idle_layers(run.drawn(snapshot), prepared.X_train)
    if diverging:
        # Steps that make the loss diverge also drive units into saturation.
        yield [*diverging, *idle]
        return
    for sign in (*idle, *rising_validation_loss(validation_losses, losses)):
        yield [sign]


def _cures_as_json(cures: Sequence[Cure]) -> list[Message]:
    return [{"label": label, "experiment": patch} for label, patch in cures]


def _scaling(run: Run) -> list[Cure]:
    if run.prepared.experiment.scaled:
        return []
    return [("Scale the inputs", {"scaled": True})]


def _smaller_rate(run: Run) -> list[Cure]:
    rate = float(f"{run.model.learning_rate_init / 10:.3g}")
    label = f"Learning rate {rate:g}"
    return [(label, {"model": {"learning_rate_init": rate}})] if run.is_minibatch else []


def _of_dead_units(run: Run) -> list[Cure]:
    leaky: Cure = ("Activation leaky_relu", {"model": {"activation": "leaky_relu"}})
    return [*_smaller_rate(run), leaky, *_scaling(run)]


def _of_saturated_units(run: Run) -> list[Cure]:
    relu: Cure = ("Activation relu", {"model": {"activation": "relu"}})
    return [*_smaller_rate(run), relu, *_scaling(run)]


def _of_rising_validation_loss(run: Run) -> list[Cure]:
    alpha = max(10 * float(run.model.alpha), 0.01)
    stops: Cure = (
        "Stop early",
        {"model": {"early_stopping": True, "n_iter_no_change": FASTER_STOP}},
    )
    return [stops, (f"Penalty alpha {alpha:g}", {"model": {"alpha": alpha}})]


def _of_diverging_loss(run: Run) -> list[Cure]:
    return [*_smaller_rate(run), *_scaling(run)]


NAMES: dict[type[DiagnosticWarning], str] = {
    UnscaledFeaturesWarning: "unscaled inputs",
    DeadUnitsWarning: "dead units",
    SaturatedUnitsWarning: "saturated units",
    DivergingLossWarning: "diverging loss",
    RisingValidationLossWarning: "overfitting",
}
CURES: dict[type[DiagnosticWarning], Callable[[Run], list[Cure]]] = {
    UnscaledFeaturesWarning: _scaling,
    DeadUnitsWarning: _of_dead_units,
    SaturatedUnitsWarning: _of_saturated_units,
    DivergingLossWarning: _of_diverging_loss,
    RisingValidationLossWarning: _of_rising_validation_loss,
}
