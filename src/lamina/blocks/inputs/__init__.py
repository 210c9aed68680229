"""Kinds of inputs: what the input stage makes of the columns of X, one file a kind."""

from __future__ import annotations

from typing import Any, NamedTuple

from lamina.blocks.inputs.categorical import CategoricalInputs
from lamina.blocks.inputs.group import InputGroup
from lamina.blocks.inputs.identity import IdentityInputs
from lamina.blocks.inputs.one_hot import OneHotInputs
from lamina.blocks.inputs.periodic import PeriodicInputs
from lamina.blocks.inputs.piecewise_linear import PiecewiseLinearInputs
from lamina.blocks.inputs.scaled import ScaledInputs
from lamina.formulas.table import RecordTable


class InputKind(NamedTuple):
    """A kind of inputs by its name in files."""

    name: str
    group: type[InputGroup]


KINDS: tuple[type[InputGroup], ...] = (
    IdentityInputs,
    ScaledInputs,
    PeriodicInputs,
    PiecewiseLinearInputs,
    CategoricalInputs,
    OneHotInputs,
)
INPUT_KINDS = RecordTable("kind of inputs", *(InputKind(group.kind, group) for group in KINDS))


def group_from_json(plain: dict[str, Any]) -> InputGroup:
    """Return the group described by `InputGroup.to_json`."""
    fields = dict(plain)
    return INPUT_KINDS[fields.pop("kind")].group(**fields)


__all__ = [
    "INPUT_KINDS",
    "CategoricalInputs",
    "IdentityInputs",
    "InputGroup",
    "InputKind",
    "OneHotInputs",
    "PeriodicInputs",
    "PiecewiseLinearInputs",
    "ScaledInputs",
    "group_from_json",
]
