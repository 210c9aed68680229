"""Inputs with a learned factor for each column: a = scale x.

The factors start at 1 (RealMLP: Holzmüller, Grinsztajn and Steinwart 2024).

    gradient   dL/dscale = Σ_samples dL/da x
    inputs     dL/dx = dL/da scale
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from lamina.blocks.block import Role, Tensor
from lamina.blocks.inputs.group import InputGroup, Parts
from lamina.formulas.table import Array


@dataclass(frozen=True)
class ScaledInputs(InputGroup):
    """Numbers multiplied by a learned factor of their column, one output a column."""

    kind: ClassVar[str] = "scaled"

    columns: tuple[int, ...]

    @classmethod
    def examples(cls, columns: tuple[int, ...]) -> tuple[ScaledInputs, ...]:
        return (cls(columns),)

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        return (Tensor("scale", (len(self.columns),), Role.INPUTS, (1.0,), "scale"),)

    def forward(self, parts: Parts, x: Array) -> Array:
        (scale,) = parts
        return x * scale

    def write_gradient(self, parts: Parts, x: Array, d_a: Array, gradient: Parts) -> None:
        gradient[0][...] = (d_a * x).sum(axis=0)

    def input_gradient(self, parts: Parts, x: Array, d_a: Array) -> Array:
        (scale,) = parts
        return d_a * scale
