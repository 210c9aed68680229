"""Run an exported model and compare its predictions with the model's."""

from __future__ import annotations

import math
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import is_classifier

from lamina.cli.prediction import predicted_std
from lamina.cli.recipe import get_encoding
from lamina.cli.sample_rows import sample_rows
from lamina.encoding.columns import categories, dates
from lamina.errors import ExportError
from lamina.export.c.texts import literal
from lamina.export.lowering.any_model import lower_any
from lamina.export.lowering.builder import NotLoweredError
from lamina.export.lowering.program import InputColumn, ModelProgram
from lamina.export.onnx.calendar import MISSING_DATE
from lamina.export.onnx.check import open_session

# Relative to the largest prediction of a column.
TOLERANCES = {"float64": 1e-8, "float32": 1e-3}
ROUNDED_TOLERANCE = 2.0**-5
COMPILERS = ("cc", "gcc", "clang")
SECONDS = 120
MAIN = """\
#include <stdio.h>
#include "model.h"

int main(void)
{{
{rows}
    for (int i = 0; i < {n_rows}; i++) {{
        {real} y[{n}];
        {call};
        for (int j = 0; j < {n}; j++) printf("%.17g\\n", (double)y[j]);
    }}
    return 0;
}}
"""


def check_onnx(model: Any, content: bytes, dtype: str | None) -> str:
    """Compare a model with its ONNX export; return the outcome as part of a sentence.

    Raises
    ------
    ExportError
        If predictions differ.
    """
    import onnx

    program = _program(model, dtype)
    if program is None:
        return (
            "opened in onnxruntime"
            if _is_installed("onnxruntime")
            else "not checked: no onnxruntime"
        )
    proto = onnx.load_from_string(content)
    session = open_session(proto, program.network_dtype)
    if session is None:
        return "not checked: onnxruntime is not installed"
    X = _without_inexpressible(proto, sample_rows(program))
    names = [each.name for each in session.get_outputs() if not each.name.startswith("label")]
    actual = np.hstack(session.run(names, _feed(session.get_inputs(), program, X)))
    return _compare(model, program, X, actual, "onnxruntime")


def check_python(model: Any, content: bytes, dtype: str | None) -> str:
    """Compare a model with its Python export; see `check_onnx`."""
    program = lower_any(model, dtype)
    X, names = sample_rows(program), dict[str, Any]()
    exec(compile(content, "exported.py", "exec"), names)
    return _compare(model, program, X, _answer_in_python(model, program, names, X), "Python")


def check_c(model: Any, content: bytes, dtype: str | None) -> str:
    """Compare a model with its C export if a compiler is installed; see `check_onnx`."""
    program = lower_any(model, dtype)
    compiler = next(filter(None, map(shutil.which, COMPILERS)), None)
    if compiler is None:
        return f"not checked: no C compiler ({', '.join(COMPILERS)}) is on the PATH"
    X = sample_rows(program)
    n = program.n_columns * (1 + program.has_std)
    try:
        printed = _run_in_c(compiler, content, _main(program, X, n))
    except (OSError, subprocess.SubprocessError) as error:
        name = Path(compiler).name
        return f"not checked: {name} did not compile and run it ({type(error).__name__})"
    actual = np.array([float(line) for line in printed.split()]).reshape(len(X), n)
    return _compare(model, program, X, actual, Path(compiler).name)


def _program(model: Any, dtype: str | None) -> ModelProgram | None:
    try:
        return lower_any(model, dtype)
    except NotLoweredError:
        return None


def _is_installed(package: str) -> bool:
    from importlib.util import find_spec

    return find_spec(package) is not None


def _without_inexpressible(proto: Any, X: Any) -> Any:
    """Drop the last row, of missing texts, if the ONNX model has no form for them."""
    lacks_missing = any(
        "a missing one has no representation" in each.doc_string for each in proto.graph.input
    )
    return X[:-1] if lacks_missing else X


def _expected(model: Any, X: Any) -> NDArray[Any]:
    """Return the model's probabilities, or predictions and standard deviations, as columns."""
    encoding = get_encoding(model)
    if encoding is not None:
        # The model requires columns that the export omits because all their values are rare.
        X = X.reindex(columns=list(encoding.kinds_))
    if is_classifier(model):
        return _columns(model.predict_proba(X))
    std = predicted_std(model, X)
    parts = [model.predict(X), *([] if std is None else [std])]
    return np.hstack([np.asarray(part).reshape(len(X), -1) for part in parts])


def _columns(answer: Any) -> NDArray[Any]:
    parts = answer if isinstance(answer, list | tuple) else [answer]
    return np.hstack([np.asarray(part).reshape(len(part), -1) for part in parts])


def _compare(model: Any, program: ModelProgram, X: Any, actual: NDArray[Any], where: str) -> str:
    expected = _expected(model, X)
    # A model that computes in float32 differs from its export in float64 by its own rounding.
    dtypes = program.network_dtype, lower_any(model).network_dtype
    tolerance = max(TOLERANCES[dtype.name] for dtype in dtypes)
    if program.is_rounded:
        tolerance = ROUNDED_TOLERANCE
    scale = np.maximum(abs(expected).max(axis=0), np.finfo(np.float32).tiny)
    off = np.abs(actual - expected) / scale if actual.shape == expected.shape else np.array(np.inf)
    if not off.max() <= tolerance:
        cure = " Export it with --dtype float64." if program.network_dtype == np.float32 else ""
        raise ExportError(
            f"predictions of {where} differ from the model's by {off.max():.2g} of the largest "
            f"one, so nothing was written.{cure}"
        )
    return f"{where} gives the model's predictions on {len(X)} rows"


def _feed(inputs: Sequence[Any], program: ModelProgram, X: Any) -> dict[str, NDArray[Any]]:
    """Return the rows as the inputs of an ONNX Runtime session."""
    dtypes = {"tensor(float)": np.float32, "tensor(double)": np.float64}
    if not program.takes_a_table:
        return {inputs[0].name: X.astype(dtypes[inputs[0].type])}
    feed = {}
    for each, column in zip(inputs, program.inputs, strict=True):
        values = _values(column, X)
        if column.kind == "category":
            values = np.array(["" if text is None else text for text in values], dtype=object)
        elif column.kind == "date":
            micros = X[column.name].to_numpy("datetime64[us]").astype(np.int64)
            values = np.where(np.isnan(values), MISSING_DATE, micros)
        else:
            values = values.astype(dtypes[each.type])
        feed[each.name] = values.reshape(-1, 1)
    return feed


def _values(column: InputColumn, X: Any) -> NDArray[Any]:
    """Return the numbers, days since 1970 or texts of a column."""
    if column.kind == "category":
        return categories(column.name, X[column.name])
    if column.kind == "date":
        return dates(column.name, X[column.name])
    return np.asarray(X[column.name], dtype=np.float64)


def _answer_in_python(
    model: Any, program: ModelProgram, names: dict[str, Any], X: Any
) -> NDArray[Any]:
    if is_classifier(model):
        return _columns(names["predict_proba"](X))
    if not program.has_std:
        return np.asarray(names["predict"](X)).reshape(len(X), -1)
    return np.hstack([part.reshape(len(X), -1) for part in names["predict"](X, return_std=True)])


def _main(program: ModelProgram, X: Any, n: int) -> str:
    """Return a C program that prints the predictions for these rows."""
    real = "float" if program.dtype == np.float32 else "double"
    if program.takes_a_table:
        columns = [[_in_c(value) for value in _values(each, X)] for each in program.inputs]
        rows, kind, size = list(zip(*columns, strict=True)), "mlp_row", "[]"
    else:
        rows, kind, size = [tuple(map(_in_c, row)) for row in X], real, f"[][{program.n_features}]"
    table = ",\n".join(f"        {{{', '.join(row)}}}" for row in rows)
    row = "&rows[i]" if program.takes_a_table else "rows[i]"
    call = f"mlp_predict({row}, y)"
    if program.has_std:
        call = f"mlp_predict_with_std({row}, y, y + {program.n_columns})"
    declared = f"    static const {kind} rows{size} = {{\n{table}}};"
    return MAIN.format(rows=declared, n_rows=len(rows), real=real, n=n, call=call)


def _in_c(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return literal(value)
    return "NAN" if math.isnan(value) else repr(float(value))


def _run_in_c(compiler: str, header: bytes, main: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "model.h").write_bytes(header)
        Path(folder, "main.c").write_text(main, encoding="ascii")
        command = [compiler, "-std=c99", "main.c", "-o", "model", "-lm"]
        for arguments in (command, [str(Path(folder, "model"))]):
            ran = subprocess.run(
                arguments, cwd=folder, capture_output=True, text=True, check=True, timeout=SECONDS
            )
    return ran.stdout
