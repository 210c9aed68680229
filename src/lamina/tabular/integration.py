"""Integrals of gradients along straight ways, which are split where the gradients jump.

A way leads from the baseline x' at t = 0 to a row x at t = 1; F(t) is the prediction on it. The
gradient jumps at the edges of the bins of piecewise linear inputs, which are known, so the rule
never spans one. Other jumps, such as those of ReLUs, show in a part of the way whose integral is
not F(b) - F(a): it is split where a single jump would explain the difference.

Shapes: X of a member (n_rows, n_inputs); rows, t and F (n_points,).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from lamina.blocks import Mode
from lamina.blocks.inputs import PiecewiseLinearInputs
from lamina.estimators.fitting.fitted_network import get_network
from lamina.estimators.inspection.passes import CHUNK_NUMBERS
from lamina.network import Network
from lamina.network.passes import Forward, forward, input_gradient

if TYPE_CHECKING:
    from lamina.tabular.fitted import FittedTabular

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# Edges nearer than this to another, or to an end of the way, are one with it.
NEAREST = 1e-9
# A row with this many points in a network is split no further; most rounds of splitting.
MOST_POINTS, MOST_ROUNDS = 200, 12
# Parts shorter than this have its fraction of the tolerance.
SHORTEST = 0.01
# A part is split at least this fraction of its length from its ends.
FROM_ENDS = 1e-3


class Parts(NamedTuple):
    """Parts of the ways: the row, both ends a < b, and F at these."""

    rows: Integers
    a: Floats
    b: Floats
    at_a: Floats
    at_b: Floats

    def chosen(self, which: NDArray[np.bool_] | slice) -> Parts:
        """Return some of the parts."""
        return Parts._make(each[which] for each in self)


@dataclass(frozen=True)
class Ways:
    """Ways of some rows through members whose predictions are explained together.

    Attributes
    ----------
    model : TabularClassifier or TabularRegressor
    members : sequence of int
        Places of the members in the ensemble.
    matrices : sequence of ndarray
        Inputs of these members.
    outputs : ndarray of int, shape (n_rows,)
        Explained class of each row.
    """

    model: FittedTabular
    members: Sequence[int]
    matrices: Sequence[NDArray[np.float32]]
    outputs: Integers
    networks: list[Network] = field(init=False)
    starts: list[Floats] = field(init=False)
    differences: list[Floats] = field(init=False)

    def __post_init__(self) -> None:
        """Convert parameters and inputs to float64, so that no difference is rounding error."""
        networks = [get_network(self.model.members_[place].network) for place in self.members]
        wide = [Network(each.spec, each.parameters.astype(np.float64)) for each in networks]
        starts = [self.model.input_means_[place].astype(np.float64) for place in self.members]
        pairs = zip(self.matrices, starts, strict=True)
        object.__setattr__(self, "networks", wide)
        object.__setattr__(self, "starts", starts)
        object.__setattr__(self, "differences", [matrix - start for matrix, start in pairs])

    @property
    def n_points_at_once(self) -> int:
        """Number of points whose values in all layers stay in the caches."""
        widths = [sum(block.width_out for block in each.spec.blocks) for each in self.networks]
        return max(2, CHUNK_NUMBERS // (2 * max(widths)))

    def breaks(self) -> Iterator[tuple[Integers, Floats]]:
        """Yield rows and t at which a way crosses the edge of a bin."""
        for network, start, difference in zip(
            self.networks, self.starts, self.differences, strict=True
        ):
            stage = network.spec.input_stage
            if stage is None:
                continue
            arrays = stage.parts_of_groups(network.blocks[0])
            for group, parts in zip(stage.groups, arrays, strict=True):
                if isinstance(group, PiecewiseLinearInputs):
                    columns = list(group.columns)
                    yield _crossings(
                        np.asarray(parts[3], np.float64), start[columns], difference[:, columns]
                    )

    def values(self, rows: Integers, t: Floats) -> Floats:
        """Return F."""
        found = np.empty(len(t))
        for part in self._chunks(len(t)):
            found[part] = self._pass(rows[part], t[part])[1]
        return found

    def gradients(self, rows: Integers, t: Floats) -> list[Floats]:
        """Return ∂F/∂x of each member's inputs, of at most `n_points_at_once` points."""
        passes, _, predictions = self._pass(rows, t)
        weights = self.model.member_weights_[list(self.members)]
        directions = self.model._directions(predictions, weights, self.outputs[rows])
        return [
            np.asarray(input_gradient(network, passed, direction))
            for network, passed, direction in zip(self.networks, passes, directions, strict=True)
        ]

    def _pass(self, rows: Integers, t: Floats) -> tuple[list[Forward], Floats, list[Floats]]:
        points = [
            start + t[:, np.newaxis] * difference[rows]
            for start, difference in zip(self.starts, self.differences, strict=True)
        ]
        with np.errstate(all="ignore"):
            passes = [
                forward(network, x, Mode())
                for network, x in zip(self.networks, points, strict=True)
            ]
        pairs = zip(self.networks, passes, strict=True)
        predictions = [self.model._target.of_pass(network.spec, each) for network, each in pairs]
        weights = self.model.member_weights_[list(self.members)]
        explained = self.model._explained(predictions, weights, self.outputs[rows])
        return passes, explained, predictions

    def _chunks(self, n_points: int) -> Iterator[slice]:
        step = self.n_points_at_once
        return (slice(start, start + step) for start in range(0, n_points, step))


def _crossings(edges: Floats, start: Floats, difference: Floats) -> tuple[Integers, Floats]:
    """Return the rows and t at which x' + t (x - x') is an edge of its column."""
    with np.errstate(divide="ignore", invalid="ignore"):
        t = (edges - start[:, np.newaxis]) / difference[:, :, np.newaxis]
    rows, columns, places = np.nonzero((t > NEAREST) & (t < 1 - NEAREST))
    return rows, t[rows, columns, places]


def integrate(ways: Ways, n_steps: int, tolerance: float) -> list[Floats]:
    """Return (x - x') ∫₀¹ ∂F/∂x dt of each member's inputs, (n_rows, n_inputs).

    Parameters
    ----------
    ways : Ways
    n_steps : int
        Fewest points of the rule on a way.
    tolerance : float
        Largest deviation of a row's sum from F(1) - F(0), as long as the row has not too many
        points.
    """
    n_rows = len(ways.outputs)
    totals = [np.zeros(each.shape) for each in ways.differences]
    n_points = np.zeros(n_rows, dtype=np.int64)
    parts = _first_parts(ways, n_steps)
    for last in [False] * MOST_ROUNDS + [True]:
        np.add.at(n_points, parts.rows, 2)
        limits = np.where(n_points[parts.rows] > MOST_POINTS, np.inf, tolerance)
        limits = limits * np.maximum(parts.b - parts.a, SHORTEST)
        split = _add_parts(ways, parts, np.full_like(limits, np.inf) if last else limits, totals)
        if not len(split.rows):
            break
        parts = split
    return [difference * total for difference, total in zip(ways.differences, totals, strict=True)]


def _first_parts(ways: Ways, n_steps: int) -> Parts:
    """Return the parts between the edges of bins, none longer than two points of n_steps."""
    n_rows, n_parts = len(ways.outputs), max(1, -(-n_steps // 2))
    regular = np.tile(np.linspace(0, 1, n_parts + 1), (n_rows, 1))
    every = [(np.repeat(np.arange(n_rows), n_parts + 1), regular.ravel()), *ways.breaks()]
    rows, t = (np.concatenate(each) for each in zip(*every, strict=True))
    order = np.lexsort((t, rows))
    rows, t = rows[order], t[order]
    # Of points that are nearly the same, the first is kept; that of 0 and of 1 always is.
    is_new = np.ones(len(t), dtype=bool)
    is_new[1:] = (rows[1:] != rows[:-1]) | (t[1:] - t[:-1] > NEAREST)
    rows, t = rows[is_new], t[is_new]
    values, inside = ways.values(rows, t), rows[1:] == rows[:-1]
    ends = rows[:-1], t[:-1], t[1:], values[:-1], values[1:]
    return Parts._make(each[inside] for each in ends)


def _add_parts(ways: Ways, parts: Parts, limits: Floats, totals: list[Floats]) -> Parts:
    """Add the integrals of the parts within their limits, and return halves of the others."""
    step, halves = max(1, ways.n_points_at_once // 2), list[Parts]()
    for start in range(0, len(parts.rows), step):
        chosen = slice(start, start + step)
        halves.append(_add_few(ways, parts.chosen(chosen), limits[chosen], totals))
    return Parts._make(np.concatenate(each) for each in zip(*halves, strict=True))


def _add_few(ways: Ways, parts: Parts, limits: Floats, totals: list[Floats]) -> Parts:
    middle, half = (parts.a + parts.b) / 2, (parts.b - parts.a) / 2
    # The points of the Gauss-Legendre rule of two points.
    t = np.concatenate([middle - half / np.sqrt(3), middle + half / np.sqrt(3)])
    rows = np.tile(parts.rows, 2)
    gradients = ways.gradients(rows, t)
    slopes = sum(
        np.einsum("ij,ij->i", gradient, difference[rows])
        for gradient, difference in zip(gradients, ways.differences, strict=True)
    )
    before, after = np.split(np.asarray(slopes), 2)
    rise = parts.at_b - parts.at_a
    is_exact = np.abs(rise - half * (before + after)) <= limits
    weights = np.tile(np.where(is_exact, half, 0.0), 2)
    for gradient, total in zip(gradients, totals, strict=True):
        places = rows, np.arange(len(rows))
        total += sparse.csr_array((weights, places), shape=(len(total), len(rows))) @ gradient
    return _halves(ways, parts.chosen(~is_exact), before[~is_exact], after[~is_exact])


def _halves(ways: Ways, parts: Parts, before: Floats, after: Floats) -> Parts:
    """Split parts where F would bend if its derivative jumped once, else in the middle.

    F(b) - F(a) = before (s - a) + after (b - s), solved for s.
    """
    rows, a, b, at_a, at_b = parts
    with np.errstate(divide="ignore", invalid="ignore"):
        s = (at_b - at_a + before * a - after * b) / (before - after)
    least = FROM_ENDS * (b - a)
    inside = np.isfinite(s) & (s > a) & (s < b)
    s = np.where(inside, np.clip(s, a + least, b - least), (a + b) / 2)
    at_s = ways.values(rows, s)
    first, second = Parts(rows, a, s, at_a, at_s), Parts(rows, s, b, at_s, at_b)
    return Parts._make(np.concatenate(each) for each in zip(first, second, strict=True))
