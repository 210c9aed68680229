"""Periodic embeddings of numbers, each column with weights of its own: [x, cos(θ) W2 + b2].

The kind PBLD of RealMLP (Holzmüller, Grinsztajn and Steinwart 2024, arXiv:2407.04491), after the
periodic embeddings of Gorishniy, Rubachev and Babenko (2022, arXiv:2203.05556).

Shapes: w1, b1 (c, k); W2 (c, k, m); b2 (c, m); θ and cos(θ) (n_samples, c, k); k is the number of
frequencies, and m + 1 the number of outputs of a column.

    forward    θ = 2π w1 x + b1,  a = [x, cos(θ) W2 + b2]
    backward   dL/dθ = -sin(θ) (dL/da W2ᵀ)
    gradient   dL/dW2 = Σ_samples cos(θ) dL/da;  dL/db2 = Σ_samples dL/da;
               dL/dw1 = Σ_samples 2π x dL/dθ;  dL/db1 = Σ_samples dL/dθ
    inputs     dL/dx = dL/da_0 + 2π Σ_k w1 dL/dθ
    start      w1 ~ N(0, σ²),  b1 ~ U(-π, π),  W2 and b2 ~ U(-1/√k, 1/√k)
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from lamina.blocks.block import Role, Tensor
from lamina.blocks.inputs.group import InputGroup, Parts
from lamina.formulas.table import Array


@dataclass(frozen=True)
class PeriodicInputs(InputGroup):
    """Numbers with learned cosines of them, m + 1 outputs a column.

    Attributes
    ----------
    columns : tuple of int
    n_frequencies : int
        k, the number of cosines of a column.
    n_outputs : int
        m, the number of outputs of a column beside the number itself.
    sigma : float
        Standard deviation of the initial frequencies.
    scaled : bool
    """

    kind: ClassVar[str] = "periodic"

    columns: tuple[int, ...]
    n_frequencies: int = 16
    n_outputs: int = 3
    sigma: float = 0.1
    scaled: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.n_frequencies < 1 or self.n_outputs < 1 or not 0 < self.sigma < math.inf:
            raise ValueError(
                "periodic inputs need at least one frequency, one output and a positive finite "
                f"sigma: {self}"
            )

    @classmethod
    def examples(cls, columns: tuple[int, ...]) -> tuple[PeriodicInputs, ...]:
        return (cls(columns, 4, 2), cls(columns, 1, 1, 0.5), cls(columns, 4, 2, scaled=True))

    @property
    def widths(self) -> tuple[int, ...]:
        return (self.n_outputs + 1,) * len(self.columns)

    @property
    def sizes(self) -> tuple[int, int]:
        return self.n_outputs, self.n_frequencies

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        c, k, m = len(self.columns), self.n_frequencies, self.n_outputs
        return (
            Tensor("w1", (c, k), Role.INPUTS, rate_group="embedding"),
            Tensor("b1", (c, k), Role.INPUTS, rate_group="embedding", decay_factor=0.0),
            Tensor("W2", (c, k, m), Role.INPUTS, rate_group="embedding"),
            Tensor("b2", (c, m), Role.INPUTS, rate_group="embedding", decay_factor=0.0),
        )

    def draw(self, parts: Parts, random_state: np.random.RandomState) -> None:
        w1, b1, W2, b2 = parts
        bound = 1 / math.sqrt(self.n_frequencies)
        w1[...] = random_state.normal(0.0, self.sigma, w1.shape)
        b1[...] = random_state.uniform(-math.pi, math.pi, b1.shape)
        W2[...] = random_state.uniform(-bound, bound, W2.shape)
        b2[...] = random_state.uniform(-bound, bound, b2.shape)

    def forward(self, parts: Parts, x: Array) -> Array:
        _, _, W2, b2 = parts
        embedded = np.einsum("nck,ckm->ncm", np.cos(_phase(parts, x)), W2) + b2
        return np.concatenate([x[:, :, np.newaxis], embedded], axis=2).reshape(len(x), -1)

    def write_gradient(self, parts: Parts, x: Array, d_a: Array, gradient: Parts) -> None:
        w1, b1, W2, b2 = gradient
        d_embedded = self._by_column(d_a)[:, :, 1:]
        W2[...] = np.einsum("nck,ncm->ckm", np.cos(_phase(parts, x)), d_embedded)
        b2[...] = d_embedded.sum(axis=0)
        d_phase = self._phase_gradient(parts, x, d_a)
        w1[...] = 2 * math.pi * (x[:, :, np.newaxis] * d_phase).sum(axis=0)
        b1[...] = d_phase.sum(axis=0)

    def input_gradient(self, parts: Parts, x: Array, d_a: Array) -> Array:
        d_phase = self._phase_gradient(parts, x, d_a)
        through_cosines = 2 * math.pi * (parts[0] * d_phase).sum(axis=2)
        return self._by_column(d_a)[:, :, 0] + through_cosines

    def _phase_gradient(self, parts: Parts, x: Array, d_a: Array) -> Array:
        """Return dL/dθ."""
        d_cosines = np.einsum("ncm,ckm->nck", self._by_column(d_a)[:, :, 1:], parts[2])
        return -np.sin(_phase(parts, x)) * d_cosines


def _phase(parts: Parts, x: Array) -> Array:
    """Return θ."""
    w1, b1, *_ = parts
    return 2 * math.pi * (x[:, :, np.newaxis] * w1) + b1
