"""Products on a device, with both operands rounded to a precision, and sums in float32."""

from __future__ import annotations

import operator
from typing import Any

import torch

from lamina.blocks import Product
from lamina.engines.pytorch.arrays import TensorArray

# PyTorch's type of each of PRECISIONS.
ROUNDED = {"bfloat16": torch.bfloat16}


def product_on(device: torch.device, precision: str | None) -> Product:
    """Return the matrix product for a device and a precision."""
    if precision is None:
        return operator.matmul
    rounded = ROUNDED[precision]

    def product(A: Any, B: Any) -> TensorArray:
        a, b = A.tensor.to(rounded), B.tensor.to(rounded)
        if device.type == "cuda":
            multiply = torch.mm if a.ndim == 2 else torch.bmm
            return TensorArray(multiply(a, b, out_dtype=A.tensor.dtype))
        return TensorArray(a.to(A.tensor.dtype) @ b.to(B.tensor.dtype))

    return product
