"""Folds: every sample in one, every class in all, however small the table."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lamina.tabular.folds import NO_FOLD, assign_folds


@given(
    counts=st.lists(st.integers(1, 30), min_size=1, max_size=6),
    n_folds=st.integers(2, 10),
    seed=st.integers(0, 2**31 - 1),
)
def test_each_class_is_divided_evenly(counts, n_folds, seed):
    classes = np.repeat(np.arange(len(counts)), counts)
    folds = assign_folds(n_folds, classes, np.random.RandomState(seed))
    n_made = max(2, min(n_folds, len(classes) // 4))
    assert set(folds.tolist()) <= {NO_FOLD, *range(n_made)}
    for label, count in enumerate(counts):
        of_class = folds[classes == label]
        if count == 1:
            assert of_class.tolist() == [NO_FOLD]
        else:
            per_fold = np.bincount(of_class, minlength=n_made)
            assert per_fold.max() - per_fold.min() <= 1
            assert per_fold.max() < count


@given(n_samples=st.integers(8, 200), n_folds=st.integers(2, 8), seed=st.integers(0, 2**31 - 1))
def test_each_fold_has_small_and_large_values(n_samples, n_folds, seed):
    values = np.random.default_rng(seed).permutation(np.arange(n_samples, dtype=np.float64))
    folds = assign_folds(n_folds, values, np.random.RandomState(seed))
    n_made = max(2, min(n_folds, n_samples // 4))
    sizes = np.bincount(folds, minlength=n_made)
    assert sizes.sum() == n_samples
    assert sizes.max() - sizes.min() <= 1
    lowest = folds[np.argsort(values)[:n_made]]
    assert sorted(lowest.tolist()) == [*range(n_made)]
