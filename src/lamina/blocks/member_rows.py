"""Members of a network as further rows: arrays of k members, sample by sample or row by row.

Shapes: of samples (n_samples, k width), the members of a sample beside each other; as rows
(n_samples k, width), the members of a sample below each other. Both are views of the same numbers.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from scipy import sparse

from lamina.blocks.dense import Dense
from lamina.errors import UnsupportedBlockError
from lamina.formulas.noise import Draws
from lamina.formulas.table import Array, Matrix


class MemberBlock(Protocol):
    """Block of members, as far as its input and checks need it."""

    @property
    def dense(self) -> Dense: ...

    @property
    def n_members(self) -> int: ...

    @property
    def repeats(self) -> bool: ...


def require_members(block: MemberBlock) -> None:
    """Set name and sizes of a block of members from its dense block, after checking both.

    Raises
    ------
    ValueError
        For no members, and for a normalization over the samples of a batch.
    """
    dense: Any = block.dense
    if not isinstance(dense, Dense):
        # A file has a dict of the fields.
        dense = Dense(**{name: value for name, value in dense.items() if name != "kind"})
    fields = {"dense": dense, "name": dense.name, "fan_in": dense.fan_in, "fan_out": dense.fan_out}
    for name, value in fields.items():
        object.__setattr__(block, name, value)
    if block.n_members < 1:
        raise ValueError(f"block {dense.name!r} needs at least one member: {block}")
    if dense.statistics:
        raise ValueError(
            f"block {dense.name!r} of members cannot have normalization={dense.normalization!r}, "
            "whose statistics would mix the members"
        )


def rows_of(of_samples: Array, n_members: int) -> Array:
    """Return the members of every sample as rows."""
    return of_samples.reshape(len(of_samples) * n_members, -1)


def members_of(rows: Array, n_members: int) -> Array:
    """Return rows of members as one row a sample."""
    return rows.reshape(len(rows) // n_members, -1)


def rows_of_input(block: MemberBlock, a_prev: Matrix) -> Array:
    """Return the input of a block of members as rows, repeated if the members share it."""
    if sparse.issparse(a_prev):
        raise UnsupportedBlockError("members need a dense X: pass X.toarray()")
    a_prev = np.asarray(a_prev)
    if block.repeats:
        return np.repeat(a_prev, block.n_members, axis=0)
    return rows_of(a_prev, block.n_members)


def sum_over_members(of_samples: Array, n_members: int) -> Array:
    """Return the sum of all members, (n_samples, width)."""
    return np.asarray(of_samples.reshape(len(of_samples), n_members, -1).sum(axis=1))


def draws_of_members(draws: Draws | None, n_members: int) -> Draws | None:
    """Return the inputs of draws in which every member of a sample is a row of its own."""
    if draws is None:
        return None
    rows = draws.rows[:, np.newaxis] * n_members + np.arange(n_members)
    return draws._replace(rows=rows.ravel())
