"""Tables for the tests of exports, and their rows as inputs for C and ONNX."""

from __future__ import annotations

import ctypes
import re
from typing import Any

import numpy as np
import pytest

from lamina.encoding.columns import categories, dates

pd = pytest.importorskip("pandas")

HOSTILE = [
    'say "hi"',
    "it's",
    "tab\there",
    "new\nline",
    "carriage\rreturn",
    "back\\slash",
    "\\n",
    "what??/ ??=",
    "*/ /* //",
    "%s %n {0} {x}",
    "Århus",
    "東京",
    "é",
    "é",
    "😀",
    " ",
    "",
    "nan",
    "None",
    "\\x41\\0",
    '"); system("x',
    "\u2028\x7f\x01",
    "x" * 5000,
]
HOSTILE_NAMES = [
    '"; system("x',
    "*/ int x; /*",
    "int",
    "int ",
    "2nd",
    "NAN",
    "nan",
    "a b",
    "a-b",
    "東京",
    "大阪",
    "",
    "new\nline\\",
    "linux",
    "__import__('os')",
    "{0}{x}%s",
    "x",
    "row",
    "y",
]


def hostile() -> Any:
    """Names and categories that break code generators without escaping."""
    draw = np.random.RandomState(1)
    table = pd.DataFrame({name: draw.normal(size=240) for name in HOSTILE_NAMES})
    for name in (HOSTILE_NAMES[0], HOSTILE_NAMES[1], HOSTILE_NAMES[14]):
        table[name] = draw.choice(HOSTILE, 240)
    return table


def answers_of_c(
    compile_c: Any, header: str, program: Any, table: Any, call: str, n_answers: int
) -> np.ndarray:
    """Return the output of a header, row by row; `call` reads `row` and writes `y`."""
    real = "float" if program.dtype == np.float32 else "double"
    library = compile_c(
        header,
        f"void run(const mlp_row *row, {real} *y);\n"
        f"void run(const mlp_row *row, {real} *y) {{ {call}; }}\n",
    )
    kinds = {"category": ctypes.c_char_p, "number": ctypes.c_double, "date": ctypes.c_double}
    fields = [(f"field_{i}", kinds[each.kind]) for i, each in enumerate(program.inputs)]
    row_type = type("Row", (ctypes.Structure,), {"_fields_": fields})
    columns = [_as_c(table[each.name], each.kind) for each in program.inputs]
    answer = np.empty((len(table), n_answers), program.dtype)
    for values, y in zip(zip(*columns, strict=True), answer, strict=True):
        library.run(ctypes.byref(row_type(*values)), ctypes.c_void_p(y.ctypes.data))
    return answer


def _as_c(column: Any, kind: str) -> list[Any]:
    """Return a column's values as fields of a C struct."""
    if kind == "number":
        return list(column.astype(float))
    if kind == "category":
        texts = categories(str(column.name), column)
        return [None if text is None else text.encode() for text in texts]
    return list(dates(str(column.name), column))


def feed_of_onnx(session: Any, program: Any, table: Any) -> dict[str, np.ndarray]:
    """Return the columns of a table as inputs of a session."""
    pairs = zip(session.get_inputs(), program.inputs, strict=True)
    return {
        each.name: _as_onnx(table[column.name], column.kind, each.type) for each, column in pairs
    }


def _as_onnx(column: Any, kind: str, onnx_type: str) -> np.ndarray:
    if kind == "category":
        texts = categories(str(column.name), column)
        return np.array([["" if text is None else text] for text in texts], dtype=object)
    if kind == "date":
        in_utc = pd.to_datetime(column, utc=True).dt.tz_localize(None)
        return in_utc.to_numpy("datetime64[us]").astype(np.int64).reshape(-1, 1)
    dtype = {"tensor(float)": np.float32, "tensor(double)": np.float64}[onnx_type]
    return column.astype(float).to_numpy(dtype).reshape(-1, 1)


def can_be_said(proto: Any, rows: Any) -> np.ndarray:
    """Return the rows without missing texts in columns where the empty text is a category."""
    said = np.ones(len(rows), dtype=bool)
    for each in proto.graph.input:
        if "a missing one has no representation" in each.doc_string:
            [name] = [name for name in rows if re.sub(r"[^\w+]", "_", name) == each.name]
            said &= rows[name].notna().to_numpy()
    return said
