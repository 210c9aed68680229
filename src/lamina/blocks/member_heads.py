"""Last block of a network with members: a dense block of its own for each of them.

    z_i = a_prev_i W_i + b_i,  a_i = f(z_i)

Shapes: a_prev (n_samples, k fan_in), or (n_samples, fan_in) if the block repeats its input for
every member; a (n_samples, k fan_out); W (k, fan_in, fan_out); b (k, fan_out); unit parameters,
which the members share, (n, fan_out).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from lamina.blocks.block import Draw, Tensor
from lamina.blocks.dense import Dense, DenseDeltas, DenseParameters, DensePass
from lamina.blocks.member_block import MemberBlock
from lamina.blocks.member_rows import (
    draws_of_members,
    members_of,
    rows_of,
)
from lamina.blocks.mode import Mode, Product
from lamina.formulas.table import Array, Matrix


class HeadsParameters(NamedTuple):
    """Parameters of the heads, or their gradients."""

    W: Array
    b: Array
    unit_parameters: Array

    @property
    def dense(self) -> DenseParameters:
        """Parameters that the formulas of a dense block read from z on."""
        return DenseParameters(self.W, self.b, self.unit_parameters, self.unit_parameters[:0])


class HeadsPass(NamedTuple):
    """Values of a forward pass: input, output, the input's rows by member, values from z on."""

    a_prev: Matrix
    a: Array
    rows: Array
    dense: DensePass


class HeadsDeltas(NamedTuple):
    """Gradients of a dense block at (n_samples k) rows, and the number of rows of a_prev."""

    dense: DenseDeltas
    n_rows: int


@dataclass(frozen=True)
class MemberHeads(MemberBlock[HeadsParameters, HeadsPass, HeadsDeltas]):
    """A dense block for each of k members, without normalization, residual or dropout.

    Attributes
    ----------
    dense : Dense
        Block of one member, with its name, sizes and activation.
    n_members : int
        k.
    repeats : bool
        If True, a_prev has fan_in columns, which every member receives; of a network without hidden
        blocks.
    """

    kind: ClassVar[str] = "member_heads"
    Parameters: ClassVar[type[HeadsParameters]] = HeadsParameters

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.dense.residual or self.dense.normalization or self.dense.dropout:
            raise ValueError(f"the heads {self.name!r} take an activation alone: {self.dense}")

    def __hash__(self) -> int:
        return hash((self.dense, self.n_members))

    @classmethod
    def examples(cls) -> tuple[MemberHeads, ...]:
        return (
            cls(Dense("heads", 4, 3, "identity"), 3),
            cls(Dense("linear", 4, 2, "prelu"), 2, repeats=True),
            cls(Dense("ntk", 4, 3, "identity", ntk=True), 3),
        )

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        W, b, units, _ = self.dense.tensors
        k = self.n_members
        return W._replace(shape=(k, *W.shape)), b._replace(shape=(k, *b.shape)), units

    def draw(self, parameters: HeadsParameters, draw: Draw) -> None:
        for i in range(self.n_members):
            self.dense.draw(self._of_member(parameters, i), draw)

    def fit_to_rows(
        self, parameters: HeadsParameters, a_prev: Matrix, random_state: np.random.RandomState
    ) -> None:
        """Fit the head of each member to its rows, as `Dense` does."""
        for i, rows in enumerate(self._by_member(self.rows_of_input(a_prev, Mode()))):
            self.dense.fit_to_rows(self._of_member(parameters, i), rows, random_state)

    def forward(
        self, parameters: HeadsParameters, a_prev: Matrix, mode: Mode, stream: int
    ) -> HeadsPass:
        rows = self.rows_of_input(a_prev, mode)
        product = mode.product(self._by_member(rows), parameters.W)
        z = self._as_rows(self.dense.scaled(product) + parameters.b[:, np.newaxis])
        mode = mode._replace(draws=draws_of_members(mode.draws, self.n_members, mode.own_rows))
        dense = self.dense.activate(parameters.dense, rows, z, mode, stream)
        return HeadsPass(a_prev, members_of(dense.a, self.n_members), rows, dense)

    def backward(self, parameters: HeadsParameters, passed: HeadsPass, d_a: Array) -> HeadsDeltas:
        d_rows = rows_of(d_a, self.n_members)
        dense = self.dense.backward(parameters.dense, passed.dense, d_rows)
        return HeadsDeltas(dense, passed.a_prev.shape[0])

    def write_gradient(
        self, passed: HeadsPass, deltas: HeadsDeltas, gradient: HeadsParameters, product: Product
    ) -> None:
        delta = self._by_member(deltas.dense.delta)
        rows = self._by_member(passed.rows).transpose(0, 2, 1)
        gradient.W[...] = product(rows, self.dense.scaled(delta))
        gradient.b[...] = delta.sum(axis=1)
        self.dense.write_unit_gradient(passed.dense, deltas.dense, gradient.dense)

    def input_gradient(
        self, parameters: HeadsParameters, deltas: HeadsDeltas, product: Product
    ) -> Array:
        delta = self.dense.scaled(self._by_member(deltas.dense.delta))
        d_rows = product(delta, parameters.W.transpose(0, 2, 1))
        return self.of_input(self._as_rows(d_rows), deltas.n_rows)

    def is_finite(self, parameters: HeadsParameters, passed: HeadsPass) -> bool:
        # A bounded activation of an infinite z is finite.
        return all(bool(np.isfinite(part).all()) for part in (passed.dense.affine, *parameters))

    def member(self, parameters: HeadsParameters, index: int) -> tuple[Dense, DenseParameters]:
        """Return a member's head as a plain block."""
        return self.dense, self._of_member(parameters, index)

    def _by_member(self, rows: Array) -> Array:
        """Return the rows of each member, (k, n_samples, width)."""
        return rows.reshape(-1, self.n_members, rows.shape[1]).transpose(1, 0, 2)

    def _as_rows(self, by_member: Array) -> Array:
        """Return rows in which the members of a sample follow each other."""
        return by_member.transpose(1, 0, 2).reshape(-1, by_member.shape[2])

    def _of_member(self, parameters: HeadsParameters, index: int) -> DenseParameters:
        return parameters.dense._replace(W=parameters.W[index], b=parameters.b[index])

    def keep(self, members: list[int], parameters: HeadsParameters) -> dict[str, Any]:
        """Return the tensors of some members by name."""
        return {**parameters._asdict(), "W": parameters.W[members], "b": parameters.b[members]}
