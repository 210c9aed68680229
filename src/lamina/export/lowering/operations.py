"""All operations of a program, and what they read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias, TypeVar, get_args

import numpy as np

from lamina.errors import ExportError
from lamina.export.lowering.input_operations import InputOperation
from lamina.export.lowering.network_operations import AddResidual, Dtype, NetworkOperation
from lamina.export.lowering.table_operations import TableOperation

Operation: TypeAlias = TableOperation | InputOperation | NetworkOperation
OPERATIONS: tuple[type[Operation], ...] = get_args(Operation)
Renderer = TypeVar("Renderer")


def renderer_of(
    operation: Operation, renderers: Mapping[type, Renderer], refused: Mapping[type, str]
) -> Renderer:
    """Return a target's function for an operation.

    Raises
    ------
    ExportError
        For an operation that the target refuses, with its reason.
    """
    kind = type(operation)
    if kind not in renderers:
        reason = refused.get(kind, "this export has no function for it")
        raise ExportError(f"this export does not support the operation {kind.__name__}: {reason}")
    return renderers[kind]


def sources_of(operation: Operation) -> tuple[int, ...]:
    """Return the indices of the matrices from which an operation computes its own."""
    if isinstance(operation, AddResidual):
        return operation.source, operation.skipped
    if hasattr(operation, "source"):
        return (operation.source,)
    return getattr(operation, "sources", ())


def dtype_of(operations: Sequence[Operation], index: int) -> Dtype:
    """Return the dtype of a matrix: float64 for all that precedes a network."""
    while not hasattr(operation := operations[index], "dtype"):
        sources = sources_of(operation)
        if not sources:
            return np.dtype(np.float64)
        index = sources[0]
    return operation.dtype
