"""Products on a device: in float64 or float32, in TF32, or of operands rounded to a precision."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeAlias

import torch

from lamina.blocks import Product as ProductFunction
from lamina.engines.pytorch.arrays import TensorArray
from lamina.engines.pytorch.pending import Product
from lamina.formulas.precisions import TF32

Tensor: TypeAlias = torch.Tensor

# PyTorch's type of each of PRECISIONS.
ROUNDED = {"bfloat16": torch.bfloat16}


def product_on(device: torch.device, precision: str | None) -> ProductFunction:
    """Return the matrix product for a device and a precision."""
    if precision is None:
        return operator.matmul
    if precision == TF32:
        return product_in_tf32
    return RoundedProduct(device, ROUNDED[precision])


def forget_operands(product: ProductFunction) -> None:
    """Release the memory of the operands that a product has rounded in a step."""
    if isinstance(product, RoundedProduct):
        product.clear()


def product_in_tf32(A: Any, B: Any) -> TensorArray:
    """Return a product on the tensor cores, which round float32 operands to 10 bits of mantissa."""
    with tf32_allowed():
        return TensorArray(A.tensor @ B.tensor)


@contextmanager
def tf32_allowed() -> Iterator[None]:
    """Let products of float32 run in TF32.

    PyTorch has one setting for the process: float32 products of another thread may take TF32 too
    while it is set.
    """
    settings = torch.backends.cuda.matmul
    # Since PyTorch 2.9; reading the older one after the newer one was set is an error.
    name, value = (
        ("fp32_precision", "tf32") if hasattr(settings, "fp32_precision") else ("allow_tf32", True)
    )
    before = getattr(settings, name)
    setattr(settings, name, value)
    try:
        yield
    finally:
        setattr(settings, name, before)


class Rounding(NamedTuple):
    """An operand, the count of its changes, and its rounded copy."""

    operand: Tensor
    version: int
    rounded: Tensor

    def of(self, tensor: Tensor) -> Tensor | None:
        """Return the rounded copy if a tensor is the operand or its transpose, else None."""
        operand = self.operand
        if tensor.data_ptr() != operand.data_ptr() or tensor._version != self.version:
            return None
        shape, strides = tuple(tensor.shape), tensor.stride()
        if shape == tuple(operand.shape) and strides == operand.stride():
            return self.rounded
        operand = operand.transpose(-1, -2)
        if shape == tuple(operand.shape) and strides == operand.stride():
            return self.rounded.transpose(-1, -2)
        return None


class RoundedProduct:
    """Product of operands rounded to a type, with sums in float32.

    W, the inputs and delta of a block are operands of two products of a step each, and are rounded
    once.
    """

    def __init__(self, device: torch.device, dtype: torch.dtype) -> None:
        self._is_cuda, self._dtype = device.type == "cuda", dtype
        self._roundings: list[Rounding] = []

    def __call__(self, A: Any, B: Any) -> TensorArray:
        a, b = (self._round(each.tensor) for each in (A, B))
        if not self._is_cuda:
            return Product(a, b)
        multiply = torch.mm if a.ndim == 2 else torch.bmm
        return TensorArray(multiply(a, b, out_dtype=torch.float32))

    def clear(self) -> None:
        self._roundings.clear()

    def _round(self, tensor: Tensor) -> Tensor:
        for each in self._roundings:
            if (found := each.of(tensor)) is not None:
                return found
        rounded = tensor.to(self._dtype)
        if not self._is_cuda:
            # Only NVIDIA's products sum rounded numbers in float32.
            rounded = rounded.to(tensor.dtype)
        self._roundings.append(Rounding(tensor, tensor._version, rounded))
        return rounded
