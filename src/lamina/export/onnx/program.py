"""ONNX model of a program: its inputs, preprocessing and network."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from lamina.errors import ExportError
from lamina.export.lowering.network_operations import Features
from lamina.export.lowering.program import ModelProgram
from lamina.export.onnx.graph import Attribute, Graph
from lamina.export.onnx.outputs import Output, add_program, list_outputs
from lamina.export.onnx.table import INPUTS, ML, meaning
from lamina.export.target import Rows
from lamina.formulas.table import AnyArray

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto, TensorProto, ValueInfoProto

# Version of the ai.onnx.ml operators that every recent onnxruntime supports.
ML_OPSET = 3
# Names of columns in a graph never contain this character, so they differ from names of nodes.
INNER = "lamina/"


class ModelGraph:
    """Nodes and constants of an ONNX model."""

    def __init__(self) -> None:
        self.nodes: list[NodeProto] = []
        self.constants: list[TensorProto] = []

    def constant(self, array: AnyArray) -> str:
        """Add an array and return its name."""
        from onnx import numpy_helper

        name = f"{INNER}constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def node(self, operator: str, *inputs: str, spare: int = 0, **attributes: Attribute) -> str:
        """Add an operator and return the name of its first output; further outputs are unused."""
        name = f"{INNER}{operator.lower()}_{len(self.nodes)}"
        unread = [f"{name}_{i}" for i in range(spare)]
        self.add(operator, inputs, name, *unread, **attributes)
        return name

    def add(self, operator: str, inputs: Sequence[str], *outputs: str, **attributes: Any) -> None:
        """Add an operator whose output has a given name."""
        from onnx import helper

        self.nodes.append(helper.make_node(operator, list(inputs), list(outputs), **attributes))


def program_to_onnx(program: ModelProgram, X: Rows, opset: int) -> ModelProto:
    """Return a program as an ONNX model.

    If given, `X` decides if the columns of a matrix are separate inputs, and which inputs are whole
    numbers or booleans.

    Raises
    ------
    ExportError
        For a column where empty and missing texts differ, and an X without the model's columns.
    """
    graph, outputs = ModelGraph(), list_outputs(program)
    inputs, names = _inputs(program, X, outputs)
    if not program.takes_a_table and len(names) > 1:
        names = [_joined(graph, names)]
    results = add_program(graph, program, names)
    for result, output in zip(results, outputs, strict=True):
        graph.add("Identity", [result], output.name)
    return model_of(graph, inputs, outputs, opset)


def model_of(
    graph: ModelGraph, inputs: Sequence[ValueInfoProto], outputs: Sequence[Output], opset: int
) -> ModelProto:
    """Return the model of a graph after all nodes have been added."""
    from onnx import helper

    infos = [_output_info(output) for output in outputs]
    made = helper.make_graph(graph.nodes, "lamina", list(inputs), infos, graph.constants)
    opsets = [helper.make_opsetid("", opset)]
    if any(node.domain == ML for node in graph.nodes):
        opsets.append(helper.make_opsetid(ML, ML_OPSET))
    # onnx's default is its newest version, which older runtimes cannot read.
    version = helper.find_min_ir_version_for(opsets)
    return helper.make_model(made, opset_imports=opsets, ir_version=version, producer_name="lamina")


def _output_info(output: Output) -> ValueInfoProto:
    from onnx import helper

    kind = helper.np_dtype_to_tensor_dtype(output.dtype)
    shape = [None] if output.n_columns is None else [None, output.n_columns]
    return helper.make_tensor_value_info(output.name, kind, shape)


def _joined(graph: Graph, names: Sequence[str]) -> str:
    """Join separate input columns to a matrix."""
    doubles = [graph.node("Cast", name, to=_number(np.dtype(np.float64))) for name in names]
    return graph.node("Concat", *doubles, axis=1)


def _number(dtype: np.dtype[np.generic]) -> int:
    from onnx import helper

    return int(helper.np_dtype_to_tensor_dtype(dtype))


def _table_inputs(
    program: ModelProgram, X: Rows, outputs: Sequence[Output]
) -> tuple[list[ValueInfoProto], list[str]]:
    """Return the graph's inputs, one per column of a table, and their names."""
    dtype = program.dtype
    dtypes = [INPUTS.get(each.kind) or _dtype_of(X, each.name, dtype) for each in program.inputs]
    names = input_names([each.name for each in program.inputs], outputs)
    infos = [_column_info(*each) for each in zip(names, dtypes, strict=True)]
    for i, (info, each) in enumerate(zip(infos, program.inputs, strict=True)):
        info.doc_string = meaning(each, i, program.operations)
    return infos, names


def _inputs(
    program: ModelProgram, X: Rows, outputs: list[Output]
) -> tuple[list[ValueInfoProto], list[str]]:
    """Return the graph's inputs, and their names in the program's order."""
    from onnx import helper

    if program.takes_a_table:
        return _table_inputs(program, X, outputs)
    if isinstance(program.operations[0], Features):
        X = None
    dtype = program.dtype
    if X is not None and hasattr(X, "columns"):
        columns = [str(name) for name in X.columns]
        if len(columns) != program.n_features:
            raise ExportError(
                f"X has {len(columns)} columns, but the model has {program.n_features}"
            )
        names = input_names(columns, outputs)
        dtypes = [_dtype_of(X, name, dtype) for name in columns]
        return [_column_info(*each) for each in zip(names, dtypes, strict=True)], names
    matrix = _like(np.asarray(X).dtype, dtype) if X is not None else dtype
    shape = [None, program.n_features]
    return [helper.make_tensor_value_info("X", _number(matrix), shape)], ["X"]


def _column_info(name: str, dtype: np.dtype[np.generic]) -> ValueInfoProto:
    from onnx import helper

    return helper.make_tensor_value_info(name, _number(dtype), [None, 1])


def _dtype_of(X: Rows, name: str, dtype: np.dtype[np.generic]) -> np.dtype[np.generic]:
    """Return the dtype of a numeric input: the network's, or X's own if it has whole numbers."""
    if X is None or not hasattr(X, "columns") or name not in X.columns:
        return dtype
    return _like(np.asarray(X[name]).dtype, dtype)


def _like(dtype: np.dtype[np.generic], default: np.dtype[np.generic]) -> np.dtype[np.generic]:
    return {"i": np.dtype(np.int64), "b": np.dtype(bool)}.get(dtype.kind, default)


def input_names(columns: Sequence[str], outputs: Sequence[Output]) -> list[str]:
    """Return names of inputs as skl2onnx does: distinct, with letters, digits and underscores.

    Examples
    --------
    >>> input_names(["number of rooms", "2nd", "label", ""], [Output("label", np.dtype("f4"), 1)])
    ['number_of_rooms', '_2nd', 'label1', 'column']
    """
    names: list[str] = []
    taken = {output.name for output in outputs}
    for column in columns:
        seed = re.sub(r"[^\w+]", "_", column) or "column"
        seed = f"_{seed}" if seed[0].isdigit() else seed
        candidates = (
            seed if i == 0 else f"{seed}{i}" for i in range(len(columns) + len(taken) + 1)
        )
        names.append(next(each for each in candidates if each not in taken))
        taken.add(names[-1])
    return names
