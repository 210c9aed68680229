"""Input of a forward pass besides samples and parameters: its purpose, and the matrix product."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

from scipy import sparse

from lamina.formulas import PRECISIONS
from lamina.formulas.noise import Draws
from lamina.formulas.precisions import emulated

# Operands and result are arrays; the first operand may be sparse.
Product: TypeAlias = Callable[[Any, Any], Any]


def product_in(precision: str | None) -> Product:
    """Return the matrix product that rounds its operands to a precision; `matmul` without one."""
    name = emulated(precision)
    if name is None:
        return operator.matmul
    nearest = PRECISIONS[name].nearest

    def product(A: Any, B: Any) -> Any:
        return A @ B if sparse.issparse(A) else nearest(A) @ nearest(B)

    return product


class Mode(NamedTuple):
    """Purpose of a forward pass: training or prediction.

    Attributes
    ----------
    uses_batch : bool
        If True, normalize by the batch's own mean and variance; if False, by running statistics.
    draws : Draws or None
        Inputs of the draws of dropout and noise; None drops nothing.
    product : callable
    own_rows : bool
        True if the input has a row for each member of a sample, in the order of the members, in
        place of one that all of them read.
    """

    uses_batch: bool = False
    draws: Draws | None = None
    product: Product = operator.matmul
    own_rows: bool = False
