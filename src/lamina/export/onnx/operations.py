"""Preprocessing as nodes of an ONNX graph, operation by operation.

Shapes: an input of a table is (n_samples, 1), numbers (NaN if missing), dates (microseconds since
1970; the smallest int64 if missing) or texts (empty if missing); a matrix is (n_samples, width), in
float64 even if the network computes in float32.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lamina.errors import ExportError
from lamina.export.lowering.program import (
    Affine,
    Calendar,
    CategoryCode,
    Clip,
    Columns,
    Impute,
    InputColumn,
    InputKind,
    IsMissing,
    Join,
    Lookup,
    OneHot,
    OneHotNumber,
    Operation,
    SmoothClip,
    Standardize,
    Take,
)
from lamina.export.onnx.calendar import FLOAT64, MISSING_DATE, DateColumn
from lamina.export.onnx.graph import INT64, Graph

ML = "ai.onnx.ml"
MISSING_TEXT = ""
# For larger x, x / sqrt(1 + (x / bound)²) rounds to the bound.
LARGEST = 1e100
# Dtypes of non-numeric columns, and the description of every input in the graph.
INPUTS: Mapping[InputKind, np.dtype[Any]] = {
    "date": np.dtype(np.int64),
    "category": np.dtype(object),
}
MEANINGS: Mapping[InputKind, str] = {
    "number": "a number; NaN where it is missing",
    "date": "microseconds since 1970-01-01 in UTC; the smallest int64 if the date is missing",
    "category": "a category; empty where it is missing",
}


@dataclass(frozen=True)
class Matrix:
    """Input matrix of a network, and the value to be added to its predictions.

    Attributes
    ----------
    numbers : str
        (n_samples, width).
    invalid : str
        (n_samples, 1): NaN if there is no prediction for the row, else 0.
    """

    numbers: str
    invalid: str


@dataclass(frozen=True)
class Nodes:
    """Graph with the names of its inputs, and the matrices added so far."""

    graph: Graph
    operations: Sequence[Operation]
    inputs: Sequence[InputColumn]
    names: Sequence[str]
    matrices: list[str]
    invalid: list[str]

    def number(self, value: float) -> str:
        """Add a constant and return its name."""
        return self.vector(np.array(value))

    def vector(self, values: NDArray[Any]) -> str:
        """Add a float64 array and return its name."""
        return self.graph.constant(np.asarray(values, dtype=np.float64))

    def columns(self, matrix: str, columns: Sequence[int]) -> str:
        """Return some columns of a matrix."""
        return self.graph.node("Gather", matrix, self._places(columns), axis=1)

    def _places(self, columns: Sequence[int]) -> str:
        return self.graph.constant(np.array(columns, dtype=np.int64))

    def cast(self, value: str) -> str:
        """Convert a value to float64."""
        return self.graph.node("Cast", value, to=FLOAT64)

    def sum(self, matrix: str, width: int) -> str:
        """Return the sum of each row, (n_samples, 1)."""
        return self.graph.node("MatMul", matrix, self.vector(np.ones((width, 1))))

    def where_invalid(self, places: Sequence[int]) -> str:
        """Return NaN for rows with a number that is not finite or a rejected category, else 0."""
        flags = list(self.invalid)
        for place in places:
            matrix, width = self.matrices[place], self.operations[place].width
            # x - x is NaN for infinities and NaN, else 0.
            flags.append(self.sum(self.graph.node("Sub", matrix, matrix), width))
        return reduce(lambda one, other: self.graph.node("Add", one, other), flags)

    def refuse_unknown(self, encoded: str, width: int) -> None:
        """Make the prediction NaN for rows without a known category."""
        none = self.graph.node("Equal", self.sum(encoded, width), self.number(0))
        flag = self.graph.node("Where", none, self.number(np.nan), self.number(0))
        self.invalid.append(flag)


def add_operations(
    graph: Graph,
    operations: Sequence[Operation],
    inputs: Sequence[InputColumn],
    names: Sequence[str],
) -> Matrix:
    """Add all operations; `names` are those of the inputs, or of a single input matrix.

    Raises
    ------
    ExportError
        For a column where empty and missing texts are different categories.
    """
    nodes = add_matrices(graph, operations, inputs, names)
    return Matrix(nodes.matrices[-1], nodes.where_invalid([len(operations) - 1]))


def add_matrices(
    graph: Graph,
    operations: Sequence[Operation],
    inputs: Sequence[InputColumn],
    names: Sequence[str],
) -> Nodes:
    """Add all operations as `add_operations` does; return the graph with every matrix."""
    nodes = Nodes(graph, operations, inputs, names, [], [])
    for operation in operations:
        nodes.matrices.append(RENDERED[type(operation)](nodes, operation))
    return nodes


def meaning(column: InputColumn, place: int, operations: Sequence[Operation]) -> str:
    """Return the description of one of the graph's inputs."""
    for operation in operations:
        if isinstance(operation, OneHot | CategoryCode) and operation.column == place:
            operation = operation.one_hot if isinstance(operation, CategoryCode) else operation
            empty_is_missing = operation.fill is not None or None in operation.categories
            if MISSING_TEXT in operation.categories and not empty_is_missing:
                return "a category, which may be empty; a missing one has no representation"
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


def _affine(nodes: Nodes, operation: Affine) -> str:
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


RENDERED: Mapping[type[Operation], Callable[[Nodes, Any], str]] = {
    Columns: _columns,
    Impute: _impute,
    IsMissing: _is_missing,
    Standardize: _standardize,
    Affine: _affine,
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
