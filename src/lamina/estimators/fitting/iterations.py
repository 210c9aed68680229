"""Reject what needs one iteration at a time, for a minimisation that runs in one call."""

from __future__ import annotations

from collections.abc import Callable

from sklearn.utils._param_validation import InvalidParameterError

from lamina.engines.independent import IndependentEngine
from lamina.estimators.fitting.inputs import Assignment

# Parameters and arguments of `fit` that act after every iteration, with their value in this fit.
AFTER_EVERY_ITERATION: dict[str, Callable[[Assignment], object]] = {
    "callbacks": lambda fit: fit.settings.callbacks,
    "checkpoint": lambda fit: fit.settings.checkpoint,
    "monitor": lambda fit: fit.settings.monitoring.requested,
    "restore_best": lambda fit: fit.settings.restore_best,
    "verbose": lambda fit: "bar" if fit.settings.shows_bar else None,
    "resume": lambda fit: fit.resume,
    "validation_data": lambda fit: fit.held_out,
}


def refuse_iterations(fit: Assignment) -> None:
    """Reject parameters that act after every iteration.

    Raises
    ------
    InvalidParameterError
        For the first of them; names the reason and the cure.
    """
    for name, value_of in AFTER_EVERY_ITERATION.items():
        value = value_of(fit)
        if not value:
            continue
        shown = name if name == "validation_data" else f"{name}={value!r}"
        raise InvalidParameterError(f"{shown} acts after every iteration, and {_reason(fit)}")


def _reason(fit: Assignment) -> str:
    solver, members = fit.settings.solver, fit.model.members
    if isinstance(fit.engine, IndependentEngine):
        return (
            f"solver={solver!r} minimises the members={members!r} one after another, each in one "
            "call. Fit the members one by one, choose a minibatch solver, or leave it out."
        )
    return (
        f"engine={fit.engine.name!r} minimises in one call of SciPy's L-BFGS-B. Choose "
        "engine='native', or leave it out."
    )
