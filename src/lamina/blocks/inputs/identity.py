"""Inputs that enter the network as they are: a = x."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from lamina.blocks.inputs.group import InputGroup, Parts
from lamina.formulas.table import Array


@dataclass(frozen=True)
class IdentityInputs(InputGroup):
    """Numbers as they are, one output a column."""

    kind: ClassVar[str] = "identity"

    columns: tuple[int, ...]

    @classmethod
    def examples(cls, columns: tuple[int, ...]) -> tuple[IdentityInputs, ...]:
        return (cls(columns),)

    def forward(self, parts: Parts, x: Array) -> Array:
        return x

    def input_gradient(self, parts: Parts, x: Array, d_a: Array) -> Array:
        return d_a
