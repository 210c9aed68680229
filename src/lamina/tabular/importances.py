"""Importances of a table's columns: the decrease of the score when a column is shuffled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata
from sklearn.utils import Bunch, check_random_state

from lamina.formulas.table import AnyArray, Matrix
from lamina.tabular.encoded import EncodedTable

if TYPE_CHECKING:
    from lamina.tabular.fitted import FittedTabular

# Columns whose inputs correlate more strongly carry the same information.
CORRELATED = 0.8
MOST_SAMPLES_TO_CORRELATE = 2000

Floats = NDArray[np.float64]


def permutation_importances(
    model: FittedTabular,
    encoded: EncodedTable,
    score: Callable[[Floats], float],
    n_repeats: int,
    random_state: int | np.random.RandomState | None,
) -> Bunch:
    """Shuffle the inputs of one column after the other, and score the predictions.

    Each row is encoded independently, so shuffled inputs equal those of a shuffled column, and
    nothing is encoded again.

    Parameters
    ----------
    model : TabularClassifier or TabularRegressor
    encoded : EncodedTable
    score : callable
        `score(predictions)`; higher is better.
    n_repeats : int
    random_state : int, RandomState or None
    """
    names = column_names(model)
    matrices = [member.matrix(encoded) for member in model.members_]
    origins = [model.columns_of_inputs(member) for member in model.members_]
    best = score(model._combine(matrices))
    draws = check_random_state(random_state)
    falls = np.zeros((len(names), n_repeats))
    used = [name for name in names if any((each == name).any() for each in origins)]
    for place, name in enumerate(names):
        if name in used:
            for repeat in range(n_repeats):
                rows = draws.permutation(len(encoded))
                falls[place, repeat] = best - score(
                    model._combine(_shuffled(matrices, origins, name, rows))
                )
    return _bunch(names, falls, best, correlated_groups(model, encoded))


def correlated_groups(model: FittedTabular, encoded: EncodedTable) -> list[list[str]]:
    """Return groups of columns in which each column correlates with another one.

    |r| > 0.8, by ranks for numbers and dates, by 0/1 columns for categories.
    """
    columns = model.inputs_.columns_of_parts()
    origins = np.hstack([columns.numbers, columns.categories]).astype(str)
    rows = np.random.RandomState(0).permutation(len(encoded))[:MOST_SAMPLES_TO_CORRELATE]
    ranks = [rankdata(column) for column in encoded.numbers[rows].T]
    inputs = np.array([*ranks, *encoded.categories[rows].T], dtype=np.float64)
    varying = np.ptp(inputs, axis=1) > 0 if len(inputs) else np.zeros(0, dtype=bool)
    if varying.sum() < 2:
        return []
    strong = np.abs(np.corrcoef(inputs[varying])) > CORRELATED
    groups: list[set[str]] = []
    for i, j in zip(*np.nonzero(np.triu(strong, 1)), strict=True):
        pair = {str(origins[varying][i]), str(origins[varying][j])}
        if len(pair) == 2:
            touched = [group for group in groups if group & pair]
            groups = [group for group in groups if not group & pair]
            groups.append(pair.union(*touched))
    order = column_names(model)
    return [sorted(group, key=order.index) for group in groups]


def column_names(model: FittedTabular) -> list[str]:
    """Return the names of the training table's columns; x0, x1, … for an array."""
    names = getattr(model, "feature_names_in_", None)
    if names is None:
        return [f"x{place}" for place in range(model.n_features_in_)]
    return [str(name) for name in names]


def _shuffled(
    matrices: Sequence[Matrix], origins: Sequence[AnyArray], name: str, rows: NDArray[np.int64]
) -> list[Matrix]:
    shuffled = []
    for matrix, columns in zip(matrices, origins, strict=True):
        of_column = columns == name
        other = matrix.copy()
        other[:, of_column] = matrix[rows][:, of_column]
        shuffled.append(other)
    return shuffled


def _bunch(names: list[str], falls: Floats, best: float, groups: list[list[str]]) -> Bunch:
    from pandas import DataFrame

    mean, deviation = falls.mean(axis=1), falls.std(axis=1)
    error = deviation / np.sqrt(max(falls.shape[1] - 1, 1))
    others = {
        name: ", ".join(other for other in group if other != name)
        for group in groups
        for name in group
    }
    table = DataFrame(
        {
            "column": names,
            "importance": mean,
            "standard_error": error,
            "correlated_with": [others.get(name, "") for name in names],
        }
    )
    table = table.sort_values("importance", ascending=False, kind="stable", ignore_index=True)
    return Bunch(
        importances_mean=mean,
        importances_std=deviation,
        importances=falls,
        standard_errors=error,
        columns=names,
        score=best,
        correlated_groups=groups,
        table=table,
    )
