"""Recognise arrays that need no conversion, and so can skip scikit-learn's validation.

scikit-learn's checks of a small array take as long as ten epochs of a small network. An array that
is plain by the functions here leaves `validate_data` as the same object; every other array, and
every array that must raise an error, goes through scikit-learn.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike


def are_plain_rows(X: Any, dtypes: Sequence[DTypeLike]) -> bool:
    """Return True if X is a C-contiguous array (n_samples, n_features) of one of these dtypes.

    Non-finite elements are not checked.
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
    """Return True if y is an array (n_samples,) of finite numbers."""
    return (
        type(y) is np.ndarray
        and y.shape == (n_samples,)
        and (y.dtype.kind in "iub" or (y.dtype.kind == "f" and bool(np.isfinite(y).all())))
    )
