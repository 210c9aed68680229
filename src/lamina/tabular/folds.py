"""Which rows each network of an ensemble is validated on."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

# A fold of fewer samples says too little about an epoch.
LEAST_SAMPLES_A_FOLD = 4
NO_FOLD = -1
# No network is validated on the first half of the time: what it had learned from would be too old.
FIRST_TRAINED_FRACTION = 0.5


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


def assign_group_folds(
    n_folds: int,
    groups: NDArray[np.int64],
    strata: NDArray[Any],
    random_state: np.random.RandomState,
) -> NDArray[np.int64]:
    """Return the fold of each sample; the samples of a group share one.

    Groups are placed one by one, the largest first, in the fold that has the fewest samples of the
    group's classes so far.

    Parameters
    ----------
    n_folds : int
        The most folds; fewer where there are fewer groups.
    groups : ndarray of shape (n_samples,)
        Integers from 0, each of which occurs.
    strata : ndarray of shape (n_samples,)
        As `assign_folds` takes them.
    random_state : RandomState

    Returns
    -------
    ndarray of int64
        -1 for the samples of a group that alone has a class: every network learns from them.

    Examples
    --------
    >>> import numpy as np
    >>> groups = np.array([0, 0, 1, 1, 2, 2, 3, 3])
    >>> folds = assign_group_folds(2, groups, np.array([0, 0, 1, 1] * 2), np.random.RandomState(0))
    >>> bool(folds[0] == folds[1] != folds[4] == folds[5])
    True
    """
    classes = _quintiles(strata) if strata.dtype.kind == "f" else strata
    n_groups, n_classes = int(groups.max()) + 1, int(classes.max()) + 1
    cells = np.bincount(groups * n_classes + classes, minlength=n_groups * n_classes)
    counts = cells.reshape(n_groups, n_classes).astype(np.float64)
    alone = (counts > 0).sum(axis=0) == 1
    if strata.dtype.kind == "f":
        alone[:] = False
    learned_by_all: NDArray[np.bool_] = np.any(counts[:, alone] > 0, axis=1)
    scale = np.maximum(counts.sum(axis=0), 1)
    sizes = counts.sum(axis=1)
    n_folds = max(2, min(n_folds, int((~learned_by_all).sum())))
    placed, chosen = np.zeros((n_folds, n_classes)), np.full(n_groups, NO_FOLD, dtype=np.int64)
    for group in np.lexsort((random_state.rand(n_groups), -sizes)):
        if not learned_by_all[group]:
            # The first term is what the squared counts grow by, the second decides ties.
            crowded = placed @ (counts[group] / scale) + 1e-9 * placed.sum(axis=1)
            chosen[group] = np.argmin(crowded)
            placed[chosen[group]] += counts[group]
    return chosen[groups]


def split_in_time(
    n_splits: int, time: NDArray[np.float64], first: float = FIRST_TRAINED_FRACTION
) -> list[Split]:
    """Return splits whose validation samples are later than all that is trained on.

    The samples after the first fraction are divided into blocks at the times between them; each
    block is validated by a network that learns from all samples before it. Samples of one time are
    never divided.

    Parameters
    ----------
    n_splits : int
        The most splits; fewer where there are fewer times.
    time : ndarray of shape (n_samples,)
    first : float
        The fraction of samples that no network is validated on.

    Examples
    --------
    >>> import numpy as np
    >>> [split.validation.tolist() for split in split_in_time(2, np.arange(8.0))]
    [[4, 5], [6, 7]]
    """
    times, counts = np.unique(time, return_counts=True)
    ends = np.cumsum(counts)
    targets = len(time) * np.linspace(first, 1, n_splits + 1)[:-1]
    # The first time of each block; the first block of all begins after the earliest time.
    starts = np.unique(np.maximum(np.searchsorted(ends, targets, side="right"), 1))
    bounds = [*times[starts[starts < len(times)]], np.inf]
    return [
        Split(np.flatnonzero(time < start), np.flatnonzero((time >= start) & (time < end)))
        for start, end in itertools.pairwise(bounds)
    ]


def folds_of(splits: Sequence[Split], n_samples: int) -> NDArray[np.int64]:
    """Return the split that each sample is validated in, the last of several; -1 for none."""
    folds = np.full(n_samples, NO_FOLD, dtype=np.int64)
    for place, split in enumerate(splits):
        folds[split.validation] = place
    return folds


def leave_out(splits: Sequence[Split], left_out: NDArray[np.bool_]) -> list[Split]:
    """Return the splits without some samples; a split that has none left is dropped."""
    parts = [(train[~left_out[train]], rows[~left_out[rows]]) for train, rows in splits]
    kept = [Split(train, rows) for train, rows in parts if len(train) and len(rows)]
    if not kept:
        raise ValueError(
            "sample_weight is zero for all samples of one side of each split: give more samples a "
            "weight, or set other splits by cv="
        )
    return kept


def _quintiles(values: NDArray[np.float64]) -> NDArray[np.int64]:
    inner = np.quantile(values, [0.2, 0.4, 0.6, 0.8])
    return np.asarray(np.searchsorted(inner, values), dtype=np.int64)
