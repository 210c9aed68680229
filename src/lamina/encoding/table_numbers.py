"""Impute missing numbers of a table by medians, then scale to mean 0 and variance 1."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from sklearn.preprocessing import StandardScaler

from lamina.errors import TableError

if TYPE_CHECKING:
    from sklearn.impute import SimpleImputer


def fit_numbers(
    names: Sequence[str], numbers: NDArray[np.float64] | None
) -> tuple[SimpleImputer | None, StandardScaler | None]:
    """Return a fitted SimpleImputer and StandardScaler, or None and None without numbers.

    Parameters
    ----------
    names : sequence of str
        Names of the columns for error messages.
    numbers : ndarray of shape (n_samples, n_numbers)
        NaN marks a missing value; every column has at least one value.
    """
    if numbers is None:
        return None, None
    missing = np.isnan(numbers)
    with np.errstate(all="ignore"):
        # SimpleImputer computes medians of a masked array, which takes 20 times as long.
        present = (c[~m] for c, m in zip(numbers.T, missing.T, strict=True))
        had_missing = np.asarray(missing.any(axis=0))
        imputer = fitted_imputer(np.array([*map(np.median, present)]), had_missing)
        scaler = StandardScaler().fit(imputer.transform(numbers)[:, : len(names)])
    for i, name in enumerate(names):
        if not np.isfinite(scaler.var_[i]):
            raise infinite_variance(name, float(np.nanmax(abs(numbers[:, i]))))
    return imputer, scaler


def infinite_variance(name: str, largest: float) -> TableError:
    """Return the error for a column whose variance overflows."""
    return TableError(
        f"column {name!r} holds numbers up to {largest:g}, whose variance is infinite: divide them "
        "by a power of ten, or take their logarithm"
    )


def fitted_scaler(
    mean: NDArray[np.float64], variance: NDArray[np.float64], n_rows: int
) -> StandardScaler:
    """Return a StandardScaler with these means and variances of n_rows rows."""
    scaler = StandardScaler().fit(np.zeros((1, len(mean))))
    # As StandardScaler: a variance below the rounding errors of its sums is that of a constant.
    tiny = np.finfo(np.float64).eps
    is_constant = variance <= n_rows * tiny * variance + (n_rows * mean * tiny) ** 2
    scaler.mean_, scaler.var_ = mean, variance
    scaler.scale_ = np.where(is_constant, 1.0, np.sqrt(variance))
    scaler.n_samples_seen_ = n_rows
    return scaler


def fitted_imputer(median: NDArray[np.float64], had_missing: NDArray[np.bool_]) -> SimpleImputer:
    """Return a SimpleImputer with these medians and columns of missing values."""
    # A module-level import would double the time of `import lamina`.
    from sklearn.impute import SimpleImputer

    # Fit it to a row of zeros and a row with the gaps to create all its attributes; then set the
    # medians by their public name.
    gaps = np.where(had_missing, np.nan, 0.0)
    imputer = SimpleImputer(strategy="median", add_indicator=True)
    imputer.fit(np.stack([np.zeros_like(gaps), gaps])).statistics_ = median
    return imputer
