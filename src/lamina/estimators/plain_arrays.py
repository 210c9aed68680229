"""Arrays that pass validation as they are: for them scikit-learn's way there and back is the cost.

To look at a small array from all sides takes scikit-learn as long as many a small network needs
for ten epochs. What is plain here comes out of `validate_data` as the very same object; whatever is
not, or must be answered with an error, goes there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike


def are_plain_rows(X: Any, dtypes: Sequence[DTypeLike]) -> bool:
    """Whether X is an array (n_samples, n_features) of one of these dtypes, row by row in memory.

    Whether its elements are finite is another question.
    """
    return (
        type(X) is np.ndarray
        and X.ndim == 2
        and X.dtype in dtypes
        and X.flags.c_contiguous
        and X.shape[0] > 0
        and X.shape[1] > 0
    )


def are_plain_targets(y: Any, n_samples: int) -> bool:
    """Whether y is an array (n_samples,) of finite numbers."""
    return (
        type(y) is np.ndarray
        and y.shape == (n_samples,)
        and (y.dtype.kind in "iub" or (y.dtype.kind == "f" and bool(np.isfinite(y).all())))
    )
