"""Objects of the parameter `members` in model files: {"$members": ["Independent", 5]}.

Shared members have their kind and their first scales as well: ["Shared", 32, "tabm", "normal"].
"""

from __future__ import annotations

from lamina.errors import ModelFileError
from lamina.files.fields import member, whole
from lamina.files.model_file import Json
from lamina.files.plain import Place, PlainReader, PlainWriter
from lamina.members import Independent, Shared

KINDS: dict[str, type[Independent] | type[Shared]] = {
    "Independent": Independent,
    "Shared": Shared,
}


def members_to_plain(value: object, writer: PlainWriter, path: Place) -> Json:
    """Return the JSON of an object of lamina.members, None for any other value."""
    if type(value) not in KINDS.values():
        return None
    assert isinstance(value, Independent | Shared)
    further = [value.kind, value.first] if isinstance(value, Shared) else []
    return {"$members": [type(value).__name__, int(value.n_members), *further]}


def members_from_plain(plain: Json, reader: PlainReader) -> Independent | Shared:
    """Return the object that JSON represents; raise ModelFileError for anything else."""
    if not isinstance(plain, list) or len(plain) not in (2, 4):
        raise ModelFileError("its members are not a kind and a number")
    kind, n_members, *further = plain
    member(KINDS)(kind, "members")
    whole(1, 2**20)(n_members, "n_members of members")
    try:
        return KINDS[kind](n_members, *further)
    except (TypeError, ValueError) as error:
        raise ModelFileError(f"it holds members that this version cannot build: {error}") from None
