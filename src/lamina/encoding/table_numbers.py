"""The numbers of a table: medians for missing values, then mean 0 and variance 1."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.preprocessing import StandardScaler

from lamina.errors import TableError


def fit_numbers(names: Sequence[str], numbers: NDArray[np.float64] | None) -> tuple[Any, Any]:
    """A fitted SimpleImputer and StandardScaler; None and None where there are no numbers.

    Parameters
    ----------
    names : sequence of str
        The columns, for errors.
    numbers : ndarray of shape (n_samples, n_numbers)
        NaN where a value is missing; every column has one value or more.
    """
    if numbers is None:
        return None, None
    missing = np.isnan(numbers)
    with np.errstate(all="ignore"):
        # SimpleImputer's own median, of a masked array, takes 20 times as long.
        present = (c[~m] for c, m in zip(numbers.T, missing.T, strict=True))
        had_missing = np.asarray(missing.any(axis=0))
        imputer = fitted_imputer(np.array([*map(np.median, present)]), had_missing)
        scaler = StandardScaler().fit(imputer.transform(numbers)[:, : len(names)])
    for i, name in enumerate(names):
        if not np.isfinite(scaler.var_[i]):
            raise TableError(
                f"column {name!r} holds numbers up to {np.nanmax(abs(numbers[:, i])):g}, whose "
                "variance is infinite: divide them by a power of ten, or take their logarithm"
            )
    return imputer, scaler


def fitted_imputer(median: NDArray[np.float64], had_missing: NDArray[np.bool_]) -> Any:
    """A SimpleImputer that has learned these medians, and which columns had missing values."""
    # Imported at the top, it would be half of the time that `import lamina` takes.
    from sklearn.impute import SimpleImputer

    # Fitted to a row of zeros and one with the gaps, it has all its parts; what is learned is then
    # put in place by its public name.
    gaps = np.where(had_missing, np.nan, 0.0)
    imputer = SimpleImputer(strategy="median", add_indicator=True)
    imputer.fit(np.stack([np.zeros_like(gaps), gaps])).statistics_ = median
    return imputer
