"""Reject parameters that members do not support."""

from __future__ import annotations

from lamina.choices import Members, classes_of
from lamina.estimators.settings.parametrized import Parametrized
from lamina.estimators.settings.refusals import shown
from lamina.formulas import NORMALIZATIONS, is_minibatch
from lamina.members import Independent, Shared


def read_members(members: object) -> Members | None:
    """Return the object of `members=`, also for a name; None for any other value."""
    cls = classes_of("members").get(members) if isinstance(members, str) else None
    chosen = members if cls is None else cls()
    return chosen if isinstance(chosen, Members) else None


def are_shared(members: object) -> bool:
    """Return True if the value of `members=` has the members share their hidden layers."""
    return isinstance(read_members(members), Shared)


def have_own_rows(members: object) -> bool:
    """Return True if the value of `members=` gives each member an order of samples of its own."""
    shared = read_members(members)
    return isinstance(shared, Shared) and bool(shared.values["own_rows"])


def n_independent(model: Parametrized) -> int | None:
    """Return the number of independent members; None for one network, or shared members."""
    members = read_members(model.members)
    return int(members.n_members) if isinstance(members, Independent) else None


def _shared_members_in_one_batch(model: Parametrized) -> str | None:
    """Return the message for moments that shared members do not have."""
    asked, name = f"members={model.members!r}", model.normalization
    if not are_shared(model.members):
        return None
    if name is not None and NORMALIZATIONS[name].statistics:
        without = [repr(n) for n, each in NORMALIZATIONS.items() if not each.statistics]
        return (
            f"normalization={name!r} takes mean and variance over the samples of a batch, and "
            f"{asked} would mix the members in them. Choose normalization={' or '.join(without)}, "
            "or set members=None."
        )
    return None


def _own_rows_in_one_order(model: Parametrized) -> str | None:
    """Return the message for orders of the members' own where no order is drawn."""
    if not have_own_rows(model.members):
        return None
    cure = f"Leave out own_rows=True of members={model.members!r}"
    if not is_minibatch(model.solver):
        return (
            f"solver={model.solver!r} uses all samples in every step, so that no member has an "
            f"order of its own. {cure}, or choose a minibatch solver."
        )
    if not model.shuffle:
        return (
            "shuffle=False keeps the samples in their order, so that no member has an order of its "
            f"own. {cure}, or set shuffle=True."
        )
    return None


def _members_with_a_checkpoint(model: Parametrized) -> str | None:
    """Return the message for a checkpoint of several networks."""
    if n_independent(model) is None or model.checkpoint is None:
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
    if are_shared(model.members):
        return (
            f"initializer={shown(model.initializer)} has no scales for members={model.members!r}. "
            "Choose an initializer by name."
        )
    return (
        f"initializer={shown(model.initializer)} would give all networks of "
        f"members={model.members!r} the same weights. Choose an initializer by name."
    )


def _members_with_steps(model: Parametrized) -> str | None:
    """Return the message for callbacks that follow the steps of one network."""
    callbacks = model.callbacks if isinstance(model.callbacks, (list, tuple)) else [model.callbacks]
    for each in callbacks if n_independent(model) is not None else []:
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
    _own_rows_in_one_order,
    _shared_members_in_one_batch,
)
