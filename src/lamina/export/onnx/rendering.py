"""ONNX graph while the operations of a program are rendered one by one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any, TypeAlias

import numpy as np

from lamina.export.lowering.operations import Operation, dtype_of, renderer_of
from lamina.export.lowering.program import InputColumn
from lamina.export.onnx.graph import FLOAT64, NUMBERS, Graph
from lamina.formulas.table import AnyArray


@dataclass(frozen=True)
class Nodes:
    """Graph with the names of its inputs, and the matrices added so far.

    Attributes
    ----------
    names : sequence of str
        Names of the inputs, or of a single input matrix.
    matrices : list of str
        Names of the matrices, (n_samples, width).
    invalid : list of str
        Matrices (n_samples, 1): NaN for a row without a prediction, else 0.
    """

    graph: Graph
    operations: Sequence[Operation]
    inputs: Sequence[InputColumn]
    names: Sequence[str]
    matrices: list[str] = field(default_factory=list)
    invalid: list[str] = field(default_factory=list)

    def render(self, renderers: Mapping[type, Renderer], refused: Mapping[type, str]) -> None:
        """Add the nodes of each operation."""
        for operation in self.operations:
            render = renderer_of(operation, renderers, refused)
            self.matrices.append(render(self, operation))

    def dtype(self, index: int) -> np.dtype[np.generic]:
        """Return the dtype of a matrix."""
        return dtype_of(self.operations, index)

    def number(self, value: float) -> str:
        """Add a constant and return its name."""
        return self.vector(np.array(value))

    def vector(self, values: AnyArray) -> str:
        """Add a float64 array and return its name."""
        return self.graph.constant(np.asarray(values, dtype=np.float64))

    def columns(self, matrix: str, columns: Sequence[int]) -> str:
        """Return some columns of a matrix."""
        return self.graph.node("Gather", matrix, self._places(columns), axis=1)

    def _places(self, columns: Sequence[int]) -> str:
        return self.graph.constant(np.array(columns, dtype=np.int64))

    def cast(self, value: str) -> str:
        """Convert a value to float64."""
        return self.graph.node("Cast", value, to=FLOAT64)

    def sum(self, matrix: str, width: int) -> str:
        """Return the sum of each row, (n_samples, 1)."""
        return self.graph.node("MatMul", matrix, self.vector(np.ones((width, 1))))

    def require_finite(self, index: int) -> None:
        """Make the prediction NaN for rows with a number that is not finite."""
        # x - x is NaN for infinities and NaN, else 0.
        matrix = self.matrices[index]
        if self.dtype(index) != np.float64:
            matrix = self.cast(matrix)
        zero = self.graph.node("Sub", matrix, matrix)
        self.invalid.append(self.sum(zero, self.operations[index].width))

    def flagged(self, index: int) -> str:
        """Return a result, NaN for rows without a prediction."""
        if not self.invalid:
            return self.matrices[index]
        flag = reduce(lambda one, other: self.graph.node("Add", one, other), self.invalid)
        return self.graph.node("Add", self.matrices[index], self.as_dtype(flag, self.dtype(index)))

    def as_dtype(self, value: str, dtype: np.dtype[np.generic]) -> str:
        """Convert a float64 value to a dtype."""
        if dtype == np.float64:
            return value
        return self.graph.node("Cast", value, to=NUMBERS[dtype.name])

    def refuse_unknown(self, encoded: str, width: int) -> None:
        """Make the prediction NaN for rows without a known category."""
        none = self.graph.node("Equal", self.sum(encoded, width), self.number(0))
        flag = self.graph.node("Where", none, self.number(np.nan), self.number(0))
        self.invalid.append(flag)


Renderer: TypeAlias = Callable[[Nodes, Any], str]
