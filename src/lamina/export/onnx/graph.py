"""Interface of an ONNX graph, lamina's own or skl2onnx's, and a record's formula in it."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any, Protocol, TypeAlias

import numpy as np

from lamina.export.onnx.kernels import STAND_INS
from lamina.formulas.table import AnyArray

# Value of an operator's attribute.
Attribute: TypeAlias = "int | float | str | Sequence[int] | Sequence[str]"
# Codes of TensorProto, without importing onnx.
INT64, FLOAT64 = 7, 11
NUMBERS = {"float32": 1, "float64": FLOAT64, "int64": INT64}


class Graph(Protocol):
    """Interface of a graph to which nodes are added; values are referred to by name."""

    def constant(self, array: AnyArray) -> str:
        """Add an array and return its name."""
        ...

    def node(self, operator: str, *inputs: str, spare: int = 0, **attributes: Attribute) -> str:
        """Add an operator and return the name of its first output; further outputs are unused."""
        ...


def add_formula(
    graph: Graph, formula: str, named: dict[str, str], dtype: np.dtype[np.generic]
) -> str:
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
