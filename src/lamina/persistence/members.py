"""Objects of the parameter `members` in model files: {"$members": ["Independent", 5]}."""

from __future__ import annotations

from lamina.errors import ModelFileError
from lamina.files.fields import member, whole
from lamina.files.model_file import Json
from lamina.files.plain import Place, PlainReader, PlainWriter
from lamina.members import Independent

KINDS = {"Independent": Independent}


def members_to_plain(value: object, writer: PlainWriter, path: Place) -> Json:
    """Return the JSON of an object of lamina.members, None for any other value."""
    if type(value) not in KINDS.values():
        return None
    assert isinstance(value, Independent)
    return {"$members": [type(value).__name__, int(value.n_members)]}


def members_from_plain(plain: Json, reader: PlainReader) -> Independent:
    """Return the object that JSON represents; raise ModelFileError for anything else."""
    if not isinstance(plain, list) or len(plain) != 2:
        raise ModelFileError("its members are not a kind and a number")
    kind, n_members = plain
    member(KINDS)(kind, "members")
    whole(2, 2**20)(n_members, "n_members of members")
    return KINDS[kind](n_members)
