"""Precisions to which both operands of a matrix product are rounded; sums keep full precision.

Shapes: `nearest` keeps shape and dtype of its float32 argument.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lamina.formulas.code import Code
from lamina.formulas.table import Array, RecordTable


@dataclass(frozen=True)
class Precision:
    """Precision: `nearest(x)` returns the nearest numbers of this precision.

    `code` is the same rounding in PyTorch, ONNX, NumPy and C.
    """

    name: str
    nearest: Callable[[Array], Array]
    equation: str
    paper: str
    code: Code


def _nearest_bfloat16(x: Array) -> Array:
    bits = x.view(np.uint32)
    nearest = bits + np.uint32(0x7FFF) + (bits >> np.uint32(16) & np.uint32(1))
    # Rounding could carry a NaN's mantissa into its sign.
    return np.where(np.isnan(x), x, (nearest & np.uint32(0xFFFF0000)).view(np.float32))


NEAREST_BFLOAT16_IN_C = """\
uint32_t bits;
memcpy(&bits, &z, sizeof bits);
bits = (bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000;
float nearest;
memcpy(&nearest, &bits, sizeof nearest);
return z == z ? nearest : z;"""

# Products of float32 that only the tensor cores of a GPU have, which round operands to 10 bits of
# mantissa. Everything else computes them in float32, so that no export and no other engine rounds.
TF32 = "tf32"

PRECISIONS = RecordTable(
    "precision",
    Precision(
        name="bfloat16",
        nearest=_nearest_bfloat16,
        equation="bfloat16(x) = the nearest number with 8 bits of mantissa, ties to even",
        paper="Kalamkar et al. 2019, A study of BFLOAT16 for deep learning training",
        code=Code(
            torch="bfloat16",
            onnx="Cast(Cast(z, to=16), to=1)",
            numpy=(
                "np.where(np.isnan(z), z, ((z.view('u4') + 0x7FFF + (z.view('u4') >> 16 & 1)) "
                "& 0xFFFF0000).view('f4'))"
            ),
            c=NEAREST_BFLOAT16_IN_C,
        ),
    ),
)


def emulated(precision: str | None) -> str | None:
    """Return the name in PRECISIONS of a precision, or None for one that other units lack.

    Examples
    --------
    >>> emulated("bfloat16"), emulated("tf32"), emulated(None)
    ('bfloat16', None, None)
    """
    return None if precision == TF32 else precision
