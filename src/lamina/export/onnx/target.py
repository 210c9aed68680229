"""The ONNX model as an export target."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import DTypeLike

from lamina.export.lowering.fitted_network import FittedModel
from lamina.export.lowering.program import ModelProgram
from lamina.export.onnx.calendar import MISSING_DATE
from lamina.export.onnx.check import open_session
from lamina.export.onnx.model import OPSET, to_onnx
from lamina.export.onnx.program import program_to_onnx
from lamina.export.onnx.table import UNREPRESENTED
from lamina.export.row_values import column_values
from lamina.export.target import Evaluation, FileTarget, NotEvaluatedError, Rows
from lamina.formulas.table import AnyArray

if TYPE_CHECKING:
    from onnx import ModelProto
    from onnxruntime import NodeArg


DTYPES = {"tensor(float)": np.float32, "tensor(double)": np.float64}


def render_file(program: ModelProgram) -> bytes:
    """Return an ONNX file."""
    return bytes(program_to_onnx(program, None, OPSET).SerializeToString())


def convert(model: FittedModel, dtype: DTypeLike | None) -> bytes:
    """Return the ONNX file of a model; skl2onnx converts pipelines that have no program."""
    return bytes(to_onnx(model, dtype=dtype).SerializeToString())


def evaluate(program: ModelProgram, content: bytes, rows: Rows) -> Evaluation:
    """Run an ONNX file in onnxruntime."""
    import onnx

    proto = onnx.load_from_string(content)
    session = open_session(proto, program.network_dtype)
    if session is None:
        raise NotEvaluatedError("onnxruntime is not installed")
    rows = _representable(proto, rows)
    names = [each.name for each in session.get_outputs() if not each.name.startswith("label")]
    results = session.run(names, _feed(session.get_inputs(), program, rows))
    return Evaluation("onnxruntime", np.hstack(results))


def _representable(proto: ModelProto, rows: Rows) -> Rows:
    """Return the rows, without the last, of missing texts, if the model has no form for these."""
    lacks_missing = any(UNREPRESENTED in each.doc_string for each in proto.graph.input)
    return rows[:-1] if lacks_missing else rows


def _feed(inputs: list[NodeArg], program: ModelProgram, rows: Rows) -> dict[str, AnyArray]:
    """Return the rows as the inputs of an onnxruntime session."""
    if not program.takes_a_table:
        return {inputs[0].name: np.asarray(rows).astype(DTYPES[inputs[0].type])}
    feed = {}
    for each, column in zip(inputs, program.inputs, strict=True):
        cells = column_values(column, rows)
        if column.kind == "category":
            values = np.array(["" if text is None else text for text in cells], dtype=object)
        elif column.kind == "date":
            micros = rows[column.name].to_numpy("datetime64[us]").astype(np.int64)
            values = np.where(np.isnan(np.array(cells, dtype=float)), MISSING_DATE, micros)
        else:
            values = np.array(cells, dtype=DTYPES[each.type])
        feed[each.name] = values.reshape(-1, 1)
    return feed


ONNX = FileTarget("onnx", "lamina.export.onnx.outputs", ".onnx", render_file, evaluate, convert)
