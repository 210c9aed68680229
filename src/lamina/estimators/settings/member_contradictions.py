"""Reject parameters that independent members do not support."""

from __future__ import annotations

from lamina.estimators.settings.parametrized import Parametrized
from lamina.estimators.settings.refusals import shown


def _members_with_a_checkpoint(model: Parametrized) -> str | None:
    """Return the message for a checkpoint of several networks."""
    if model.members is None or model.checkpoint is None:
        return None
    return (
        f"checkpoint={model.checkpoint!r} holds the state of one network, and "
        f"members={model.members!r} trains several. Set checkpoint=None, or fit the members one by "
        "one, as estimators with random_state of their own."
    )


def _members_with_given_weights(model: Parametrized) -> str | None:
    """Return the message for initial arrays, with which all members would be equal."""
    if model.members is None or isinstance(model.initializer, str):
        return None
    return (
        f"initializer={shown(model.initializer)} would give all networks of "
        f"members={model.members!r} the same weights. Choose an initializer by name."
    )


def _members_with_steps(model: Parametrized) -> str | None:
    """Return the message for callbacks that follow the steps of one network."""
    callbacks = model.callbacks if isinstance(model.callbacks, (list, tuple)) else [model.callbacks]
    for each in callbacks if model.members is not None else []:
        if hasattr(each, "on_step"):
            return (
                f"callbacks={model.callbacks!r}: on_step of {type(each).__name__} follows the "
                f"steps of one network, and members={model.members!r} trains several. Leave it "
                "out, or use on_epoch_end."
            )
    return None


MEMBER_CONTRADICTIONS = (
    _members_with_a_checkpoint,
    _members_with_given_weights,
    _members_with_steps,
)
