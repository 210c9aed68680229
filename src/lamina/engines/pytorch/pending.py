"""Arrays on a device that are computed when they are read.

A kernel of a small network takes no longer to compute than to start. So products, sums, multiples
and masks wait: the sum, the copy or the product that reads them is then one kernel with them.
"""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import torch

from lamina.engines.pytorch.arrays import TensorArray
from lamina.engines.pytorch.tensors import torch_type

Tensor: TypeAlias = torch.Tensor


class Pending(TensorArray):
    """Array that is computed when its tensor is read first.

    Its operands must not change before. PyTorch counts the changes of a tensor, so that a formula
    that changes one is an error and not a wrong number.

    """

    __slots__ = ("_made", "_operands", "_versions")

    def __init__(self, *operands: Tensor) -> None:
        self._made: Tensor | None = None
        self._operands = operands
        self._versions = [each._version for each in operands]

    @property
    def waits(self) -> bool:  # type: ignore[override]
        return self._made is None

    @property
    def tensor(self) -> Tensor:
        if self._made is None:
            self._made = self._compute(*self.operands())
        return self._made

    def operands(self) -> tuple[Tensor, ...]:
        """Return the operands, as they were when the array was made."""
        if [each._version for each in self._operands] != self._versions:
            raise RuntimeError("a formula changes an array before it has read what depends on it")
        return self._operands

    def _compute(self, *operands: Tensor) -> Tensor:
        raise NotImplementedError


class Product(Pending):
    """Matrix product of two arrays, or of each two of a stack: `A @ B + C` is one kernel."""

    __slots__ = ()

    def _compute(self, *operands: Tensor) -> Tensor:
        a, b = operands
        return a @ b

    def write(self, place: Tensor) -> None:
        a, b = self.operands()
        if self.waits and place.shape == (*a.shape[:-1], b.shape[-1]) and place.is_contiguous():
            torch.matmul(a, b, out=place)
        else:
            place.copy_(self.tensor)

    def plus(self, term: Tensor) -> Tensor | None:
        """Return the sum with a term that broadcasts, or None if that is no single kernel."""
        a, b = self.operands()
        if term.dtype != a.dtype or term.ndim > a.ndim:
            return None
        return torch.addmm(term, a, b) if a.ndim == 2 else torch.baddbmm(term, a, b)


class Total(Pending):
    """Sum of an array along an axis, or of all numbers."""

    __slots__ = ("_axis", "_dtype", "_keeps")

    def __init__(
        self, operand: Tensor, axis: Any, keeps: bool, dtype: torch.dtype | None = None
    ) -> None:
        super().__init__(operand)
        self._axis, self._keeps, self._dtype = axis, keeps, dtype

    def _compute(self, *operands: Tensor) -> Tensor:
        (x,) = operands
        if self._axis is None:
            return x.sum(dtype=self._dtype)
        return x.sum(self._axis, keepdim=self._keeps)

    def astype(self, dtype: Any, copy: bool = True) -> TensorArray:
        if not self.waits or self._axis is not None:
            return super().astype(dtype, copy)
        (x,) = self.operands()
        return Total(x, None, False, torch_type(dtype, x.device))

    def write(self, place: Tensor) -> None:
        (x,) = self.operands()
        if self.waits and place.dtype == x.dtype and place.shape == self._shape_of_sum(x):
            torch.sum(x, self._axis, keepdim=self._keeps, out=place)
        else:
            place.copy_(self.tensor)

    def _shape_of_sum(self, x: Tensor) -> tuple[int, ...] | None:
        """Return the shape of a sum along one axis, or None for other sums."""
        if not isinstance(self._axis, int):
            return None
        axis = self._axis % x.ndim
        return (*x.shape[:axis], *((1,) if self._keeps else ()), *x.shape[axis + 1 :])


class Mask(Pending):
    """Ones and zeros from truth values, which a product reads as they are."""

    __slots__ = ("dtype_made",)

    def __init__(self, operand: Tensor, dtype: torch.dtype) -> None:
        super().__init__(operand)
        self.dtype_made = dtype

    def _compute(self, *operands: Tensor) -> Tensor:
        return operands[0].to(self.dtype_made)


class Ones(Pending):
    """Ones in the shape of an array, by which nothing need be multiplied."""

    __slots__ = ()

    @property
    def dtype_made(self) -> torch.dtype:
        return self.operands()[0].dtype

    def _compute(self, *operands: Tensor) -> Tensor:
        return torch.ones_like(operands[0])


class Multiple(Pending):
    """A number times an array, and times another one if there are two operands."""

    __slots__ = ("_base", "factor")

    def __init__(self, base: TensorArray, factor: float, by: Tensor | None = None) -> None:
        # A sum that waits goes on waiting: its type may still be chosen.
        self._base = base if by is None and isinstance(base, Total) else None
        held = () if self._base is not None else (base.tensor,)
        super().__init__(*held, *(() if by is None else (by,)))
        self.factor = factor

    @property
    def is_single(self) -> bool:
        """True without a second operand."""
        return self._base is not None or len(self._operands) == 1

    @property
    def base(self) -> TensorArray:
        """The first operand."""
        return TensorArray(self.operands()[0]) if self._base is None else self._base

    def times(self, number: float) -> Multiple:
        by = None if self.is_single else self.operands()[1]
        return Multiple(self.base, self.factor * number, by)

    def add_into(self, place: Tensor, sign: float) -> bool:
        """Add a multiple of this in place; return False if that is no single kernel."""
        if self.waits and self._suits(place):
            factor = sign * self.factor
            if self.is_single:
                place.add_(self.base.tensor, alpha=factor)
            else:
                place.addcmul_(*self.operands(), value=factor)
            return True
        return False

    def plus(self, term: Tensor) -> Tensor | None:
        """Return the sum with a term, or None if that is no single kernel."""
        if not self._suits(term):
            return None
        if self.is_single:
            return torch.add(term, self.base.tensor, alpha=self.factor)
        return torch.addcmul(term, *self.operands(), value=self.factor)

    def plus_multiple(self, other: Multiple) -> Multiple | None:
        """Return the sum with another multiple as a multiple, or None if it is none."""
        if not (self.is_single and other.is_single and self.factor):
            return None
        ratio = other.factor / self.factor
        if not math.isfinite(ratio):
            return None
        both = torch.add(self.base.tensor, other.base.tensor, alpha=ratio)
        return Multiple(TensorArray(both), self.factor)

    def sum(self, axis: Any = None, keepdims: bool = False) -> TensorArray:
        if self.waits and self.is_single:
            return Multiple(total(self.base, axis, keepdims), self.factor)
        return super().sum(axis, keepdims)

    def astype(self, dtype: Any, copy: bool = True) -> TensorArray:
        if self.waits and self._base is not None:
            return Multiple(self._base.astype(dtype), self.factor)
        return super().astype(dtype, copy)

    def over(self, divisor: Any) -> Multiple:
        """Return this divided by a number or an array."""
        by = None if self.is_single else self.operands()[1]
        return Multiple(TensorArray(self.base.tensor / divisor), self.factor, by)

    def _suits(self, term: Tensor) -> bool:
        return term.dtype.is_floating_point and (
            self.is_single or term.dtype == self.operands()[0].dtype
        )

    def _compute(self, *operands: Tensor) -> Tensor:
        if self.is_single:
            return self.base.tensor * self.factor
        product = operands[0] * operands[1]
        return product if self.factor == 1 else product.mul_(self.factor)


def total(array: TensorArray, axis: Any = None, keepdims: bool = False) -> TensorArray:
    """Return the sum along an axis, several, or all."""
    if isinstance(array, Multiple) and array.waits and array.is_single:
        return array.sum(axis, keepdims)
    return Total(array.tensor, axis, keepdims)
