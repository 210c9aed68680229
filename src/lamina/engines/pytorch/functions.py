"""Functions of NumPy and SciPy that formulas use, each with its counterpart in PyTorch.

The arguments are tensors and plain numbers; options have NumPy's names.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
import torch

from lamina.formulas import special

Tensor: TypeAlias = torch.Tensor
Axis: TypeAlias = "int | tuple[int, ...] | None"


def maximum(a: Any, b: Any) -> Tensor:
    """Return the larger number, NaN if one is NaN."""
    return _with_bound(torch.maximum, a, b, "min")


def minimum(a: Any, b: Any) -> Tensor:
    """Return the smaller number, NaN if one is NaN."""
    return _with_bound(torch.minimum, a, b, "max")


def _with_bound(function: Callable[..., Tensor], a: Any, b: Any, bound: str) -> Tensor:
    if isinstance(a, torch.Tensor) and isinstance(b, torch.Tensor):
        return function(a, b)
    tensor, number = (a, b) if isinstance(a, torch.Tensor) else (b, a)
    return torch.clamp(tensor, **{bound: number})


def fmax(a: Any, b: Any) -> Tensor:
    """Return the larger number, the other one if one is NaN."""
    tensor, other = (a, b) if isinstance(a, torch.Tensor) else (b, a)
    if not isinstance(other, torch.Tensor):
        other = torch.full((), other, dtype=tensor.dtype, device=tensor.device)
    return torch.fmax(tensor, other)


def where(condition: Tensor, value: Any, other: Any) -> Tensor:
    """Return values where the condition holds; two plain numbers become float64, as in NumPy."""
    if not isinstance(value, torch.Tensor) and not isinstance(other, torch.Tensor):
        double = torch.float32 if condition.device.type == "mps" else torch.float64
        value = torch.full((), value, dtype=double, device=condition.device)
    return torch.where(condition, value, other)


def xlogy(x: Any, y: Any) -> Tensor:
    result: Tensor = torch.special.xlogy(x, y)
    return result


def full_like(tensor: Tensor, value: Any) -> Tensor:
    return (
        torch.empty_like(tensor).copy_(value)
        if isinstance(value, torch.Tensor)
        else torch.full_like(tensor, value)
    )


def empty_like(tensor: Tensor, shape: Sequence[int] | None = None) -> Tensor:
    return tensor.new_empty(tensor.shape if shape is None else shape)


def mean(tensor: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    return tensor.mean() if axis is None else tensor.mean(axis, keepdim=keepdims)


def concatenate(tensors: Sequence[Tensor], axis: int = 0) -> Tensor:
    return torch.cat(tuple(tensors), dim=axis)


def stack(tensors: Sequence[Tensor], axis: int = 0) -> Tensor:
    return torch.stack(tuple(tensors), dim=axis)


def repeat(tensor: Tensor, times: int, axis: int) -> Tensor:
    # PyTorch's own may copy the number of times to the device.
    shape = [*tensor.shape]
    each = tensor.unsqueeze(axis + 1).expand(*shape[: axis + 1], times, *shape[axis + 1 :])
    return each.flatten(axis, axis + 1)


def split(tensor: Tensor, n_parts: int, axis: int) -> tuple[Tensor, ...]:
    parts: tuple[Tensor, ...] = torch.tensor_split(tensor, n_parts, dim=axis)
    return parts


def cumsum(tensor: Tensor, axis: int) -> Tensor:
    return tensor.cumsum(axis)


UFUNCS: dict[Any, Callable[..., Tensor]] = {
    np.add: operator.add,
    np.subtract: operator.sub,
    np.multiply: operator.mul,
    np.divide: operator.truediv,
    np.power: operator.pow,
    np.matmul: operator.matmul,
    np.negative: operator.neg,
    np.bitwise_and: operator.and_,
    np.bitwise_or: operator.or_,
    np.less: operator.lt,
    np.less_equal: operator.le,
    np.greater: operator.gt,
    np.greater_equal: operator.ge,
    np.equal: operator.eq,
    np.not_equal: operator.ne,
    np.maximum: maximum,
    np.minimum: minimum,
    np.fmax: fmax,
    np.abs: torch.abs,
    np.sign: torch.sign,
    np.exp: torch.exp,
    np.expm1: torch.expm1,
    np.log: torch.log,
    np.log1p: torch.log1p,
    np.sqrt: torch.sqrt,
    np.square: torch.square,
    np.sin: torch.sin,
    np.cos: torch.cos,
    np.tanh: torch.tanh,
    np.floor: torch.floor,
    np.isfinite: torch.isfinite,
    special.expit: torch.sigmoid,
    special.ndtr: torch.special.ndtr,
    special.xlogy: xlogy,
}

FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.where: where,
    np.clip: torch.clamp,
    np.mean: mean,
    np.dot: torch.dot,
    np.linalg.norm: torch.linalg.vector_norm,
    np.einsum: torch.einsum,
    np.zeros_like: torch.zeros_like,
    np.full_like: full_like,
    np.empty_like: empty_like,
    np.concatenate: concatenate,
    np.hstack: lambda tensors: torch.hstack(tuple(tensors)),
    np.stack: stack,
    np.repeat: repeat,
    np.tile: torch.tile,
    np.split: split,
    np.diff: torch.diff,
    np.cumsum: cumsum,
}

IN_PLACE: dict[str, Callable[..., Tensor]] = {
    "mul": torch.Tensor.mul_,
    "truediv": torch.Tensor.div_,
}
