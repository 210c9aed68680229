"""Operations on tables as nodes of an ONNX graph.

Shapes: an input of a table is (n_samples, 1), numbers (NaN if missing), dates (microseconds since
1970; the smallest int64 if missing) or texts (empty if missing); a matrix is (n_samples, width), in
float64 even if the network computes in float32.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lamina.errors import ExportError
from lamina.export.lowering.operations import Operation
from lamina.export.lowering.program import InputColumn, InputKind
from lamina.export.lowering.table_operations import (
    Calendar,
    CategoryCode,
    Clip,
    Columns,
    Impute,
    IsMissing,
    Join,
    Lookup,
    OneHot,
    OneHotNumber,
    Rescale,
    SmoothClip,
    Standardize,
    Take,
)
from lamina.export.onnx.calendar import MISSING_DATE, DateColumn
from lamina.export.onnx.graph import FLOAT64, INT64
from lamina.export.onnx.rendering import Nodes, Renderer

ML = "ai.onnx.ml"
MISSING_TEXT = ""
UNREPRESENTED = "a missing one has no representation"
# For larger x, x / sqrt(1 + (x / bound)²) rounds to the bound.
LARGEST = 1e100
# Dtypes of non-numeric columns, and the description of every input in the graph.
INPUTS: Mapping[InputKind, np.dtype[np.generic]] = {
    "date": np.dtype(np.int64),
    "category": np.dtype(object),
}
MEANINGS: Mapping[InputKind, str] = {
    "number": "a number; NaN where it is missing",
    "date": "microseconds since 1970-01-01 in UTC; the smallest int64 if the date is missing",
    "category": "a category; empty where it is missing",
}


def meaning(column: InputColumn, place: int, operations: Sequence[Operation]) -> str:
    """Return the description of one of the graph's inputs."""
    for operation in operations:
        if isinstance(operation, OneHot | CategoryCode) and operation.column == place:
            operation = operation.one_hot if isinstance(operation, CategoryCode) else operation
            empty_is_missing = operation.fill is not None or None in operation.categories
            if MISSING_TEXT in operation.categories and not empty_is_missing:
                return f"a category, which may be empty; {UNREPRESENTED}"
    meaning = MEANINGS[column.kind]
    return meaning.replace("a number", f"a number, {column.unit}") if column.unit else meaning


def _columns(nodes: Nodes, operation: Columns) -> str:
    if not nodes.inputs:
        matrix = nodes.cast(nodes.names[0])
        return nodes.columns(matrix, operation.columns)
    read = [_number(nodes, column) for column in operation.columns]
    return nodes.graph.node("Concat", *read, axis=1)


def _number(nodes: Nodes, column: int) -> str:
    """Return an input of numbers or dates as float64, NaN if missing."""
    name, graph = nodes.names[column], nodes.graph
    numbers = nodes.cast(name)
    if nodes.inputs[column].kind == "number":
        return numbers
    missing = graph.node("Equal", name, graph.constant(np.array(MISSING_DATE)))
    seconds = graph.node("Div", numbers, nodes.number(1e6))
    days = graph.node("Div", seconds, nodes.number(86_400))
    return graph.node("Where", missing, nodes.number(np.nan), days)


def _impute(nodes: Nodes, operation: Impute) -> str:
    x = nodes.matrices[operation.source]
    missing = nodes.graph.node("IsNaN", x)
    return nodes.graph.node("Where", missing, nodes.vector(operation.values), x)


def _is_missing(nodes: Nodes, operation: IsMissing) -> str:
    columns = nodes.columns(nodes.matrices[operation.source], operation.columns)
    return nodes.cast(nodes.graph.node("IsNaN", columns))


def _standardize(nodes: Nodes, operation: Standardize) -> str:
    x = nodes.matrices[operation.source]
    centred = nodes.graph.node("Sub", x, nodes.vector(operation.mean))
    return nodes.graph.node("Div", centred, nodes.vector(operation.scale))


def _rescale(nodes: Nodes, operation: Rescale) -> str:
    x = nodes.matrices[operation.source]
    scaled = nodes.graph.node("Mul", x, nodes.vector(operation.factor))
    return nodes.graph.node("Add", scaled, nodes.vector(operation.offset))


def _clip(nodes: Nodes, operation: Clip) -> str:
    low, high = nodes.number(operation.low), nodes.number(operation.high)
    return nodes.graph.node("Clip", nodes.matrices[operation.source], low, high)


def _smooth_clip(nodes: Nodes, operation: SmoothClip) -> str:
    """Add x / sqrt(1 + (x / bound)²) so that no square overflows."""
    x, node = nodes.matrices[operation.source], nodes.graph.node
    within = node("Clip", x, nodes.number(-LARGEST), nodes.number(LARGEST))
    fraction = node("Div", within, nodes.number(operation.bound))
    root = node("Sqrt", node("Add", nodes.number(1), node("Mul", fraction, fraction)))
    # If x is infinite or NaN, the difference is, too.
    return node("Add", node("Div", within, root), node("Sub", x, x))


def _take(nodes: Nodes, operation: Take) -> str:
    return nodes.columns(nodes.matrices[operation.source], operation.columns)


def _places(nodes: Nodes, operation: OneHot) -> str:
    """Return the index of each row's category as int64; -1 for an unknown one."""
    return nodes.graph.node(
        "LabelEncoder",
        nodes.names[operation.column],
        domain=ML,
        default_int64=-1,
        **_codes(nodes.inputs[operation.column], operation),
    )


def _code(nodes: Nodes, operation: CategoryCode) -> str:
    places = nodes.cast(_places(nodes, operation.one_hot))
    return nodes.graph.node("Add", places, nodes.number(1))


def _lookup(nodes: Nodes, operation: Lookup) -> str:
    codes = nodes.columns(nodes.matrices[operation.source], [operation.column])
    whole = nodes.graph.node("Cast", codes, to=INT64)
    flat = nodes.graph.node("Reshape", whole, nodes.graph.constant(np.array([-1], dtype=np.int64)))
    return nodes.graph.node("Gather", nodes.vector(operation.table), flat, axis=0)


def _one_hot(nodes: Nodes, operation: OneHot) -> str:
    codes = _places(nodes, operation)
    places = nodes.graph.constant(np.arange(operation.width, dtype=np.int64))
    encoded = nodes.cast(nodes.graph.node("Equal", codes, places))
    if operation.strict:
        nodes.refuse_unknown(encoded, operation.width)
    return encoded


def _codes(column: InputColumn, operation: OneHot) -> dict[str, Any]:
    """Return the attributes with which LabelEncoder maps texts to indices."""
    places = operation.places
    missing = places.get(operation.fill)
    codes = {text: place for text, place in places.items() if text is not None}
    if missing is not None and codes.get(MISSING_TEXT, missing) != missing:
        raise ExportError(
            "ONNX has no missing texts and represents them as empty ones, but column "
            f"{column.name!r} has both as categories"
        )
    for text in column.missing:
        codes[text] = -1 if missing is None else missing
    if missing is not None:
        codes[MISSING_TEXT] = missing
    # LabelEncoder is not valid without any key.
    codes = codes or {MISSING_TEXT: -1}
    return {"keys_strings": list(codes), "values_int64s": list(codes.values())}


def _one_hot_number(nodes: Nodes, operation: OneHotNumber) -> str:
    x = nodes.columns(nodes.matrices[operation.source], [operation.column])
    is_equal = nodes.graph.node("Equal", x, nodes.vector(operation.values))
    missing = np.isnan(operation.values)
    if missing.any():
        is_missing = nodes.graph.node(
            "And", nodes.graph.node("IsNaN", x), nodes.graph.constant(missing)
        )
        is_equal = nodes.graph.node("Or", is_equal, is_missing)
    encoded = nodes.cast(is_equal)
    if operation.strict:
        nodes.refuse_unknown(encoded, operation.width)
    return encoded


def _calendar(nodes: Nodes, operation: Calendar) -> str:
    """Add the part of a date, computed from whole microseconds, which are exact."""
    dates = nodes.operations[operation.source]
    if not isinstance(dates, Columns):
        raise ExportError("no export supports parts of dates that are not input columns")
    name = nodes.names[dates.columns[operation.column]]
    return DateColumn(nodes.graph, name, FLOAT64).columns(operation.part)


def _join(nodes: Nodes, operation: Join) -> str:
    parts = [nodes.matrices[source] for source in operation.sources]
    return nodes.graph.node("Concat", *parts, axis=1)


RENDERERS: Mapping[type, Renderer] = {
    Columns: _columns,
    Impute: _impute,
    IsMissing: _is_missing,
    Standardize: _standardize,
    Rescale: _rescale,
    Calendar: _calendar,
    Clip: _clip,
    SmoothClip: _smooth_clip,
    Take: _take,
    OneHot: _one_hot,
    CategoryCode: _code,
    Lookup: _lookup,
    OneHotNumber: _one_hot_number,
    Join: _join,
}
