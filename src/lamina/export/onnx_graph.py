"""A fitted network as nodes of an ONNX graph, our own or that of skl2onnx.

Shapes: x (n_rows, n_features); p (n_rows, n_outputs); codes (n_rows,) int64.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from lamina.encoding.targets import TargetKind
from lamina.errors import ExportError
from lamina.export.fitted_network import FittedNetwork


class Graph(Protocol):
    """What nodes are added to; values go by name."""

    def constant(self, array: NDArray[Any]) -> str:
        """The name of an array."""
        ...

    def node(self, operator: str, *inputs: str, spare: int = 0, **attributes: Any) -> str:
        """The name of an operator's first result; so many further ones are not read."""
        ...


class Outputs(NamedTuple):
    """The names of a classifier's labels and probabilities."""

    labels: str
    probabilities: str


def add_network(graph: Graph, network: FittedNetwork, x: str) -> str:
    """Add all blocks and the link; returns the name of p."""
    for block in network.blocks:
        z = graph.node("Gemm", x, graph.constant(block.weights), graph.constant(block.biases))
        named = {name: graph.constant(numbers) for name, numbers in block.named.items()}
        if block.normalization is not None:
            code = block.normalization.code.onnx
            z = add_formula(graph, code, {"z": z, **named}, network.dtype)
        a = add_formula(graph, block.activation.code.onnx, {"z": z, **named}, network.dtype)
        x = graph.node("Add", a, x) if block.residual else a
    p = add_formula(graph, network.link_code.onnx, {"z": x}, network.dtype)
    return p if network.n_quantiles == 1 else _sorted_quantiles(graph, network, p)


def _sorted_quantiles(graph: Graph, network: FittedNetwork, p: str) -> str:
    """Each row's quantiles of a target in rising order, so that none crosses another."""
    n = network.n_quantiles
    by_target = np.array([0, network.widths[-1] // n, n], dtype=np.int64)
    in_columns = np.array([0, network.widths[-1]], dtype=np.int64)
    groups = graph.node("Reshape", p, graph.constant(by_target))
    count = graph.constant(np.array([n], dtype=np.int64))
    rising = graph.node("TopK", groups, count, spare=1, axis=2, largest=0)
    return graph.node("Reshape", rising, graph.constant(in_columns))


def add_formula(graph: Graph, formula: str, named: dict[str, str], dtype: np.dtype[Any]) -> str:
    """Add what a record says of z: an operator's name, or calls of operators; returns the result.

    Arguments of a call are names, numbers and other calls; its keywords are the operator's
    attributes. An operator's name alone takes z.
    """

    def result(part: ast.expr) -> str:
        if isinstance(part, ast.Name):
            return named[part.id] if part.id in named else graph.node(part.id, named["z"])
        if isinstance(part, ast.Call):
            inputs = [result(each) for each in part.args]
            attributes = {str(each.arg): ast.literal_eval(each.value) for each in part.keywords}
            return graph.node(ast.unparse(part.func), *inputs, **attributes)
        return graph.constant(np.array(ast.literal_eval(part), dtype=dtype))

    return result(ast.parse(formula, mode="eval").body)


def add_labels(graph: Graph, network: FittedNetwork, p: str) -> Outputs:
    """Add what turns a classifier's p into labels and the columns of `predict_proba`."""
    assert network.targets is not None
    labels = _LABELS[network.targets.kind](graph, network, p)
    if network.is_binary:
        one = graph.constant(np.array(1, dtype=network.dtype))
        p = graph.node("Concat", graph.node("Sub", one, p), p, axis=1)
    return Outputs(labels, p)


def label_array(network: FittedNetwork) -> NDArray[Any]:
    """The labels in an ONNX type: strings, int64 (for booleans too), float32 or float64."""
    assert network.targets is not None
    classes: NDArray[Any] = network.targets.classes
    kinds = {type(label) for label in classes.tolist()}
    if kinds == {str}:
        return classes.astype(object)
    if kinds <= {int, bool}:
        return classes.astype(np.int64)
    if kinds == {float}:
        return classes.astype(np.float64)
    raise ExportError(
        f"ONNX cannot say the labels {classes.tolist()}: fit the model to strings, or to numbers"
    )


def _alone(graph: Graph, network: FittedNetwork, p: str) -> str:
    above = graph.node("Greater", p, graph.constant(np.array(0.5, dtype=network.dtype)))
    flat = graph.node("Reshape", above, graph.constant(np.array([-1], dtype=np.int64)))
    # Where there is one class only, every row is of that class.
    last = graph.constant(np.array(len(label_array(network)) - 1, dtype=np.int64))
    return _labels_of(graph, network, graph.node("Mul", _as_integers(graph, flat), last))


def _largest(graph: Graph, network: FittedNetwork, p: str) -> str:
    return _labels_of(graph, network, graph.node("ArgMax", p, axis=1, keepdims=0))


def _indicators(graph: Graph, network: FittedNetwork, p: str) -> str:
    half = graph.constant(np.array(0.5, dtype=network.dtype))
    return _as_integers(graph, graph.node("Greater", p, half))


def _as_integers(graph: Graph, booleans: str) -> str:
    return graph.node("Cast", booleans, to=INT64)


def _labels_of(graph: Graph, network: FittedNetwork, codes: str) -> str:
    return graph.node("Gather", graph.constant(label_array(network)), codes, axis=0)


INT64 = 7  # TensorProto.INT64, without importing onnx
_LABELS: dict[TargetKind, Callable[[Graph, FittedNetwork, str], str]] = {
    "binary": _alone,
    "multiclass": _largest,
    "multilabel": _indicators,
}
