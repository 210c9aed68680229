"""Write, check and restore the state of a random generator in a checkpoint."""

from __future__ import annotations

import numpy as np

from lamina.errors import CheckpointError
from lamina.files.fields import Check, Fields, array, check_fields, member, number, record, whole

_PCG: Fields = {"state": whole(0, 2**128 - 1), "inc": whole(0, 2**128 - 1)}
_HALF_USED: Fields = {"has_uint32": whole(0, 1), "uinteger": whole(0, 2**32 - 1)}
# NumPy indexes its tables by the positions in a state without checking them.
_STATES: dict[str, Fields] = {
    "MT19937": {"state": record({"key": array(np.uint32, (624,)), "pos": whole(0, 624)})},
    "PCG64": {"state": record(_PCG), **_HALF_USED},
    "PCG64DXSM": {"state": record(_PCG), **_HALF_USED},
    "SFC64": {"state": record({"state": array(np.uint64, (4,))}), **_HALF_USED},
    "Philox": {
        "state": record({"counter": array(np.uint64, (4,)), "key": array(np.uint64, (2,))}),
        "buffer": array(np.uint64, (4,)),
        "buffer_pos": whole(0, 4),
        **_HALF_USED,
    },
}


def generator_of_kind(ours: str) -> Check:
    """Return the check of a generator's state, for generators of our kind.

    The check raises CheckpointError for a generator of another kind.
    """

    def check(value: object, place: str) -> None:
        theirs = value.get("bit_generator") if isinstance(value, dict) else None
        member(_STATES)(theirs, f"{place}.bit_generator")
        if theirs != ours:
            raise CheckpointError(
                f"the checkpoint was made with random_state's bit generator {theirs}, "
                f"and this one is {ours}."
            )
        check_fields(value, generator_fields(ours), place)

    return check


def generator_fields(bit_generator: str) -> Fields:
    """Return the check of every field of a generator's state."""
    return {
        "bit_generator": member([bit_generator]),
        "has_gauss": whole(0, 1),
        "gauss": number(),
        **_STATES[bit_generator],
    }


def name_generator(random_state: np.random.RandomState) -> str:
    """Return the name of the bit generator."""
    return str(random_state.get_state(legacy=False)["bit_generator"])


def generator_state(random_state: np.random.RandomState) -> dict[str, object]:
    """Return a generator's state as plain values."""
    return dict(random_state.get_state(legacy=False))


def set_generator_state(random_state: np.random.RandomState, state: dict[str, object]) -> None:
    """Set a generator's state, which has been checked."""
    random_state.set_state(state)
