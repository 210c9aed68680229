"""Export of a fitted ensemble for tables to ONNX."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np

from lamina.export.lowering.ensemble_program import EnsembleProgram, MemberProgram
from lamina.export.lowering.program import SmoothClip
from lamina.export.onnx.graph import Output, add_answer, add_labels, label_array
from lamina.export.onnx.operations import Nodes, add_matrices
from lamina.export.onnx.program import ModelGraph, model_of, table_inputs
from lamina.tabular.calibration import LEAST_PROBABILITY

if TYPE_CHECKING:
    from onnx import ModelProto


def ensemble_to_onnx(program: EnsembleProgram, X: Any, opset: int) -> ModelProto:
    """Return an ensemble as an ONNX model; `X` is as in `program_to_onnx`.

    Raises
    ------
    ExportError
        For a column where empty and missing texts differ, and for labels without an ONNX type.
    """
    graph, outputs = ModelGraph(), _outputs(program)
    inputs, names = table_inputs(program, X, outputs, program.dtype)
    nodes = add_matrices(graph, program.operations, program.inputs, names)
    mean = _mean(program, nodes)
    results = [_as_output(program, nodes, _flagged(program, nodes, mean))]
    if program.targets is not None:
        codes = graph.node("ArgMax", mean, axis=1, keepdims=0)
        results.insert(0, add_labels(graph, program.targets, codes))
    for result, output in zip(results, outputs, strict=True):
        graph.add("Identity", [result], output.name)
    return model_of(graph, inputs, outputs, opset)


def _outputs(program: EnsembleProgram) -> list[Output]:
    if program.targets is None:
        return [Output("variable", program.dtype, 1)]
    labels = Output("label", label_array(program.targets).dtype, None)
    return [labels, Output("probabilities", program.dtype, program.n_columns)]


def _mean(program: EnsembleProgram, nodes: Nodes) -> str:
    """Add the weighted mean of the members' predictions in float64, with calibration."""
    node = nodes.graph.node
    weighted = [
        node("Mul", _answer(program, nodes, member), nodes.number(member.weight))
        for member in program.members
    ]
    mean = reduce(lambda one, other: node("Add", one, other), weighted)
    if program.temperature == 1:
        return mean
    logs = node("Log", node("Max", mean, nodes.number(LEAST_PROBABILITY)))
    return node("Softmax", node("Div", logs, nodes.number(program.temperature)), axis=1)


def _answer(program: EnsembleProgram, nodes: Nodes, member: MemberProgram) -> str:
    """Add a member's probabilities, or its clipped values, in float64."""
    graph, network = nodes.graph, member.network
    matrices = [nodes.matrices[source] for source in member.sources]
    x = graph.node("Concat", *matrices, axis=1)
    if network.dtype != np.float64:
        x = graph.node("Cast", x, to=_number(network.dtype))
    p = add_answer(graph, network, x)
    if network.is_binary:
        one = graph.constant(np.array(1, dtype=network.dtype))
        p = graph.node("Concat", graph.node("Sub", one, p), p, axis=1)
    p = nodes.cast(p)
    if program.root_variance is not None:
        squared = graph.node("Mul", p, graph.node("Abs", p))
        p = graph.node("Add", squared, nodes.number(program.root_variance))
    if program.range is None:
        return p
    return graph.node("Clip", p, *(nodes.number(bound) for bound in program.range))


def _flagged(program: EnsembleProgram, nodes: Nodes, mean: str) -> str:
    """Return the mean, or NaN if a number of the row is infinite."""
    numbers = [i for i, each in enumerate(program.operations) if isinstance(each, SmoothClip)]
    return nodes.graph.node("Add", mean, nodes.where_invalid(numbers)) if numbers else mean


def _as_output(program: EnsembleProgram, nodes: Nodes, mean: str) -> str:
    if program.dtype == np.float64:
        return mean
    return nodes.graph.node("Cast", mean, to=_number(program.dtype))


def _number(dtype: np.dtype[Any]) -> int:
    from onnx import helper

    return int(helper.np_dtype_to_tensor_dtype(dtype))
