"""Which rows each network of an ensemble is validated on."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

# A fold of fewer samples says too little about an epoch.
LEAST_SAMPLES_A_FOLD = 4
NO_FOLD = -1


class Split(NamedTuple):
    """The samples that a member learns from, and those that choose its epoch.

    Attributes
    ----------
    train, validation : ndarray of int
        Places of samples.
    """

    train: NDArray[np.int64]
    validation: NDArray[np.int64]


def splits_of(folds: NDArray[np.int64]) -> list[Split]:
    """Return, for each fold, all other samples to train on and the fold's own to validate on."""
    return [
        Split(np.flatnonzero(folds != fold), np.flatnonzero(folds == fold))
        for fold in range(int(folds.max()) + 1)
    ]


def assign_folds(
    n_folds: int, strata: NDArray[Any], random_state: np.random.RandomState
) -> NDArray[np.int64]:
    """Return the fold of each sample, shape (n_samples,); each stratum is divided evenly.

    Parameters
    ----------
    n_folds : int
        The most folds; fewer where a fold would have fewer than 4 samples.
    strata : ndarray of shape (n_samples,)
        Classes as integers from 0, or a regression's values: these are divided evenly as well, so
        that each fold has large and small ones.
    random_state : RandomState

    Returns
    -------
    ndarray of int64
        -1 for the only sample of a class, which every network learns from.

    Examples
    --------
    >>> import numpy as np
    >>> folds = assign_folds(2, np.array([0, 0, 1, 1, 0, 0, 1, 1]), np.random.RandomState(0))
    >>> sorted(folds[[0, 1, 4, 5]].tolist()), sorted(folds[[2, 3, 6, 7]].tolist())
    ([0, 0, 1, 1], [0, 0, 1, 1])
    """
    n_samples = len(strata)
    n_folds = max(2, min(n_folds, n_samples // LEAST_SAMPLES_A_FOLD))
    if strata.dtype.kind == "f":
        return _assign_in_order(
            n_folds, np.lexsort((random_state.rand(n_samples), strata)), random_state
        )
    order = np.lexsort((random_state.rand(n_samples), strata))
    folds = np.empty(n_samples, dtype=np.int64)
    # One cycle through all classes: the folds' sizes differ by one at most.
    folds[order] = np.arange(n_samples) % n_folds
    folds[np.bincount(strata)[strata] < 2] = NO_FOLD
    return folds


def _assign_in_order(
    n_folds: int, order: NDArray[np.int64], random_state: np.random.RandomState
) -> NDArray[np.int64]:
    """Give each run of `n_folds` samples, in order of their values, all folds in random order."""
    n_samples = len(order)
    n_runs = -(-n_samples // n_folds)
    drawn = np.argsort(random_state.rand(n_runs, n_folds), axis=1).ravel()[:n_samples]
    folds = np.empty(n_samples, dtype=np.int64)
    folds[order] = drawn
    return folds
