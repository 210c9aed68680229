"""Embeddings of categories: a = E[code], a row of a learned matrix for each code of a column.

A column has n_codes codes: 0 is a missing or unknown category, whose row starts as zeros, the mean
of the others, so that categories which training never shows have no random effect.

Shapes: one matrix E a column, (n_codes, m); m is the number of outputs of a column.

    forward    a = E[x]
    gradient   dL/dE[code] = Σ_samples with this code dL/da
    start      E ~ N(0, 1), row 0 zeros
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from lamina.blocks.block import Role, Tensor
from lamina.blocks.inputs.codes import CodeInputs, as_codes
from lamina.blocks.inputs.group import Parts
from lamina.formulas.table import Array


@dataclass(frozen=True)
class CategoricalInputs(CodeInputs):
    """Codes of categories with a learned row for each, m outputs a column.

    Attributes
    ----------
    columns : tuple of int
    n_codes : tuple of int
        Number of codes of each column, 0 included.
    n_outputs : int
        m, the number of outputs of a column.
    scaled : bool
    """

    kind: ClassVar[str] = "categorical"

    n_outputs: int = 8
    scaled: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.n_outputs < 1:
            raise ValueError(f"embeddings of categories need at least one output: {self}")

    @classmethod
    def examples(cls, columns: tuple[int, ...]) -> tuple[CategoricalInputs, ...]:
        several = tuple(range(3, 3 + len(columns)))
        return (
            cls(columns, several, 2),
            cls(columns, (1,) * len(columns), 1),
            cls(columns, several, 2, scaled=True),
        )

    @property
    def widths(self) -> tuple[int, ...]:
        return (self.n_outputs,) * len(self.columns)

    @property
    def sizes(self) -> tuple[int, int]:
        return self.n_outputs, 0

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        return tuple(
            Tensor(f"E_{j}", (n_codes, self.n_outputs), Role.INPUTS, rate_group="embedding")
            for j, n_codes in enumerate(self.n_codes)
        )

    def draw(self, parts: Parts, random_state: np.random.RandomState) -> None:
        for E in parts:
            E[...] = random_state.standard_normal(E.shape)
            E[0] = 0.0

    def forward(self, parts: Parts, x: Array) -> Array:
        codes = as_codes(x)
        return np.concatenate([E[codes[:, j]] for j, E in enumerate(parts)], axis=1)

    def write_gradient(self, parts: Parts, x: Array, d_a: Array, gradient: Parts) -> None:
        codes, by_column = as_codes(x), self._by_column(d_a)
        for j, d_E in enumerate(gradient):
            d_E[...] = 0.0
            np.add.at(d_E, codes[:, j], by_column[:, j])
