"""Codes of categories in columns of X: whole numbers, 0 for missing and unknown categories."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lamina.formulas.table import Array

# float32 has every whole number up to this one, so that no two codes are the same float.
MOST_CODES = 2**24


def require_codes(columns: tuple[int, ...], n_codes: tuple[int, ...]) -> None:
    """Check that every column has a number of codes, 1 to MOST_CODES; raise ValueError if not."""
    if len(n_codes) != len(columns) or not all(1 <= n <= MOST_CODES for n in n_codes):
        raise ValueError(
            f"n_codes needs a number from 1 to {MOST_CODES:,} for each of the {len(columns)} "
            f"columns, and is {n_codes}"
        )


def as_codes(x: Array) -> NDArray[np.intp]:
    """Return codes as integers; `InputStage.require_inputs` has checked them."""
    return x.astype(np.intp)
