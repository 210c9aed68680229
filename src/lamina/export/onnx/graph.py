"""Fitted network as nodes of an ONNX graph, lamina's own or skl2onnx's.

Shapes: x (n_samples, n_features); z and p (n_samples, n_outputs), for one column of labels at a
time; codes (n_samples,) int64.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from lamina.encoding.targets import TargetEncoding, TargetKind
from lamina.errors import ExportError
from lamina.export.lowering.fitted_network import FittedNetwork
from lamina.export.onnx.kernels import STAND_INS


class Graph(Protocol):
    """Interface of a graph to which nodes are added; values are referred to by name."""

    def constant(self, array: NDArray[Any]) -> str:
        """Add an array and return its name."""
        ...

    def node(self, operator: str, *inputs: str, spare: int = 0, **attributes: Any) -> str:
        """Add an operator and return the name of its first output; further outputs are unused."""
        ...


class Output(NamedTuple):
    """Output of an ONNX model: its name, dtype and number of columns; None for a vector."""

    name: str
    dtype: np.dtype[Any]
    n_columns: int | None


def list_outputs(network: FittedNetwork) -> list[Output]:
    """Return the outputs of a model, in the order in which `add_network` adds them."""
    if network.targets is None:
        of_numbers = Output("variable", network.dtype, network.n_columns)
        return [of_numbers, *([of_numbers._replace(name="std")] if network.has_std else [])]
    outputs = []
    widths = network.heads or (network.n_columns,)
    for i, (encoding, n) in enumerate(zip(network.label_columns, widths, strict=True)):
        suffix = f"_{i}" if network.heads else ""
        columns = n if encoding.kind == "multilabel" else None
        outputs += [
            Output(f"label{suffix}", label_array(encoding).dtype, columns),
            Output(f"probabilities{suffix}", network.dtype, n),
        ]
    return outputs


def add_network(graph: Graph, network: FittedNetwork, x: str) -> list[str]:
    """Add the whole model from x on; return the names of the outputs listed by `list_outputs`."""
    z = _add_blocks(graph, network, x)
    if network.targets is None:
        return _add_numbers(graph, network, z)
    results = []
    by_head = _by_head(graph, network, z)
    for encoding, logits in zip(network.label_columns, by_head, strict=True):
        p = add_formula(graph, network.inverse_link.code.onnx, {"z": logits}, network.dtype)
        results += _add_labels(graph, encoding, p, network.dtype)
    return results


def add_answer(graph: Graph, network: FittedNetwork, x: str) -> str:
    """Add a network with one inverse link from x on; return its values or probabilities."""
    z = _add_blocks(graph, network, x)
    return add_formula(graph, network.inverse_link.code.onnx, {"z": z}, network.dtype)


def _add_blocks(graph: Graph, network: FittedNetwork, x: str) -> str:
    for block in network.blocks:
        factors = _rounded(graph, network, x), graph.constant(network.factor(block))
        z = graph.node("Gemm", *factors, graph.constant(block.biases))
        named = {name: graph.constant(numbers) for name, numbers in block.named.items()}
        if block.normalization is not None:
            code = block.normalization.code.onnx
            z = add_formula(graph, code, {"z": z, **named}, network.dtype)
        a = add_formula(graph, block.activation.code.onnx, {"z": z, **named}, network.dtype)
        x = graph.node("Add", a, x) if block.residual else a
    return x


def _rounded(graph: Graph, network: FittedNetwork, x: str) -> str:
    """Return x as it enters a product, rounded if the network has a precision."""
    if network.precision is None:
        return x
    return add_formula(graph, network.precision.code.onnx, {"z": x}, network.dtype)


def _add_numbers(graph: Graph, network: FittedNetwork, z: str) -> list[str]:
    """Add the inverse link and the further steps of a regression."""
    named, columns = {"z": z}, np.arange(network.widths[-1])
    if network.has_std:
        named["second"] = graph.constant(columns % 2 == 1)
    p = add_formula(graph, network.inverse_link.code.onnx, named, network.dtype)
    if network.has_std:
        return [_columns(graph, p, columns[0::2]), _columns(graph, p, columns[1::2])]
    return [p if network.n_quantiles == 1 else _sorted_quantiles(graph, network, p)]


def _by_head(graph: Graph, network: FittedNetwork, z: str) -> list[str]:
    """Split z into the parts of each column of labels."""
    if not network.heads:
        return [z]
    ends = np.cumsum(network.heads)[:-1]
    return [_columns(graph, z, each) for each in np.split(np.arange(network.widths[-1]), ends)]


def _columns(graph: Graph, p: str, columns: NDArray[np.int64]) -> str:
    return graph.node("Gather", p, graph.constant(columns), axis=1)


def _sorted_quantiles(graph: Graph, network: FittedNetwork, p: str) -> str:
    """Sort each row's quantiles of a target, so that none crosses another."""
    n = network.n_quantiles
    by_target = np.array([0, network.widths[-1] // n, n], dtype=np.int64)
    in_columns = np.array([0, network.widths[-1]], dtype=np.int64)
    groups = graph.node("Reshape", p, graph.constant(by_target))
    count = graph.constant(np.array([n], dtype=np.int64))
    rising = graph.node("TopK", groups, count, spare=1, axis=2, largest=0)
    return graph.node("Reshape", rising, graph.constant(in_columns))


def add_formula(graph: Graph, formula: str, named: dict[str, str], dtype: np.dtype[Any]) -> str:
    """Add a record's formula of z, an operator's name or calls of operators; return the result.

    Arguments of a call are names, numbers and other calls; its keywords are the operator's
    attributes. An operator's name alone is applied to z. An expression that occurs twice is added
    once.
    """
    added: dict[str, str] = {}

    def result(part: ast.expr) -> str:
        text = ast.unparse(part)
        if text not in added:
            added[text] = add(part)
        return added[text]

    def add(part: ast.expr) -> str:
        if isinstance(part, ast.Name):
            return named[part.id] if part.id in named else operator(part.id, [named["z"]], {})
        if isinstance(part, ast.Call):
            attributes = {str(each.arg): ast.literal_eval(each.value) for each in part.keywords}
            return operator(
                ast.unparse(part.func), [result(each) for each in part.args], attributes
            )
        return graph.constant(np.array(ast.literal_eval(part), dtype=dtype))

    def operator(name: str, inputs: list[str], attributes: dict[str, Any]) -> str:
        if dtype == np.float64 and name in STAND_INS:
            return add_formula(graph, STAND_INS[name], {"z": inputs[0]}, dtype)
        return graph.node(name, *inputs, **attributes)

    return result(ast.parse(formula, mode="eval").body)


def label_array(encoding: TargetEncoding) -> NDArray[Any]:
    """Return the labels in an ONNX type: strings, int64 (also for booleans), float32 or float64."""
    classes: NDArray[Any] = encoding.classes
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


def _add_labels(graph: Graph, encoding: TargetEncoding, p: str, dtype: np.dtype[Any]) -> list[str]:
    """Add the nodes that turn one column's p into labels and probabilities."""
    labels = _LABELS[encoding.kind](graph, encoding, p, dtype)
    if encoding.kind == "binary":
        one = graph.constant(np.array(1, dtype=dtype))
        p = graph.node("Concat", graph.node("Sub", one, p), p, axis=1)
    return [labels, p]


def _alone(graph: Graph, encoding: TargetEncoding, p: str, dtype: np.dtype[Any]) -> str:
    above = graph.node("Greater", p, graph.constant(np.array(0.5, dtype=dtype)))
    flat = graph.node("Reshape", above, graph.constant(np.array([-1], dtype=np.int64)))
    # With a single class, every row belongs to it.
    last = graph.constant(np.array(len(encoding.classes) - 1, dtype=np.int64))
    return add_labels(graph, encoding, graph.node("Mul", _as_integers(graph, flat), last))


def _largest(graph: Graph, encoding: TargetEncoding, p: str, dtype: np.dtype[Any]) -> str:
    return add_labels(graph, encoding, graph.node("ArgMax", p, axis=1, keepdims=0))


def _indicators(graph: Graph, encoding: TargetEncoding, p: str, dtype: np.dtype[Any]) -> str:
    half = graph.constant(np.array(0.5, dtype=dtype))
    return _as_integers(graph, graph.node("Greater", p, half))


def _as_integers(graph: Graph, booleans: str) -> str:
    return graph.node("Cast", booleans, to=INT64)


def add_labels(graph: Graph, encoding: TargetEncoding, codes: str) -> str:
    """Add the label of each code."""
    return graph.node("Gather", graph.constant(label_array(encoding)), codes, axis=0)


INT64 = 7  # TensorProto.INT64, without importing onnx
_LABELS: dict[TargetKind, Callable[[Graph, TargetEncoding, str, np.dtype[Any]], str]] = {
    "binary": _alone,
    "multiclass": _largest,
    "multilabel": _indicators,
}
