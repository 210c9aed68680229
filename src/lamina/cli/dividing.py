"""Hold out whole groups of rows, or the last rows by a column of times."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lamina.cli.preparing import Reading
from lamina.cli.report import count
from lamina.cli.request import TrainingRequest
from lamina.cli.splitting import TrainTestSplit, check_size, split
from lamina.encoding.columns import READERS, find_kind
from lamina.encoding.file_rows import row_name
from lamina.errors import TableError
from lamina.formulas.table import AnyArray
from lamina.tables.problem import Problem

Rows = NDArray[np.int64]

# Number of random orders of the groups; the one that keeps the proportions best is used.
N_DRAWS = 50
# A date without a time is read as midnight.
MIDNIGHT = " 00:00:00"


def divide(reading: Reading, request: TrainingRequest) -> TrainTestSplit:
    """Hold out rows by group, by time or at random, as requested.

    Raises
    ------
    TableError
        If one side would be empty, or the column cannot divide the rows.
    """
    problem, test_size, seed = reading.problem, request.test_size, request.seed
    if reading.groups is not None:
        return split_by_group(problem, reading.groups, test_size, seed)
    if reading.times is not None:
        return split_by_time(problem, reading.times, test_size)
    return split(problem, test_size, seed)


def split_by_group(
    problem: Problem, groups: pd.Series, test_size: float, seed: int
) -> TrainTestSplit:
    """Hold out whole groups with about a fraction of the rows.

    A row without a group forms its own group. The function makes many random draws, and returns the
    one closest to the requested fraction and, for classes, to the proportions of all rows.
    """
    check_size(test_size)
    codes, labels = groups.factorize()
    alone = codes < 0
    codes[alone] = len(labels) + np.arange(alone.sum())
    n_groups, name = int(codes.max()) + 1, str(groups.name)
    if n_groups < 2:
        raise TableError(
            f"--group {name!r}: all rows belong to one group, so that none can be held out: choose "
            "another column"
        )
    strata = _strata(problem)
    chosen = min(_draws(codes, strata, test_size, seed), key=lambda draw: draw[0])[1]
    held_out = chosen[codes]
    description = (
        f"held out: {count(int(chosen.sum()), 'group')} of {name!r}, "
        f"{count(int(held_out.sum()), 'row')} ({100 * held_out.mean():.0f} %); no group is on both "
        "sides"
    )
    if alone.any():
        description += f"; {alone.sum():,} rows without a group each form their own"
    return _divided(problem, held_out, description, {"groups": codes})


def split_by_time(problem: Problem, times: pd.Series, test_size: float) -> TrainTestSplit:
    """Hold out the last rows by a column of numbers or dates; equal times stay together."""
    check_size(test_size)
    name = str(times.name)
    values = _times(name, times)
    order = np.sort(values)
    boundary = order[len(order) - max(1, math.ceil(test_size * len(order)))]
    sides = [side for side in (values >= boundary, values > boundary) if 0 < side.sum() < len(side)]
    if not sides:
        raise TableError(
            f"--time {name!r} is the same in every row, so there are no last rows to hold out: "
            "choose another column"
        )
    held_out = min(sides, key=lambda side: abs(float(side.mean()) - test_size))
    first = str(times.iloc[int(np.argmin(np.where(held_out, values, np.inf)))])
    rows = count(int(held_out.sum()), "row")
    description = (
        f"held out: the rows from {name} {first.removesuffix(MIDNIGHT)} on, {rows} "
        f"({100 * held_out.mean():.0f} %)"
    )
    return _divided(problem, held_out, description, {"time": values})


def _times(name: str, times: pd.Series) -> NDArray[np.float64]:
    if times.isna().any():
        position = int(np.argmax(times.isna()))
        raise TableError(
            f"--time {name!r} is missing in {row_name(times, position)}, which therefore has no "
            "place in the order: fill it in, or leave the row out"
        )
    kind = find_kind(name, times)
    if kind == "category":
        raise TableError(
            f"--time {name!r} holds text, such as {times.iloc[0]!r} in {row_name(times, 0)}: name "
            f"a column of dates or numbers, or give --date {name!r} as well if these are dates"
        )
    return np.asarray(READERS[kind](name, times), dtype=np.float64)


def _strata(problem: Problem) -> NDArray[np.int64]:
    """Return the class of each row as an integer; 0 for regression and several targets."""
    if problem.task == "regression" or problem.target.ndim == 2:
        return np.zeros(len(problem.target), dtype=np.int64)
    return np.asarray(np.unique(problem.target, return_inverse=True)[1], dtype=np.int64)


def _draws(
    codes: Rows, strata: Rows, test_size: float, seed: int
) -> Iterator[tuple[float, NDArray[np.bool_]]]:
    """Yield the error of each draw, and a mask of its held-out groups."""
    random_state = np.random.RandomState(seed)
    n_groups = int(codes.max()) + 1
    table = np.zeros((n_groups, int(strata.max()) + 1))
    np.add.at(table, (codes, strata), 1)
    total = table.sum(axis=0)
    for _ in range(N_DRAWS):
        order = random_state.permutation(n_groups)
        sizes = np.cumsum(table[order].sum(axis=1))[:-1]
        n_chosen = int(np.argmin(np.abs(sizes - test_size * total.sum()))) + 1
        chosen = np.zeros(n_groups, dtype=bool)
        chosen[order[:n_chosen]] = True
        held_out = table[chosen].sum(axis=0)
        # A class without a training row cannot be learned: count each as an error of 1.
        lost = np.count_nonzero(held_out == total)
        yield lost + float(np.abs(held_out - test_size * total).sum() / total.sum()), chosen


def _divided(
    problem: Problem,
    held_out: NDArray[np.bool_],
    description: str,
    by: Mapping[str, AnyArray],
) -> TrainTestSplit:
    train, test = np.flatnonzero(~held_out), np.flatnonzero(held_out)
    remarks: tuple[str, ...] = ()
    X, y = problem.features, problem.target
    if problem.task == "classification":
        for name, column in problem.columns.items():
            if len(set(column[train].tolist())) < 2:
                raise TableError(
                    f"the target {name!r} is {column[train[0]]} in every training row, so there is "
                    "nothing to learn: change --test-size, or hold rows out at random"
                )
        unlearned = _unlearned(problem, train, test)
        if unlearned.any():
            remarks = (
                f"held-out rows whose class no training row has: {unlearned.sum():,}. The model "
                "cannot predict these classes, so the rows are not measured",
            )
        test = test[~unlearned]
    if not len(test):
        raise TableError("no held-out row has a class of the training rows: change --test-size")
    return TrainTestSplit(
        X.iloc[train], X.iloc[test], y[train], y[test], remarks, train, description, by
    )


def _unlearned(problem: Problem, train: Rows, test: Rows) -> NDArray[np.bool_]:
    """Return a mask of the held-out rows with a class, in any target, that no training row has."""
    columns = [~np.isin(column[test], column[train]) for column in problem.columns.values()]
    return np.asarray(np.any(columns, axis=0))
