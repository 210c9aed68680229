"""A TableEncoding as nodes of an ONNX graph: one input for each column, one matrix out.

Shapes: every column is (n_rows, 1), numbers (NaN where missing), moments (microseconds since 1970;
the least int64 where missing) or texts (empty where missing); the matrix is (n_rows,
n_features_out), as TableEncoding has it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from onnx import helper

from lamina.encoding import TableEncoding
from lamina.encoding.columns import Kind
from lamina.errors import ExportError
from lamina.export.onnx_calendar import MICROSECONDS_A_DAY, MISSING_MOMENT, Moment
from lamina.export.onnx_graph import Graph

MISSING_TEXT = ""
# The dtypes of columns that are no numbers, and what the graph says of every input.
INPUTS = {"moment": np.dtype(np.int64), "category": np.dtype(object)}
MEANINGS: dict[Kind, str] = {
    "number": "a number; NaN where it is missing",
    "moment": "microseconds since 1970-01-01 in UTC; the least int64 where the date is missing",
    "category": "a category; empty where it is missing",
}


def columns_read(encoding: TableEncoding) -> dict[str, Kind]:
    """The columns that an encoding reads, and what each holds.

    Raises
    ------
    ExportError
        For a column that tells an empty text from a missing one.
    """
    for name, texts in encoding.categories_.items():
        if None in texts and MISSING_TEXT in texts:
            raise ExportError(
                "ONNX has no missing texts, so an empty one stands for them, and column "
                f"{name!r} has both as categories"
            )
    rare = {name for name, texts in encoding.categories_.items() if not texts}
    left_out = rare | set(encoding.left_out_)
    return {name: kind for name, kind in encoding.kinds_.items() if name not in left_out}


def add_encoding(
    graph: Graph, encoding: TableEncoding, columns: Mapping[str, str], dtype: np.dtype[Any]
) -> str:
    """Add the nodes of an encoding; `columns` has the graph's name of each that is read.

    Numbers come in that dtype, float32 or float64, and the matrix, whose name is returned, has it.
    """
    number = helper.np_dtype_to_tensor_dtype(dtype)
    parts = _numbers(graph, encoding, columns, dtype, number)
    for name, calendar in encoding.calendar_.items():
        if calendar:
            moment = Moment(graph, columns[name], number)
            parts += [moment.columns(part) for part in calendar]
    for name, texts in encoding.categories_.items():
        if texts:
            form = encoding.forms_.get(name)
            marks = () if form is None else form.missing
            parts.append(_one_hot(graph, columns[name], texts, marks, number))
    return graph.node("Concat", *parts, axis=1)


def _numbers(
    graph: Graph,
    encoding: TableEncoding,
    columns: Mapping[str, str],
    dtype: np.dtype[Any],
    number: int,
) -> list[str]:
    """Standardised numbers, and a 0/1 column for each that was missing in training."""
    kinds = {name: kind for name, kind in columns_read(encoding).items() if kind != "category"}
    if not kinds:
        return []
    # float32 does not tell the hours of a day that so many days have come before.
    own = np.dtype(np.float64) if "moment" in kinds.values() else dtype
    learned = encoding.to_plain()["numbers"]

    def constant(name: str) -> str:
        return graph.constant(learned[name].astype(own))

    read = [_number(graph, columns[name], kind, own) for name, kind in kinds.items()]
    numbers = graph.node("Concat", *read, axis=1)
    missing = graph.node("IsNaN", numbers)
    imputed = graph.node("Where", missing, constant("median"), numbers)
    scaled = graph.node("Div", graph.node("Sub", imputed, constant("mean")), constant("scale"))
    if own != dtype:
        scaled = graph.node("Cast", scaled, to=number)
    indicated = np.flatnonzero(learned["had_missing"])
    if not len(indicated):
        return [scaled]
    indicators = graph.node("Gather", missing, graph.constant(indicated), axis=1)
    return [scaled, graph.node("Cast", indicators, to=number)]


def _number(graph: Graph, column: str, kind: Kind, dtype: np.dtype[Any]) -> str:
    """A column of numbers or moments as numbers of that dtype, NaN where missing."""
    numbers = graph.node("Cast", column, to=helper.np_dtype_to_tensor_dtype(dtype))
    if kind == "number":
        return numbers
    day = graph.constant(np.array(MICROSECONDS_A_DAY, dtype=dtype))
    missing = graph.node("Equal", column, graph.constant(np.array(MISSING_MOMENT)))
    nan = graph.constant(np.array(np.nan, dtype=dtype))
    return graph.node("Where", missing, nan, graph.node("Div", numbers, day))


def _one_hot(
    graph: Graph, column: str, texts: list[str | None], marks: Sequence[str], number: int
) -> str:
    """A 0/1 column for each category; texts that are none of them are 0 in all.

    The marks are texts that stand for a missing value, as an empty one does.
    """
    categories = [MISSING_TEXT if text is None else text for text in texts]
    places = list(range(len(categories)))
    if None in texts:
        further = [mark for mark in marks if mark not in categories]
        keys, codes_of = categories + further, places + [texts.index(None)] * len(further)
    else:
        keys, codes_of = categories, places
    codes = graph.node(
        "LabelEncoder",
        column,
        domain="ai.onnx.ml",
        keys_strings=keys,
        values_int64s=codes_of,
        default_int64=-1,
    )
    numbers = graph.constant(np.arange(len(categories), dtype=np.int64))
    return graph.node("Cast", graph.node("Equal", codes, numbers), to=number)
