"""Validation sets of the networks of an ensemble: folds, groups and times."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lamina.formulas.table import AnyArray

# A fold with fewer samples is too small to compare epochs.
LEAST_SAMPLES_A_FOLD = 4
NO_FOLD = -1
# No network is validated on the first half of the samples: a network trained on even earlier ones
# would be outdated.
FIRST_TRAINED_FRACTION = 0.5


class Split(NamedTuple):
    """Training samples of a member, and validation samples that choose its epoch.

    Attributes
    ----------
    train, validation : ndarray of int
        Indices of samples.
    """

    train: NDArray[np.int64]
    validation: NDArray[np.int64]


def build_splits(folds: NDArray[np.int64]) -> list[Split]:
    """Return one split per fold: the fold for validation, all other samples for training."""
    return [
        Split(np.flatnonzero(folds != fold), np.flatnonzero(folds == fold))
        for fold in range(int(folds.max()) + 1)
    ]


def assign_folds(
    n_folds: int, strata: AnyArray, random_state: np.random.RandomState
) -> NDArray[np.int64]:
    """Return the fold of each sample, shape (n_samples,), stratified.

    Parameters
    ----------
    n_folds : int
        Maximum number of folds; fewer if a fold would have fewer than 4 samples.
    strata : ndarray of shape (n_samples,)
        Classes as integers from 0, or a regression's values, which are divided evenly, too, so
        that each fold has large and small ones.
    random_state : RandomState

    Returns
    -------
    ndarray of int64
        -1 for the only sample of a class, on which every network is trained.

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
    # A single cycle through all classes, so that the folds' sizes differ by at most one.
    folds[order] = np.arange(n_samples) % n_folds
    folds[np.bincount(strata)[strata] < 2] = NO_FOLD
    return folds


def _assign_in_order(
    n_folds: int, order: NDArray[np.int64], random_state: np.random.RandomState
) -> NDArray[np.int64]:
    """Assign all folds, in random order, to each run of `n_folds` samples in order of value."""
    n_samples = len(order)
    n_runs = -(-n_samples // n_folds)
    drawn = np.argsort(random_state.rand(n_runs, n_folds), axis=1).ravel()[:n_samples]
    folds = np.empty(n_samples, dtype=np.int64)
    folds[order] = drawn
    return folds


def assign_group_folds(
    n_folds: int,
    groups: NDArray[np.int64],
    strata: AnyArray,
    random_state: np.random.RandomState,
) -> NDArray[np.int64]:
    """Return the fold of each sample; all samples of a group are in the same fold.

    Groups are assigned one by one, largest first, to the fold with the fewest samples of the
    group's classes so far.

    Parameters
    ----------
    n_folds : int
        Maximum number of folds; fewer if there are fewer groups.
    groups : ndarray of shape (n_samples,)
        Consecutive integers from 0.
    strata : ndarray of shape (n_samples,)
        As in `assign_folds`.
    random_state : RandomState

    Returns
    -------
    ndarray of int64
        -1 for the samples of a group that is the only one with a class: every network is trained
        on them.

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
            # The first term is the growth of the squared counts, the second breaks ties.
            crowded = placed @ (counts[group] / scale) + 1e-9 * placed.sum(axis=1)
            chosen[group] = np.argmin(crowded)
            placed[chosen[group]] += counts[group]
    return chosen[groups]


def split_in_time(
    n_splits: int, time: NDArray[np.float64], first: float = FIRST_TRAINED_FRACTION
) -> list[Split]:
    """Return splits whose validation samples are later than all training samples.

    The samples after the first fraction are divided into blocks of consecutive times; each block is
    validated by a network trained on all samples before it. Samples of the same time are never
    divided.

    Parameters
    ----------
    n_splits : int
        Maximum number of splits; fewer if there are fewer different times.
    time : ndarray of shape (n_samples,)
    first : float
        Fraction of samples that are never used for validation.

    Examples
    --------
    >>> import numpy as np
    >>> [split.validation.tolist() for split in split_in_time(2, np.arange(8.0))]
    [[4, 5], [6, 7]]
    """
    times, counts = np.unique(time, return_counts=True)
    ends = np.cumsum(counts)
    targets = len(time) * np.linspace(first, 1, n_splits + 1)[:-1]
    # First time of each block; the first block begins after the earliest time.
    starts = np.unique(np.maximum(np.searchsorted(ends, targets, side="right"), 1))
    bounds = [*times[starts[starts < len(times)]], np.inf]
    return [
        Split(np.flatnonzero(time < start), np.flatnonzero((time >= start) & (time < end)))
        for start, end in itertools.pairwise(bounds)
    ]


def number_folds(splits: Sequence[Split], n_samples: int) -> NDArray[np.int64]:
    """Return the split whose validation set has each sample, the last of several; -1 if none."""
    folds = np.full(n_samples, NO_FOLD, dtype=np.int64)
    for place, split in enumerate(splits):
        folds[split.validation] = place
    return folds


def _quintiles(values: NDArray[np.float64]) -> NDArray[np.int64]:
    inner = np.quantile(values, [0.2, 0.4, 0.6, 0.8])
    return np.asarray(np.searchsorted(inner, values), dtype=np.int64)
