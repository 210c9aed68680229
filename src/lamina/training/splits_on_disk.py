"""Split more samples than fit into memory, exactly as scikit-learn's train_test_split does."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split
from sklearn.model_selection._split import _validate_shuffle_split
from sklearn.utils.extmath import _approximate_mode

from lamina.files.chunks import Workspace, slices
from lamina.formulas.table import AnyArray

Indices = NDArray[np.int64]


def split_on_disk(
    n_samples: int,
    fraction: float,
    random_state: np.random.RandomState,
    strata: AnyArray | None,
    workspace: Workspace,
) -> tuple[Indices, Indices]:
    """Return the indices of the training samples and of the held-out ones, with the same draws.

    Parameters
    ----------
    n_samples : int
    fraction : float
        Fraction of the samples to hold out.
    random_state : RandomState
    strata : ndarray of bool of shape (n_samples,) or (n_samples, 1), or None
        Two classes that are divided evenly.
    workspace : Workspace
        Place of the indices.

    Raises
    ------
    ValueError
        As train_test_split.
    """
    n_train, n_test = _validate_shuffle_split(n_samples, fraction, None, default_test_size=0.25)
    if strata is None:
        order = workspace.arange(n_samples)
        random_state.shuffle(order)
        return order[n_test : n_test + n_train], order[:n_test]
    strata = strata.reshape(n_samples)
    members = [_rows_where(strata, value, workspace) for value in (False, True)]
    members = [rows for rows in members if len(rows)]
    if min(map(len, members)) < 2 or min(n_train, n_test) < len(members):
        # It raises its own error.
        train_test_split(strata, test_size=fraction, stratify=strata)
    return _stratified(n_train, n_test, random_state, members, workspace)


def _stratified(
    n_train: int,
    n_test: int,
    random_state: np.random.RandomState,
    members: list[Indices],
    workspace: Workspace,
) -> tuple[Indices, Indices]:
    counts = np.array(list(map(len, members)))
    of_train = _approximate_mode(counts, n_train, random_state)
    of_test = _approximate_mode(counts - of_train, n_test, random_state)
    train = workspace.empty((n_train,), np.int64)
    test = workspace.empty((n_test,), np.int64)
    train_end, test_end = 0, 0
    for rows, n_each_train, n_each_test in zip(members, of_train, of_test, strict=True):
        order = workspace.arange(len(rows))
        random_state.shuffle(order)
        _fill(train[train_end : train_end + n_each_train], rows, order[:n_each_train])
        chosen = order[n_each_train : n_each_train + n_each_test]
        _fill(test[test_end : test_end + n_each_test], rows, chosen)
        train_end, test_end = train_end + n_each_train, test_end + n_each_test
    random_state.shuffle(train)
    random_state.shuffle(test)
    return train, test


def _rows_where(strata: AnyArray, value: bool, workspace: Workspace) -> Indices:
    """Return the indices of a class in ascending order."""
    parts = list(slices(len(strata)))
    n_each = [int(np.count_nonzero(strata[rows] == value)) for rows in parts]
    found, end = workspace.empty((sum(n_each),), np.int64), 0
    for rows, n in zip(parts, n_each, strict=True):
        found[end : end + n] = np.flatnonzero(strata[rows] == value) + rows.start
        end += n
    return found


def _fill(result: Indices, rows: Indices, order: Indices) -> None:
    for part in slices(len(order)):
        result[part] = rows[order[part]]
