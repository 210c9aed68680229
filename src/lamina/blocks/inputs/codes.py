"""Codes of categories in columns of X: whole numbers, 0 for missing and unknown categories."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lamina.blocks.inputs.group import InputGroup, Parts, as_counts
from lamina.formulas.table import Array

# float32 has every whole number up to this one, so that no two codes are the same float.
MOST_CODES = 2**24


@dataclass(frozen=True)
class CodeInputs(InputGroup):
    """Columns of codes, which have no gradient.

    Attributes
    ----------
    columns : tuple of int
    n_codes : tuple of int
        Number of codes of each column, 0 included.
    """

    columns: tuple[int, ...]
    n_codes: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        n_codes = as_counts(self.n_codes)
        object.__setattr__(self, "n_codes", n_codes)
        if len(n_codes) != len(self.columns) or not all(1 <= n <= MOST_CODES for n in n_codes):
            raise ValueError(
                f"n_codes needs a number from 1 to {MOST_CODES:,} for each of the "
                f"{len(self.columns)} columns, and is {n_codes}"
            )

    def input_gradient(self, parts: Parts, x: Array, d_a: Array) -> Array:
        return np.zeros_like(x)


def as_codes(x: Array) -> NDArray[np.intp]:
    """Return codes as integers; `InputStage.require_inputs` has checked them."""
    return x.astype(np.intp)
