"""Base of the blocks of members: k dense blocks, whose rows follow each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar, cast

import numpy as np
from scipy import sparse

from lamina.blocks.block import Block, BlockPass
from lamina.blocks.dense import Dense
from lamina.blocks.member_rows import members_of, rows_of, sum_over_members
from lamina.blocks.mode import Mode
from lamina.errors import UnsupportedBlockError
from lamina.formulas.activation import ActivationName
from lamina.formulas.table import Array, Matrix

P = TypeVar("P", bound=tuple[Array, ...])
F = TypeVar("F", bound=BlockPass)
D = TypeVar("D")


@dataclass(frozen=True)
class MemberBlock(Block[P, F, D]):
    """Block of k members.

    Attributes
    ----------
    dense : Dense
        Block of one member, with its name, sizes and options.
    n_members : int
        k.
    repeats : bool
        If True, a_prev has fan_in columns, which every member receives; of the first such block.
    """

    dense: Dense
    n_members: int
    repeats: bool = False

    def __post_init__(self) -> None:
        """Set name and sizes from the dense block, after checking both."""
        dense: Any = self.dense
        if not isinstance(dense, Dense):
            # A file has a dict of the fields.
            dense = Dense(**{name: value for name, value in dense.items() if name != "kind"})
        for name in ("name", "fan_in", "fan_out"):
            object.__setattr__(self, name, getattr(dense, name))
        object.__setattr__(self, "dense", dense)
        if self.n_members < 1:
            raise ValueError(f"block {dense.name!r} needs at least one member: {self}")
        if dense.statistics:
            raise ValueError(
                f"block {dense.name!r} of members cannot have "
                f"normalization={dense.normalization!r}, whose statistics would mix the members"
            )

    def to_json(self) -> dict[str, object]:
        return {**super().to_json(), "dense": self.dense.to_json()}

    @property
    def width_in(self) -> int:
        return self.fan_in if self.repeats else self.n_members * self.fan_in

    @property
    def draws(self) -> bool:
        return self.dense.draws

    @property
    def output_function(self) -> ActivationName:
        return self.dense.output_function

    def remarks(self, *, training: bool = True) -> tuple[str, ...]:
        return (f"members: {self.n_members}", *self.dense.remarks(training=training))

    def rows_of_input(self, a_prev: Matrix, mode: Mode) -> Array:
        """Return the input as rows, repeated if the members share it."""
        if sparse.issparse(a_prev):
            raise UnsupportedBlockError("members need a dense X: pass X.toarray()")
        if self.repeats and mode.own_rows:
            return cast("Array", a_prev)
        if self.repeats:
            return np.repeat(a_prev, self.n_members, axis=0)
        return rows_of(a_prev, self.n_members)

    def of_input(self, d_rows: Array, n_rows: int) -> Array:
        """Return dL/da_prev of an input with `n_rows` rows, from that of all members' rows."""
        if self.repeats and n_rows == len(d_rows):
            return d_rows
        d_a_prev = members_of(d_rows, self.n_members)
        return sum_over_members(d_a_prev, self.n_members) if self.repeats else d_a_prev
