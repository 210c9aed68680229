"""The chain rule for one weight: all paths from it to the loss, and their sum.

A path leads from node to node. A node is z or a of one unit for one sample; each step between two
nodes has a derivative, and the product of a path is that of all its derivatives. The sum of the
products is the gradient, which backpropagation computes without listing paths.

Shapes: arrays over all nodes of a kind are (n_samples, fan_out).
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from math import fsum
from typing import TYPE_CHECKING, NamedTuple, TypeAlias, cast

import numpy as np

from lamina.blocks import Dense
from lamina.encoding.frames import pandas_or
from lamina.errors import UnsupportedBlockError, suggestion
from lamina.formulas import NORMALIZATIONS
from lamina.formulas.normalizations import Moments
from lamina.formulas.table import Array
from lamina.studies.step import GradientStep, dense
from lamina.studies.traced_number import subscript

if TYPE_CHECKING:
    import pandas as pd


class Factor(NamedTuple):
    """One derivative along a path: its name in formulas, and its value."""

    name: str
    value: float


@dataclass(frozen=True)
class WeightPath:
    """One path from a weight to the loss.

    Attributes
    ----------
    row : int
        Row of X that supplies the input of the weight.
    units : tuple of str
        Units along the path: 'x[2]', 'hidden_1[0]', 'output[1]'.
    factors : tuple of Factor
        Derivatives along the path.
    product : float
    """

    row: int
    units: tuple[str, ...]
    factors: tuple[Factor, ...]
    product: float


@dataclass(frozen=True, repr=False)
class WeightPaths:
    """Result of `StepTrace.path`; prints as a table.

    Attributes
    ----------
    weight : str
        'W₁[0, 2]'.
    paths : tuple of WeightPath
        Largest products first.
    n_paths : int
        Total number of paths.
    rest : float
        Sum over the paths that are not listed; 0 if all are.
    backpropagated : float
        Gradient from backpropagation along the same paths, without the penalty.
    penalty : float
        The penalty's part of the gradient; 0 for a bias, a single row or a single output.
    """

    weight: str
    paths: tuple[WeightPath, ...]
    n_paths: int
    rest: float
    backpropagated: float
    penalty: float

    @property
    def sum_of_paths(self) -> float:
        """Sum over all paths: the listed products and the rest."""
        return fsum(path.product for path in self.paths) + self.rest

    @property
    def gradient(self) -> float:
        """dL/dw by backpropagation, including the penalty."""
        return self.backpropagated + self.penalty

    def to_dict(self) -> dict[str, list[object]]:
        """Return the paths as columns."""
        return {
            "row": [path.row for path in self.paths],
            "path": [" → ".join(path.units) for path in self.paths],
            "factors": [dict(path.factors) for path in self.paths],
            "product": [path.product for path in self.paths],
        }

    def to_frame(self) -> pd.DataFrame:
        """Return the paths as a data frame.

        Raises
        ------
        ImportError
            If pandas is not installed.
        """
        pandas = pandas_or("to_dict()")
        return pandas.DataFrame(self.to_dict())

    def __repr__(self) -> str:
        some = "all" if len(self.paths) == self.n_paths else f"the largest {len(self.paths)} of"
        which = "its only path" if self.n_paths == 1 else f"{some} {self.n_paths:,} paths"
        lines = [f"dL/d{self.weight} along {which}"]
        named = [(f"row {path.row}: {' → '.join(path.units)}", path) for path in self.paths]
        for way, path in named:
            lines.append(way)
            names = " · ".join(factor.name for factor in path.factors)
            values = " · ".join(f"{factor.value:.4g}" for factor in path.factors)
            lines += [f"  {names}", f"  = {values} = {path.product:.6g}"]
        sums = {}
        if len(self.paths) < self.n_paths:
            sums[f"the other {self.n_paths - len(self.paths):,} paths"] = self.rest
        sums["sum of all paths"] = self.sum_of_paths
        sums["backpropagation"] = self.backpropagated
        if self.penalty:
            sums |= {"the penalty's part": self.penalty, f"dL/d{self.weight}": self.gradient}
        width = max(map(len, sums))
        return "\n".join([*lines, *(f"{name:{width}}  {v:.6g}" for name, v in sums.items())])


def weight_paths(
    step: GradientStep,
    output: int | None,
    layer: int | str,
    i: int | None,
    j: int,
    row: int | None,
    most: int,
) -> WeightPaths:
    """Return the paths of one weight; parameters as in `StepTrace.path`."""
    _require_one_network(step)
    block = _layer(step, layer)
    layer_spec = step.blocks[block]
    n_samples = len(step.rows.y)
    j = _index("j", j, layer_spec.fan_out, f"units of {layer_spec.name}")
    i = None if i is None else _index("i", i, layer_spec.fan_in, f"inputs of {layer_spec.name}")
    rows = range(n_samples) if row is None else [_index("row", row, n_samples, "rows")]
    if output is not None:
        output = _index("output", output, step.spec.n_outputs, "outputs")
    if most < 1:
        raise ValueError(f"most={most!r} must be at least 1: it is the number of listed paths")
    graph = _Graph(step, output)
    source = dense(step.passes[block].a_prev)
    scale, root = layer_spec.product_scale, _root(layer_spec)
    starts = [(r, 1.0 if i is None else float(source[r, i]) * scale) for r in rows]
    n_paths = len(rows) * int(graph.counts[block, "z"][j])
    name = "1" if i is None else f"a{subscript(block)}[{i}]{root}"
    found = graph.largest(block, j, name, starts, most)
    paths = tuple(_named(step, block, i, *path) for path in found)
    _, deltas = step.deltas(graph.d_a)
    backpropagated = fsum(start * float(deltas[block][r, j]) for r, start in starts)
    listed = fsum(path.product for path in paths)
    rest = backpropagated - listed if len(paths) < n_paths else 0.0
    is_whole = i is not None and row is None and (output is None or step.spec.n_outputs == 1)
    penalty = step.parts(step.penalty_gradient())[block].W[i, j] if is_whole else 0.0
    n = subscript(block + 1)
    weight = f"b{n}[{j}]" if i is None else f"W{n}[{i}, {j}]"
    return WeightPaths(weight, paths, n_paths, rest, backpropagated, float(penalty))


def _root(block: Dense) -> str:
    return f"/√{block.fan_in}" if block.ntk else ""


def _require_one_network(step: GradientStep) -> None:
    if not all(isinstance(layer, Dense) for layer in step.layers):
        raise UnsupportedBlockError(
            "a weight that members share has paths through all of them, and this lists those of "
            "one network: trace a model without members='shared'"
        )


def _layer(step: GradientStep, layer: int | str) -> int:
    names = [block.name for block in step.blocks]
    if isinstance(layer, str):
        if layer not in names:
            raise IndexError(
                f"layer={layer!r} is not a layer of the network.{suggestion(layer, names)} "
                f"Known: {', '.join(map(repr, names))}."
            )
        return names.index(layer)
    return _index("layer", layer, len(names), "layers, from the first hidden one to the output")


def _index(name: str, value: int, length: int, what: str) -> int:
    if not -length <= value < length:
        raise IndexError(
            f"{name}={value!r} is not among the {length} {what}: the first is 0, the last "
            f"{length - 1} or -1"
        )
    return value % length


class _Node(NamedTuple):
    """z, z' ('n') or a of one unit of one layer for one sample."""

    block: int
    kind: str
    row: int
    unit: int


# Bound, number of the entry, node, product so far, and the nodes and factors before it.
_Entry: TypeAlias = tuple[float, int, _Node, float, tuple[_Node, ...], tuple["Factor", ...]]


class _Graph:
    """The nodes after a layer's z, and the derivatives between them.

    Attributes
    ----------
    d_a : ndarray of shape (n_samples, n_outputs)
        n dL/da of the last layer; 0 at outputs where no path may end.
    best : dict of (int, str) to ndarray of shape (n_samples, fan_out)
        Largest |product| of the remaining path from each node.
    counts : dict of (int, str) to ndarray of shape (fan_out,)
        Number of paths that continue from each node.
    """

    def __init__(self, step: GradientStep, output: int | None) -> None:
        self.step, self.parameters = step, step.parts(step.parameters)
        ends = np.ones(step.spec.n_outputs, dtype=object)
        if output is not None:
            ends[:] = 0
            ends[output] = 1
        self.d_a = step.d_a * ends.astype(np.float64)
        self.derivatives = [self._derivative_of(i) for i in range(len(step.blocks))]
        last = len(step.blocks) - 1
        self.ends = ends
        self.best = {(last, "a"): np.abs(self.d_a / step.n)}
        self.counts = {(last, "a"): ends}
        for i in range(last, -1, -1):
            self._look_ahead(i)

    def _derivative_of(self, i: int) -> Array:
        """Return da/dz' of a layer, without the residual connection."""
        block, passed = self.step.blocks[i], self.step.passes[i]
        derivative: Array = block.function.derivative(passed.z, passed.f, *passed.units)
        return derivative if passed.kept is None else derivative * passed.kept

    def _look_ahead(self, i: int) -> None:
        """Compute `best` and `counts` of a layer's z, and of a of the layer before."""
        best, counts = np.abs(self.derivatives[i]) * self.best[i, "a"], self.counts[i, "a"]
        self.best[i, "n"], self.counts[i, "n"] = best, counts
        block = self.step.blocks[i]
        if block.normalization is not None:
            best, counts = self._before_normalization(i, best, counts)
        self.best[i, "z"], self.counts[i, "z"] = best, counts
        if i == 0:
            return
        W = np.abs(self.parameters[i].W) * block.product_scale
        reached = np.stack([(W * row).max(axis=1) for row in best])
        n_reached = np.full(block.fan_in, counts.sum(), dtype=object)
        if block.residual:
            reached = np.maximum(reached, self.best[i, "a"])
            n_reached = n_reached + self.counts[i, "a"]
        self.best[i - 1, "a"], self.counts[i - 1, "a"] = reached, n_reached

    def _before_normalization(self, i: int, best: Array, counts: Array) -> tuple[Array, Array]:
        before, n_samples = np.empty_like(best), len(best)
        # With batch statistics, a unit's z affects z' of that unit for every sample; with layer
        # statistics, it affects z' of every unit for that sample.
        if self._normalizes_rows(i):
            for row in range(n_samples):
                moved = [self._through_normalization(i, row, unit) for unit in range(best.shape[1])]
                before[row] = [(np.abs(m) * best[:, u]).max() for u, m in enumerate(moved)]
            return before, counts * n_samples
        for row in range(n_samples):
            moved = [self._through_normalization(i, row, unit) for unit in range(best.shape[1])]
            before[row] = [(np.abs(m) * best[row]).max() for m in moved]
        return before, np.full(len(counts), counts.sum(), dtype=object)

    def _normalizes_rows(self, i: int) -> bool:
        return NORMALIZATIONS[cast(str, self.step.blocks[i].normalization)].axis == 0

    def _through_normalization(self, i: int, row: int, unit: int) -> Array:
        """Return dz'/dz of one z, for all samples of its unit or all units of its sample."""
        passed, scale = self.step.passes[i], self.parameters[i].unit_parameters[0]
        normalization = NORMALIZATIONS[cast(str, self.step.blocks[i].normalization)]
        moments, z_hat = cast(Moments, passed.moments), cast(Array, passed.normalized)
        if normalization.axis == 0:
            one = np.zeros((len(z_hat), 1))
            one[row] = scale[unit]
            of_unit = Moments(moments.mean[:, [unit]], moments.inverse[:, [unit]])
            return normalization.delta(one, z_hat[:, [unit]], of_unit)[:, 0]
        one = np.zeros((1, z_hat.shape[1]))
        one[0, unit] = 1.0
        of_row = Moments(moments.mean[[row]], moments.inverse[[row]])
        return np.asarray(scale * normalization.delta(one, z_hat[[row]], of_row)[0])

    def following(self, node: _Node) -> Iterator[tuple[_Node, Factor]]:
        """Yield the nodes that depend directly on a node, with the derivatives."""
        i, kind, row, unit = node
        n = subscript(i + 1)
        if kind == "z" and self.step.blocks[i].normalization is not None:
            moved, by_row = self._through_normalization(i, row, unit), self._normalizes_rows(i)
            for k, derivative in enumerate(moved):
                there = (k, unit) if by_row else (row, k)
                name = f"dz'{n}[{there[1]}]/dz{n}[{unit}]"
                yield _Node(i, "n", *there), Factor(name, float(derivative))
        elif kind != "a":
            z = f"z'{n}" if kind == "n" else f"z{n}"
            kept = "" if self.step.passes[i].kept is None else f"k{n}[{unit}] "
            derivative = float(self.derivatives[i][row, unit])
            yield _Node(i, "a", row, unit), Factor(f"{kept}f'({z}[{unit}])", derivative)
        else:
            after = subscript(i + 2)
            following = self.step.blocks[i + 1]
            for k, weight in enumerate(self.parameters[i + 1].W[unit] * following.product_scale):
                factor = Factor(f"W{after}[{unit}, {k}]{_root(following)}", float(weight))
                yield _Node(i + 1, "z", row, k), factor
            if following.residual:
                yield _Node(i + 1, "a", row, unit), Factor("1", 1.0)

    def largest(
        self, block: int, j: int, source: str, starts: list[tuple[int, float]], most: int
    ) -> Iterator[tuple[int, list[_Node], list[Factor], float]]:
        """Yield the paths with the largest products, in descending order, as nodes and factors.

        `best` bounds the product of the remaining path, so the first path to be completed is the
        largest (best-first search).
        """
        order, heap = count(), list[_Entry]()
        last = len(self.step.blocks) - 1

        def push(
            node: _Node, product: float, nodes: tuple[_Node, ...], factors: tuple[Factor, ...]
        ) -> None:
            if self.counts[node.block, node.kind][node.unit]:
                ahead = float(self.best[node.block, node.kind][node.row, node.unit])
                bound = -abs(product) * ahead
                heapq.heappush(heap, (bound, next(order), node, product, nodes, factors))

        for row, start in starts:
            node = _Node(block, "z", row, j)
            push(node, start, (node,), (Factor(source, start),))
        found = 0
        while heap and found < most:
            _, _, node, product, nodes, factors = heapq.heappop(heap)
            if (node.block, node.kind) == (last, "a"):
                derivative = float(self.d_a[node.row, node.unit] / self.step.n)
                end = Factor(f"dL/da{subscript(last + 1)}[{node.unit}]", derivative)
                found += 1
                yield nodes[0].row, [*nodes], [*factors, end], product * derivative + 0.0
                continue
            for after, factor in self.following(node):
                # Adding 0.0 turns a product of -0.0 into 0.0.
                ahead = product * factor.value + 0.0
                push(after, ahead, (*nodes, after), (*factors, factor))


def _named(
    step: GradientStep,
    block: int,
    i: int | None,
    row: int,
    nodes: list[_Node],
    factors: list[Factor],
    product: float,
) -> WeightPath:
    """Return a path with the names of its units."""
    first = "x" if step.stage is None else step.stage.name
    before = first if block == 0 else step.blocks[block - 1].name
    units = ["bias" if i is None else f"{before}[{i}]"]
    for node in nodes:
        name = f"{step.blocks[node.block].name}[{node.unit}]"
        name += f" of row {node.row}" if node.row != row else ""
        if units[-1] != name:
            units.append(name)
    return WeightPath(row, tuple(units), tuple(factors), product)
