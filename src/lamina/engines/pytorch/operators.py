"""Operators of arrays on a device, which make and read arrays that wait (pending.py).

The package imports this module, so that each TensorArray has them.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from lamina.engines.pytorch.arrays import MAKERS, TensorArray
from lamina.engines.pytorch.functions import IN_PLACE
from lamina.engines.pytorch.pending import Mask, Multiple, Ones, Product, Total, total


def add(a: TensorArray, b: Any) -> TensorArray:
    if isinstance(a, Multiple) and isinstance(b, Multiple) and a.waits and b.waits:
        both = a.plus_multiple(b)
        if both is not None:
            return both
    for waiting, term in ((b, a), (a, b)):
        if not isinstance(waiting, Product | Multiple) or not waiting.waits:
            continue
        if isinstance(term, TensorArray):
            result = waiting.plus(term.tensor)
            if result is not None:
                return TensorArray(result)
        elif isinstance(term, float | int) and term == 0:
            return waiting
    return TensorArray(a.tensor + a._operand(b))


def multiply(a: TensorArray, b: Any) -> TensorArray:
    if isinstance(b, float | int | np.floating):
        if isinstance(a, Multiple) and a.waits:
            return a.times(float(b))
        if isinstance(a, Total) or a.tensor.is_floating_point():
            return Multiple(a, float(b))
        return TensorArray(a.tensor * a._operand(b))
    if not isinstance(b, TensorArray):
        return TensorArray(a.tensor * a._operand(b))
    for waiting, factor in ((a, b), (b, a)):
        if isinstance(waiting, Mask | Ones) and waiting.waits:
            return _times_ones(factor.tensor, waiting)
    x, y = a.tensor, b.tensor
    if x.is_floating_point() and y.is_floating_point():
        # Numbers of a step, such as the learning rate, and squares of a gradient.
        if x.ndim == 0 or x is y:
            return Multiple(b, 1.0, x)
        if y.ndim == 0:
            return Multiple(a, 1.0, y)
    return TensorArray(x * y)


def _times_ones(factor: torch.Tensor, waiting: Mask | Ones) -> TensorArray:
    """Return a product with ones, or with ones and zeros."""
    (held,) = waiting.operands()
    if factor.dtype != waiting.dtype_made or factor.shape != held.shape:
        return TensorArray(factor * waiting.tensor)
    return TensorArray(factor if isinstance(waiting, Ones) else factor * held)


def subtract(a: TensorArray, b: Any) -> TensorArray:
    if isinstance(b, Multiple) and b.waits:
        return add(a, b.times(-1))
    return TensorArray(a.tensor - a._operand(b))


def subtract_reflected(a: TensorArray, b: Any) -> TensorArray:
    return TensorArray(a._operand(b) - a.tensor)


def add_in_place(a: TensorArray, b: Any) -> TensorArray:
    if not (isinstance(b, Multiple) and b.add_into(a.tensor, 1)):
        a.tensor.add_(a._operand(b))
    return a


def subtract_in_place(a: TensorArray, b: Any) -> TensorArray:
    if not (isinstance(b, Multiple) and b.add_into(a.tensor, -1)):
        a.tensor.sub_(a._operand(b))
    return a


def divide(a: TensorArray, b: Any) -> TensorArray:
    if isinstance(a, Multiple) and a.waits:
        return a.over(a._operand(b))
    return TensorArray(a.tensor / a._operand(b))


def divide_reflected(a: TensorArray, b: Any) -> TensorArray:
    return TensorArray(a._operand(b) / a.tensor)


def negate(a: TensorArray) -> TensorArray:
    return multiply(a, -1)


def matmul(a: TensorArray, b: TensorArray) -> TensorArray:
    A, B = a.tensor, b.tensor
    if A.ndim == B.ndim and A.ndim in (2, 3) and A.dtype == B.dtype:
        return Product(A, B)
    return TensorArray(A @ B)


def _define(name: str, function: Callable[..., Any]) -> None:
    """Define an operator and its reflection without the detour through NumPy."""

    def forward(self: TensorArray, other: Any) -> TensorArray:
        return TensorArray(function(self.tensor, self._operand(other)))

    def reflected(self: TensorArray, other: Any) -> TensorArray:
        return TensorArray(function(self._operand(other), self.tensor))

    setattr(TensorArray, f"__{name}__", forward)
    setattr(TensorArray, f"__r{name}__", reflected)


def _define_in_place(name: str, function: Callable[..., Any]) -> None:
    def in_place(self: TensorArray, other: Any) -> TensorArray:
        function(self.tensor, self._operand(other))
        return self

    setattr(TensorArray, f"__i{name}__", in_place)


OPERATORS: dict[str, Callable[..., Any]] = {
    "__add__": add,
    "__radd__": add,
    "__sub__": subtract,
    "__rsub__": subtract_reflected,
    "__mul__": multiply,
    "__rmul__": multiply,
    "__matmul__": matmul,
    "__truediv__": divide,
    "__rtruediv__": divide_reflected,
    "__neg__": negate,
    "__iadd__": add_in_place,
    "__isub__": subtract_in_place,
}

for _name, _function in OPERATORS.items():
    setattr(TensorArray, _name, _function)
for _name in ("pow", "and_", "or_"):
    _define(_name.rstrip("_"), getattr(operator, _name))
for _name in ("lt", "le", "gt", "ge", "eq", "ne"):
    _define(_name, getattr(operator, _name))
for _name, _function in IN_PLACE.items():
    _define_in_place(_name, _function)
MAKERS[np.sum] = total
MAKERS[np.ones_like] = lambda array: Ones(array.tensor)
MAKERS["mask"] = Mask
