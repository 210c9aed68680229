"""Operations of an input stage as nodes of an ONNX graph.

Shapes: a matrix is (n_samples, width); in between, numbers are (n_samples, c, n) with n numbers of
each of the c columns.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from lamina.export.lowering.input_operations import (
    LARGEST_CATEGORY,
    CategoryCodes,
    Embed,
    OneHotCodes,
    Periodic,
    PiecewiseLinear,
    Scale,
)
from lamina.export.onnx.graph import INT64, NUMBERS, add_formula
from lamina.export.onnx.rendering import Nodes, Renderer
from lamina.formulas.table import Array


def _category_codes(nodes: Nodes, operation: CategoryCodes) -> str:
    """Return the matrix with codes: the other columns beside them, in the order of all."""
    others = [j for j in range(operation.width) if j not in operation.columns]
    matrix = nodes.matrices[operation.source]
    parts = [nodes.columns(matrix, others)] if others else []
    for column, categories in zip(operation.columns, operation.categories, strict=True):
        parts.append(_category_code(nodes, operation.source, column, categories))
    order = [*others, *operation.columns]
    joined = nodes.graph.node("Concat", *parts, axis=1)
    return nodes.columns(joined, [order.index(j) for j in range(operation.width)])


def _category_code(nodes: Nodes, source: int, column: int, categories: Array) -> str:
    """Return the codes of a column, (n_samples, 1); NaN for a number that no category may have."""
    node, dtype = nodes.graph.node, nodes.dtype(source)

    def number(value: float) -> str:
        return nodes.graph.constant(np.array(value, dtype))

    x = nodes.columns(nodes.matrices[source], [column])
    equal = node("Cast", node("Equal", x, nodes.graph.constant(categories)), to=NUMBERS[dtype.name])
    places = nodes.graph.constant(np.arange(1, len(categories) + 1, dtype=dtype)[:, np.newaxis])
    nearest = node("Floor", node("Min", node("Max", x, number(0)), number(LARGEST_CATEGORY)))
    valid = node("Or", node("Equal", x, nearest), node("IsNaN", x))
    return node("Where", valid, node("MatMul", equal, places), number(np.nan))


def _scale(nodes: Nodes, operation: Scale) -> str:
    x = nodes.columns(nodes.matrices[operation.source], operation.columns)
    return nodes.graph.node("Mul", x, nodes.graph.constant(operation.factors))


def _periodic(nodes: Nodes, operation: Periodic) -> str:
    node, constant = nodes.graph.node, nodes.graph.constant
    dtype = nodes.dtype(operation.source)
    x = _apart(nodes, operation)
    turns = node(
        "Mul", constant(np.array(2 * np.pi, dtype)), node("Mul", x, constant(operation.w1))
    )
    phase = node("Add", turns, constant(operation.b1))
    cosines = add_formula(nodes.graph, "Cos", {"z": phase}, dtype)
    embedded = node("Add", _by_column(nodes, cosines, operation.W2), constant(operation.b2))
    return _side_by_side(nodes, node("Concat", x, embedded, axis=2), operation.width)


def _piecewise_linear(nodes: Nodes, operation: PiecewiseLinear) -> str:
    node, constant = nodes.graph.node, nodes.graph.constant
    x, widths = _apart(nodes, operation), np.diff(operation.edges)
    are_wide = widths > 0
    are_first = are_wide & (np.cumsum(are_wide, axis=1) == 1)
    are_last = are_wide & (np.cumsum(are_wide[:, ::-1], axis=1)[:, ::-1] == 1)
    dtype = nodes.dtype(operation.source)
    # A bin of width 0 has the width 1 and no weights.
    divisors = np.where(are_wide, widths, 1).astype(dtype)
    V = np.where(are_wide[:, :, np.newaxis], operation.V, 0).astype(dtype)
    least = np.where(are_first, -np.inf, 0).astype(dtype)
    most = np.where(are_last, np.inf, 1).astype(dtype)
    bins = node("Div", node("Sub", x, constant(operation.edges[:, :-1])), constant(divisors))
    encoded = node("Min", node("Max", bins, constant(least)), constant(most))
    linear = node("Add", node("Mul", x, constant(operation.w)), constant(operation.b))
    embedded = node("Add", linear, _by_column(nodes, encoded, V))
    return _side_by_side(nodes, embedded, operation.width)


def _embed(nodes: Nodes, operation: Embed) -> str:
    parts = []
    for column, table in zip(operation.columns, operation.tables, strict=True):
        row = _require_code(nodes, operation.source, column, len(table))
        parts.append(nodes.graph.node("Gather", nodes.graph.constant(table), row, axis=0))
    return parts[0] if len(parts) == 1 else nodes.graph.node("Concat", *parts, axis=1)


def _one_hot_codes(nodes: Nodes, operation: OneHotCodes) -> str:
    node, constant, parts = nodes.graph.node, nodes.graph.constant, []
    dtype = nodes.dtype(operation.source)
    for column, n_codes in zip(operation.columns, operation.n_codes, strict=True):
        code = _require_code(nodes, operation.source, column, n_codes)
        each = node("Reshape", code, constant(np.array([-1, 1], np.int64)))
        if n_codes > 1:
            parts.append(node("Equal", each, constant(np.arange(1, n_codes))))
    joined = parts[0] if len(parts) == 1 else node("Concat", *parts, axis=1)
    return node("Cast", joined, to=NUMBERS[dtype.name])


def _require_code(nodes: Nodes, source: int, column: int, n_codes: int) -> str:
    """Return the codes of a column, (n_samples,); for a row without one, 0 and no prediction."""
    node, dtype = nodes.graph.node, nodes.dtype(source)
    zero = nodes.graph.constant(np.array(0, dtype))
    code = nodes.columns(nodes.matrices[source], [column])
    # The nearest code is the number itself only if that is a code; NaN equals nothing.
    last = nodes.graph.constant(np.array(n_codes - 1, dtype))
    nearest = node("Floor", node("Min", node("Max", code, zero), last))
    is_code = node("Equal", code, nearest)
    nodes.invalid.append(node("Where", is_code, nodes.number(0), nodes.number(np.nan)))
    whole = node("Cast", node("Where", is_code, nearest, zero), to=INT64)
    return node("Reshape", whole, nodes.graph.constant(np.array([-1], np.int64)))


def _apart(nodes: Nodes, operation: Periodic | PiecewiseLinear) -> str:
    """Return columns of a matrix as (n_samples, c, 1)."""
    x = nodes.columns(nodes.matrices[operation.source], operation.columns)
    shape = np.array([-1, len(operation.columns), 1], np.int64)
    return nodes.graph.node("Reshape", x, nodes.graph.constant(shape))


def _by_column(nodes: Nodes, numbers: str, weights: Array) -> str:
    """Return the product of each column's numbers, (n_samples, c, n), and weights, (c, n, m)."""
    node = nodes.graph.node
    product = node(
        "MatMul", node("Transpose", numbers, perm=[1, 0, 2]), nodes.graph.constant(weights)
    )
    return node("Transpose", product, perm=[1, 0, 2])


def _side_by_side(nodes: Nodes, numbers: str, width: int) -> str:
    """Return (n_samples, c, n) as a matrix."""
    shape = nodes.graph.constant(np.array([-1, width], np.int64))
    return nodes.graph.node("Reshape", numbers, shape)


RENDERERS: Mapping[type, Renderer] = {
    CategoryCodes: _category_codes,
    Scale: _scale,
    Periodic: _periodic,
    PiecewiseLinear: _piecewise_linear,
    Embed: _embed,
    OneHotCodes: _one_hot_codes,
}
