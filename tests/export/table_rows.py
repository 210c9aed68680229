"""The rows of a data frame as exported models take them, in C and in ONNX."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
import pytest

from lamina.encoding.columns import categories, moments

pd = pytest.importorskip("pandas")


def answers_of_c(
    compile_c: Any, header: str, program: Any, table: Any, call: str, n_answers: int
) -> np.ndarray:
    """The answers of a header, row by row; `call` reads `row` and writes `y`."""
    real = "float" if program.dtype == np.float32 else "double"
    library = compile_c(
        header,
        f"void run(const mlp_row *row, {real} *y);\n"
        f"void run(const mlp_row *row, {real} *y) {{ {call}; }}\n",
    )
    kinds = {"category": ctypes.c_char_p, "number": ctypes.c_double, "moment": ctypes.c_double}
    fields = [(f"field_{i}", kinds[each.kind]) for i, each in enumerate(program.inputs)]
    row_type = type("Row", (ctypes.Structure,), {"_fields_": fields})
    columns = [_as_c(table[each.name], each.kind) for each in program.inputs]
    answer = np.empty((len(table), n_answers), program.dtype)
    for values, y in zip(zip(*columns, strict=True), answer, strict=True):
        library.run(ctypes.byref(row_type(*values)), ctypes.c_void_p(y.ctypes.data))
    return answer


def _as_c(column: Any, kind: str) -> list[Any]:
    """A column's values as the fields of a C struct take them."""
    if kind == "number":
        return list(column.astype(float))
    if kind == "category":
        texts = categories(str(column.name), column)
        return [None if text is None else text.encode() for text in texts]
    return list(moments(str(column.name), column))


def feed_of_onnx(session: Any, program: Any, table: Any) -> dict[str, np.ndarray]:
    """The columns of a table as the inputs of a session."""
    pairs = zip(session.get_inputs(), program.inputs, strict=True)
    return {
        each.name: _as_onnx(table[column.name], column.kind, each.type) for each, column in pairs
    }


def _as_onnx(column: Any, kind: str, onnx_type: str) -> np.ndarray:
    if kind == "category":
        texts = categories(str(column.name), column)
        return np.array([["" if text is None else text] for text in texts], dtype=object)
    if kind == "moment":
        in_utc = pd.to_datetime(column, utc=True).dt.tz_localize(None)
        return in_utc.to_numpy("datetime64[us]").astype(np.int64).reshape(-1, 1)
    dtype = {"tensor(float)": np.float32, "tensor(double)": np.float64}[onnx_type]
    return column.astype(float).to_numpy(dtype).reshape(-1, 1)
