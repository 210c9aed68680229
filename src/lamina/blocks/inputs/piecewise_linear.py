"""Piecewise linear embeddings of numbers: a = w x + b + PLE(x) V, each column with its own weights.

The kind PLE of Gorishniy, Rubachev and Babenko (2022, arXiv:2203.05556), version B of the package
rtdl_num_embeddings: at the start V = 0, so that the embedding is linear.

Shapes: w, b (c, m); V (c, n, m); edges (c, n + 1); PLE(x) (n_samples, c, n); n is the number of
bins, and m the number of outputs of a column.

    encoding   PLE(x)_t = (x - e_t) / (e_{t+1} - e_t), clipped to [0, 1]; the first bin isn't
               clipped below, and the last one isn't clipped above
    forward    a = w x + b + PLE(x) V
    gradient   dL/dw = Σ_samples x dL/da;  dL/db = Σ_samples dL/da;
               dL/dV = Σ_samples PLE(x) dL/da
    inputs     dL/dx = w dL/da + Σ_t (dL/da Vᵀ)_t / (e_{t+1} - e_t), without the clipped bins
    start      w and b ~ U(-1/√m, 1/√m),  V = 0

The edges do not decrease. A bin of width 0 gives 0 and is neither the first nor the last, so that a
column with fewer bins repeats its last edge, and a constant column has one edge, n + 1 times.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lamina.blocks.block import Role, Tensor
from lamina.blocks.inputs.group import InputGroup, Parts
from lamina.formulas.table import Array

# Edges before any are set from data.
FIRST_EDGE, LAST_EDGE = -2.0, 2.0


@dataclass(frozen=True)
class PiecewiseLinearInputs(InputGroup):
    """Numbers with their piecewise linear encoding in a learned embedding, m outputs a column.

    Attributes
    ----------
    columns : tuple of int
    n_bins : int
        n, the largest number of bins of a column.
    n_outputs : int
        m, the number of outputs of a column.
    scaled : bool
    """

    kind: ClassVar[str] = "piecewise_linear"

    columns: tuple[int, ...]
    n_bins: int = 48
    n_outputs: int = 16
    scaled: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.n_bins < 1 or self.n_outputs < 1:
            raise ValueError(f"piecewise linear inputs need at least one bin and output: {self}")

    @classmethod
    def examples(cls, columns: tuple[int, ...]) -> tuple[PiecewiseLinearInputs, ...]:
        return (cls(columns, 4, 2), cls(columns, 1, 1), cls(columns, 4, 2, scaled=True))

    @property
    def widths(self) -> tuple[int, ...]:
        return (self.n_outputs,) * len(self.columns)

    @property
    def sizes(self) -> tuple[int, int]:
        return self.n_outputs, self.n_bins

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        c, n, m = len(self.columns), self.n_bins, self.n_outputs
        return (
            Tensor("w", (c, m), Role.INPUTS, rate_group="embedding"),
            Tensor("b", (c, m), Role.INPUTS, rate_group="embedding", decay_factor=0.0),
            Tensor("V", (c, n, m), Role.INPUTS, (0.0,), "embedding"),
            Tensor("edges", (c, n + 1), Role.STATISTICS),
        )

    def draw(self, parts: Parts, random_state: np.random.RandomState) -> None:
        w, b, _, edges = parts
        bound = 1 / math.sqrt(self.n_outputs)
        w[...] = random_state.uniform(-bound, bound, w.shape)
        b[...] = random_state.uniform(-bound, bound, b.shape)
        edges[...] = np.linspace(FIRST_EDGE, LAST_EDGE, self.n_bins + 1)

    def write_edges(self, parts: Parts, edges: Sequence[Array]) -> None:
        """Set the edges of the bins of every column, before the first step.

        Parameters
        ----------
        parts : sequence of ndarray
            Arrays of the group.
        edges : sequence of ndarray
            Edges of each column, from 1 (a constant column) to n_bins + 1 of them. Bins that the
            dtype hardly resolves are merged with the next, because outside of such a bin, where
            it is not clipped, the encoding would be huge.

        Raises
        ------
        ValueError
            For edges that are too many, decrease or are not finite.
        """
        for place, (_, each) in enumerate(zip(self.columns, edges, strict=True)):
            self.write_edges_of(parts, place, each)

    def write_edges_of(self, parts: Parts, place: int, edges: Array) -> None:
        """Set the edges of the column at a place of `columns`, as `write_edges` does."""
        values, into = np.asarray(edges, np.float64), parts[3][place]
        if (
            not 1 <= values.size <= self.n_bins + 1
            or not np.isfinite(values).all()
            or (np.diff(values) < 0).any()
        ):
            raise ValueError(
                f"the edges of column {self.columns[place]} must be 1 to {self.n_bins + 1} finite "
                f"numbers in ascending order, and are {values}"
            )
        distinct = _resolved(values.astype(into.dtype))
        into[: distinct.size], into[distinct.size :] = distinct, distinct[-1]

    def forward(self, parts: Parts, x: Array) -> Array:
        w, b, V, edges = parts
        encoded = np.einsum("nct,ctm->ncm", encode(x, edges), V)
        return (x[:, :, np.newaxis] * w + b + encoded).reshape(len(x), -1)

    def write_gradient(self, parts: Parts, x: Array, d_a: Array, gradient: Parts) -> None:
        w, b, V, _ = gradient
        by_column = self._by_column(d_a)
        w[...] = (x[:, :, np.newaxis] * by_column).sum(axis=0)
        b[...] = by_column.sum(axis=0)
        V[...] = np.einsum("nct,ncm->ctm", encode(x, parts[3]), by_column)

    def input_gradient(self, parts: Parts, x: Array, d_a: Array) -> Array:
        w, _, V, edges = parts
        by_column, bins = self._by_column(d_a), _bins(edges)
        fractions = (x[:, :, np.newaxis] - edges[:, :-1]) / bins.widths
        rises = (
            bins.are_wide & (bins.are_first | (fractions > 0)) & (bins.are_last | (fractions < 1))
        )
        d_encoded = np.einsum("ncm,ctm->nct", by_column, V)
        through_bins = np.where(rises, d_encoded / bins.widths, 0.0).sum(axis=2)
        d_x = (by_column * w).sum(axis=2) + through_bins
        return d_x.astype(x.dtype, copy=False)


def _resolved(edges: Array) -> Array:
    """Return the edges without those that are a few units in the last place above another."""
    least = 4 * np.finfo(edges.dtype).eps * np.abs(edges).max()
    distinct = [edges[0]]
    for edge in edges[1:]:
        if edge - distinct[-1] > least:
            distinct.append(edge)
    return np.array(distinct, edges.dtype)


class _Bins(NamedTuple):
    """Bins of every column, (c, n): widths, with 1 in place of 0, and the place of each."""

    widths: Array
    are_wide: NDArray[np.bool_]
    are_first: NDArray[np.bool_]
    are_last: NDArray[np.bool_]


def _bins(edges: Array) -> _Bins:
    widths = np.diff(edges)
    are_wide = widths > 0
    are_first = are_wide & (np.cumsum(are_wide, axis=1) == 1)
    are_last = are_wide & (np.cumsum(are_wide[:, ::-1], axis=1)[:, ::-1] == 1)
    return _Bins(np.where(are_wide, widths, 1.0).astype(edges.dtype), are_wide, are_first, are_last)


def encode(x: Array, edges: Array) -> Array:
    """Return PLE(x) of every column."""
    widths, are_wide, are_first, are_last = _bins(edges)
    fractions = (x[:, :, np.newaxis] - edges[:, :-1]) / widths
    fractions = np.where(are_first, fractions, np.maximum(fractions, 0))
    fractions = np.where(are_last, fractions, np.minimum(fractions, 1))
    return np.where(are_wide, fractions, 0).astype(x.dtype, copy=False)
