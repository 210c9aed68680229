"""Operations of an input stage as modules of PyTorch."""

from __future__ import annotations

import torch
from torch import nn

from lamina.export import torch_inputs
from lamina.export.lowering.input_operations import (
    CategoryCodes,
    Embed,
    OneHotCodes,
    Periodic,
    PiecewiseLinear,
    Scale,
)
from lamina.export.lowering.table_operations import Take
from lamina.formulas.table import Array


def input_module(
    operation: Take | Scale | Periodic | PiecewiseLinear | Embed | OneHotCodes,
) -> nn.Module:
    """Return the module of one group."""
    columns = operation.columns
    match operation:
        case Take():
            return torch_inputs.SelectedInputs(columns)
        case Scale():
            return torch_inputs.ScaledInputs(columns, _tensor(operation.factors))
        case Periodic():
            arrays = (operation.w1, operation.b1, operation.W2, operation.b2)
            return torch_inputs.PeriodicInputs(columns, *map(_tensor, arrays))
        case PiecewiseLinear():
            arrays = (operation.w, operation.b, operation.V, operation.edges)
            return torch_inputs.PiecewiseLinearInputs(columns, *map(_tensor, arrays))
        case Embed():
            return torch_inputs.EmbeddedInputs(columns, [*map(_tensor, operation.tables)])
        case OneHotCodes():
            return torch_inputs.OneHotInputs(columns, operation.n_codes)


def codes_module(operation: CategoryCodes) -> nn.Module:
    """Return the module that turns categories into codes."""
    return torch_inputs.CategoryCodes(operation.columns, [*map(_tensor, operation.categories)])


def _tensor(array: Array) -> torch.Tensor:
    return torch.tensor(array)
