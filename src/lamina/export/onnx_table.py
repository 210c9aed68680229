"""A TableEncoding as nodes of an ONNX graph: one input for each column, one matrix out.

Shapes: every column is (n_rows, 1), numbers (NaN where missing) or texts (empty where missing); the
matrix is (n_rows, n_features_out), as TableEncoding has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from onnx import helper

from lamina.encoding import TableEncoding
from lamina.errors import ExportError
from lamina.export.onnx_graph import Graph

MISSING_TEXT = ""


def columns_read(encoding: TableEncoding) -> dict[str, str]:
    """The columns that an encoding reads, and whether each is a 'number' or a 'category'.

    Raises
    ------
    ExportError
        For a column of dates, and one that tells an empty text from a missing one.
    """
    for name, kind in encoding.kinds_.items():
        if kind == "moment":
            raise ExportError(
                f"ONNX has no type for dates, which column {name!r} holds: make it a number before "
                "the table is encoded"
            )
    for name, texts in encoding.categories_.items():
        if None in texts and MISSING_TEXT in texts:
            raise ExportError(
                "ONNX has no missing texts, so an empty one stands for them, and column "
                f"{name!r} has both as categories"
            )
    passed_over = {name for name, texts in encoding.categories_.items() if not texts}
    return {name: kind for name, kind in encoding.kinds_.items() if name not in passed_over}


def add_encoding(
    graph: Graph, encoding: TableEncoding, columns: Mapping[str, str], dtype: np.dtype[Any]
) -> str:
    """Add the nodes of an encoding; `columns` has the graph's name of each that is read.

    Numbers come in that dtype, float32 or float64, and the matrix, whose name is returned, has it.
    """
    number = helper.np_dtype_to_tensor_dtype(dtype)
    numeric = [name for name, kind in encoding.kinds_.items() if kind == "number"]
    parts = []
    if numeric:
        parts += _numbers(graph, encoding, [columns[name] for name in numeric], dtype, number)
    for name, texts in encoding.categories_.items():
        if texts:
            parts.append(_one_hot(graph, columns[name], texts, number))
    return graph.node("Concat", *parts, axis=1)


def _numbers(
    graph: Graph, encoding: TableEncoding, columns: list[str], dtype: np.dtype[Any], number: int
) -> list[str]:
    """Standardised numbers, and a 0/1 column for each that was missing in training."""
    learned = encoding.to_plain()["numbers"]

    def constant(name: str) -> str:
        return graph.constant(learned[name].astype(dtype))

    numbers = graph.node("Concat", *columns, axis=1)
    missing = graph.node("IsNaN", numbers)
    imputed = graph.node("Where", missing, constant("median"), numbers)
    scaled = graph.node("Div", graph.node("Sub", imputed, constant("mean")), constant("scale"))
    indicated = np.flatnonzero(learned["had_missing"])
    if not len(indicated):
        return [scaled]
    indicators = graph.node("Gather", missing, graph.constant(indicated), axis=1)
    return [scaled, graph.node("Cast", indicators, to=number)]


def _one_hot(graph: Graph, column: str, texts: list[str | None], number: int) -> str:
    """A 0/1 column for each category; texts that are none of them are 0 in all."""
    categories = [MISSING_TEXT if text is None else text for text in texts]
    codes = graph.node(
        "LabelEncoder",
        column,
        domain="ai.onnx.ml",
        keys_strings=categories,
        values_int64s=list(range(len(categories))),
        default_int64=-1,
    )
    numbers = graph.constant(np.arange(len(categories), dtype=np.int64))
    return graph.node("Cast", graph.node("Equal", codes, numbers), to=number)
