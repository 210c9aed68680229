"""Operations of networks as nodes of an ONNX graph.

Shapes: a matrix is (n_samples, width).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce

import numpy as np

from lamina.export.lowering.formula_code import WithFormula, code_of, numbers_of
from lamina.export.lowering.network_operations import (
    Activate,
    AddResidual,
    Affine,
    Cast,
    Complement,
    Dropout,
    Features,
    InvertLink,
    Normalize,
    RequireFinite,
    Round,
    SignedSquare,
    Sort,
    Temper,
    WeightedSum,
)
from lamina.export.onnx.graph import NUMBERS, add_formula
from lamina.export.onnx.rendering import Nodes, Renderer


def _features(nodes: Nodes, operation: Features) -> str:
    return nodes.names[0]


def _cast(nodes: Nodes, operation: Cast) -> str:
    matrix = nodes.matrices[operation.source]
    return nodes.graph.node("Cast", matrix, to=NUMBERS[operation.dtype.name])


def _require_finite(nodes: Nodes, operation: RequireFinite) -> str:
    nodes.require_finite(operation.source)
    return nodes.matrices[operation.source]


def _affine(nodes: Nodes, operation: Affine) -> str:
    numbers = nodes.graph.constant(operation.factor), nodes.graph.constant(operation.biases)
    return nodes.graph.node("Gemm", nodes.matrices[operation.source], *numbers)


def _formula(nodes: Nodes, operation: WithFormula) -> str:
    numbers = numbers_of(operation)
    named = {name: nodes.graph.constant(row) for name, row in numbers.items()}
    named["z"] = nodes.matrices[operation.source]
    dtype = nodes.dtype(operation.source)
    return add_formula(nodes.graph, code_of(operation.formula).onnx, named, dtype)


def _invert_link(nodes: Nodes, operation: InvertLink) -> str:
    named = {"z": nodes.matrices[operation.source]}
    if operation.formula.by_pairs:
        named["second"] = nodes.graph.constant(np.arange(operation.width) % 2 == 1)
    dtype = nodes.dtype(operation.source)
    return add_formula(nodes.graph, code_of(operation.formula).onnx, named, dtype)


def _add_residual(nodes: Nodes, operation: AddResidual) -> str:
    return nodes.graph.node(
        "Add", nodes.matrices[operation.source], nodes.matrices[operation.skipped]
    )


def _complement(nodes: Nodes, operation: Complement) -> str:
    p = nodes.matrices[operation.source]
    one = nodes.graph.constant(np.array(1, dtype=nodes.dtype(operation.source)))
    return nodes.graph.node("Concat", nodes.graph.node("Sub", one, p), p, axis=1)


def _sort(nodes: Nodes, operation: Sort) -> str:
    graph, n = nodes.graph, operation.n
    by_target = np.array([0, operation.width // n, n], dtype=np.int64)
    in_columns = np.array([0, operation.width], dtype=np.int64)
    groups = graph.node("Reshape", nodes.matrices[operation.source], graph.constant(by_target))
    count = graph.constant(np.array([n], dtype=np.int64))
    rising = graph.node("TopK", groups, count, spare=1, axis=2, largest=0)
    return graph.node("Reshape", rising, graph.constant(in_columns))


def _signed_square(nodes: Nodes, operation: SignedSquare) -> str:
    x, node = nodes.matrices[operation.source], nodes.graph.node
    return node("Add", node("Mul", x, node("Abs", x)), nodes.number(operation.offset))


def _weighted_sum(nodes: Nodes, operation: WeightedSum) -> str:
    node = nodes.graph.node
    weighted = [
        node("Mul", nodes.matrices[source], _number(nodes, weight, source))
        for source, weight in zip(operation.sources, operation.weights, strict=True)
    ]
    return reduce(lambda one, other: node("Add", one, other), weighted)


def _number(nodes: Nodes, value: float, source: int) -> str:
    """Add a constant in the dtype of a matrix and return its name."""
    return nodes.graph.constant(np.array(value, dtype=nodes.dtype(source)))


def _temper(nodes: Nodes, operation: Temper) -> str:
    node = nodes.graph.node
    logs = node("Log", node("Max", nodes.matrices[operation.source], nodes.number(operation.least)))
    return node("Softmax", node("Div", logs, nodes.number(operation.temperature)), axis=1)


RENDERERS: Mapping[type, Renderer] = {
    Features: _features,
    Cast: _cast,
    RequireFinite: _require_finite,
    Round: _formula,
    Affine: _affine,
    Normalize: _formula,
    Activate: _formula,
    AddResidual: _add_residual,
    InvertLink: _invert_link,
    Complement: _complement,
    Sort: _sort,
    SignedSquare: _signed_square,
    WeightedSum: _weighted_sum,
    Temper: _temper,
}
REFUSED: Mapping[type, str] = {Dropout: "only training drops numbers"}
