"""Outputs of an ONNX model: probabilities and labels, or predicted numbers.

Shapes: p (n_samples, n_outputs), for one column of labels at a time; codes (n_samples,) int64.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lamina.encoding.targets import TargetEncoding
from lamina.errors import ExportError
from lamina.export.lowering.program import ModelProgram
from lamina.export.onnx import inputs, network, table
from lamina.export.onnx.graph import INT64, Graph
from lamina.export.onnx.rendering import Nodes
from lamina.formulas.table import AnyArray

# One function for each operation: the nodes that compute its matrix.
RENDERERS = {**table.RENDERERS, **inputs.RENDERERS, **network.RENDERERS}
REFUSED = network.REFUSED


class Output(NamedTuple):
    """Output of an ONNX model: its name, dtype and number of columns; None for a vector."""

    name: str
    dtype: np.dtype[np.generic]
    n_columns: int | None


def list_outputs(program: ModelProgram) -> list[Output]:
    """Return the outputs of a model, in the order in which `add_program` adds them."""
    dtype = program.dtype
    if program.targets is None:
        numbers = Output("variable", dtype, program.n_columns)
        return [numbers, *([numbers._replace(name="std")] if program.has_std else [])]
    outputs = []
    for i, (encoding, n) in enumerate(zip(program.label_columns, program.widths, strict=True)):
        suffix = f"_{i}" if program.heads else ""
        columns = n if encoding.kind == "multilabel" else None
        outputs += [
            Output(f"label{suffix}", label_array(encoding).dtype, columns),
            Output(f"probabilities{suffix}", dtype, n),
        ]
    return outputs


def add_program(graph: Graph, program: ModelProgram, names: list[str]) -> list[str]:
    """Add a whole program; return the names of the outputs listed by `list_outputs`.

    Parameters
    ----------
    graph : Graph
    program : ModelProgram
    names : list of str
        Names of its inputs, or of a single input matrix.

    Raises
    ------
    ExportError
        For a column where empty and missing texts are different categories.
    """
    nodes = Nodes(graph, program.operations, program.inputs, names)
    nodes.render(RENDERERS, REFUSED)
    flagged = [nodes.flagged(result) for result in program.results]
    if program.targets is None:
        return flagged
    outputs = []
    for encoding, result, p in zip(program.label_columns, program.results, flagged, strict=True):
        outputs += [_labels(nodes, encoding, result), p]
    return outputs


def label_array(encoding: TargetEncoding) -> AnyArray:
    """Return the labels in an ONNX type: strings, int64 (also for booleans), float32 or float64."""
    classes: AnyArray = encoding.classes
    kinds = {type(label) for label in classes.tolist()}
    if kinds == {str}:
        return classes.astype(object)
    if kinds <= {int, bool}:
        return classes.astype(np.int64)
    if kinds == {float}:
        return classes.astype(np.float64)
    raise ExportError(
        f"ONNX cannot represent the labels {classes.tolist()}: fit the model to strings or numbers"
    )


def _labels(nodes: Nodes, encoding: TargetEncoding, index: int) -> str:
    """Add the labels of one column from the matrix of its probabilities."""
    graph, p = nodes.graph, nodes.matrices[index]
    if encoding.kind == "multilabel":
        half = graph.constant(np.array(0.5, dtype=nodes.dtype(index)))
        return graph.node("Cast", graph.node("Greater", p, half), to=INT64)
    codes = graph.node("ArgMax", p, axis=1, keepdims=0)
    if len(encoding.classes) == 1:
        # A network for one class has two probabilities, but every row belongs to that class.
        codes = graph.node("Mul", codes, graph.constant(np.array(0, dtype=np.int64)))
    return graph.node("Gather", graph.constant(label_array(encoding)), codes, axis=0)
