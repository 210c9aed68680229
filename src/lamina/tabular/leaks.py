"""Leaks: columns that alone predict the target almost perfectly on held-out rows.

Each column is divided into groups, its categories or bins of equal size; the mean target of a group
predicts the other half of the rows. Shapes: values and target (n_samples,), groups (n_samples,) of
integers from 0.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from lamina.errors import LeakWarning
from lamina.formulas.table import AnyArray

if TYPE_CHECKING:
    from lamina.tabular.encoded import EncodedTable
    from lamina.tabular.inputs import TableInputs

# A column with such a score is hardly ever known before the target is.
LEAST_AUC, LEAST_R2, LEAST_ACCURACY, LEAST_RANK_R2 = 0.99, 0.99, 0.99, 0.995
# Fewer rows, or fewer rows of the rarer of two classes, can be separated by chance.
FEWEST_ROWS, FEWEST_OF_A_CLASS = 50, 10
# Ten thousand rows of fifty columns take a second; more rows add no information.
MOST_ROWS, MOST_BINS = 10_000, 256

Groups = NDArray[np.int64]


class Leak(NamedTuple):
    """Column that predicts the target almost perfectly on its own.

    Attributes
    ----------
    column : str
    metric : {'roc_auc', 'accuracy', 'r2'}
    value : float
        Score on held-out rows.
    remark : str
        Sentence with the cure.
    """

    column: str
    metric: str
    value: float
    remark: str


def find_leaks(columns: Mapping[str, AnyArray], target: AnyArray) -> list[Leak]:
    """Return the columns that predict the target almost perfectly.

    Parameters
    ----------
    columns : mapping of str to ndarray of shape (n_samples,)
        Numbers as floats, NaN if missing; categories as integer codes.
    target : ndarray of shape (n_samples,)
        Classes as integers from 0, or values as floats.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> sold, rooms = rng.integers(2, size=400), rng.integers(5, size=400)
    >>> price = np.where(sold, rng.normal(300.0, 20.0, 400), np.nan)
    >>> [leak.column for leak in find_leaks({"rooms": rooms, "price paid": price}, sold)]
    ['price paid']
    """
    rows = np.random.RandomState(0).permutation(len(target))[:MOST_ROWS]
    target = target[rows]
    if not _can_be_judged(target):
        return []
    found = ((name, *_score(values[rows], target)) for name, values in columns.items())
    return [Leak(*each, _remark(*each)) for each in found if _is_leak(*each[1:])]


def warn_of_leaks(inputs: TableInputs, encoded: EncodedTable, target: AnyArray) -> None:
    """Warn about each column with a leak, and add a remark to the report of the inputs.

    Warns
    -----
    LeakWarning
    """
    leaks = find_leaks(encoded_columns(inputs, encoded), target)
    records = {record["column"]: record for record in inputs.report_}
    for leak in leaks:
        records[leak.column]["remarks"].append(leak.remark)
        warnings.warn(leak.remark, LeakWarning, stacklevel=3)


def encoded_columns(inputs: TableInputs, encoded: EncodedTable) -> dict[str, AnyArray]:
    """Return the table's columns in the format of `find_leaks`."""
    numbers, flags, _, categories = inputs.columns_of_parts()
    columns: dict[str, AnyArray] = dict(zip(numbers, encoded.numbers.T.copy(), strict=True))
    # Flags of missing numbers are the first parts, followed by parts of dates.
    for i, name in enumerate(flags[: len(inputs.encoding_._indicated())]):
        columns[name][encoded.parts[:, i] == 1] = np.nan
    for name in dict.fromkeys(categories):
        block = encoded.categories[:, categories == name]
        columns[name] = np.where(block.any(axis=1), block.argmax(axis=1) + 1, 0)
    return columns | dict(zip(inputs.coded_columns_, encoded.codes.T, strict=True))


def _can_be_judged(target: AnyArray) -> bool:
    if len(target) < FEWEST_ROWS:
        return False
    if target.dtype.kind == "f":
        return bool(np.ptp(target) > 0)
    counts = np.bincount(target)
    counts = counts[counts > 0]
    return len(counts) > 1 and int(np.sort(counts)[-2]) >= FEWEST_OF_A_CLASS


def _score(values: AnyArray, target: AnyArray) -> tuple[str, float]:
    """Return the metric and its value on held-out rows."""
    if target.dtype.kind == "f":
        return "r2", max(_r2(values, target), _rank_r2(values, target))
    n_classes = int(target.max()) + 1
    predicted = _held_out_means(_groups(values), np.eye(n_classes)[target])
    if n_classes == 2:
        return "roc_auc", _area(target == 1, predicted[:, 1])
    correct = predicted.argmax(axis=1) == target
    # The most frequent class may contain almost all samples.
    beyond = 1 - np.mean(~correct) / max(1 - np.bincount(target).max() / len(target), 1e-12)
    return "accuracy", float(min(np.mean(correct), beyond))


def _is_leak(metric: str, value: float) -> bool:
    return value >= {"roc_auc": LEAST_AUC, "accuracy": LEAST_ACCURACY, "r2": LEAST_R2}[metric]


def _remark(column: str, metric: str, value: float) -> str:
    shown = {"roc_auc": "AUC", "accuracy": "accuracy", "r2": "R²"}[metric]
    return (
        f"column {column!r} alone predicts the target almost perfectly ({shown} {value:.4f} on "
        "held-out rows): if it is not known when you predict, drop the column (`lamina train "
        f"--id {column!r}` does not learn from it)"
    )


def _groups(values: AnyArray) -> Groups:
    """Return a group for each row: its category, or the bin of its number; one for missing ones."""
    if values.dtype.kind != "f":
        return np.asarray(values - values.min(), dtype=np.int64)
    present = values[~np.isnan(values)]
    if not len(present):
        return np.zeros(len(values), dtype=np.int64)
    n_bins = int(np.clip(len(present) // 20, 2, MOST_BINS))
    distinct = np.unique(present)
    if len(distinct) > n_bins:
        distinct = np.unique(np.quantile(present, np.linspace(0, 1, n_bins + 1)[1:-1]))
    # NaN sorts after every number, into its own group.
    groups = np.searchsorted(distinct, values, side="left").astype(np.int64)
    groups[np.isnan(values)] = len(distinct) + 1
    return groups


def _halves(n_samples: int) -> Iterator[tuple[slice, slice]]:
    # Rows have been shuffled already.
    first, second = slice(0, n_samples // 2), slice(n_samples // 2, n_samples)
    yield first, second
    yield second, first


def _held_out_means(groups: Groups, target: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return each group's mean target in the other half; the overall mean counts as one row."""
    n_groups, predicted = int(groups.max()) + 1, np.empty_like(target)
    for learned, held_out in _halves(len(target)):
        counts = np.bincount(groups[learned], minlength=n_groups)
        overall = target[learned].mean(axis=0)
        for k, column in enumerate(target[learned].T):
            sums = np.bincount(groups[learned], weights=column, minlength=n_groups)
            means = (sums + overall[k]) / (counts + 1)
            predicted[held_out, k] = means[groups[held_out]]
    return predicted


def _r2(values: AnyArray, target: NDArray[np.float64]) -> float:
    predicted = _held_out_means(_groups(values), target[:, np.newaxis])[:, 0]
    return float(1 - np.mean((target - predicted) ** 2) / np.var(target))


def _rank_r2(values: AnyArray, target: NDArray[np.float64]) -> float:
    """Return the squared rank correlation if it is almost 1, else 0, to detect monotone copies.

    Bins blur the tails of a heavy-tailed target, ranks do not.
    """
    if values.dtype.kind != "f":
        return 0.0
    present = ~np.isnan(values)
    few = np.count_nonzero(present) < max(FEWEST_ROWS, 0.99 * len(values))
    if few or np.ptp(values[present]) == 0 or np.ptp(target[present]) == 0:
        return 0.0
    ranks = rankdata(values[present]), rankdata(target[present])
    r2 = float(np.corrcoef(*ranks)[0, 1] ** 2)
    return r2 if r2 >= LEAST_RANK_R2 else 0.0


def _area(is_positive: NDArray[np.bool_], scores: NDArray[np.float64]) -> float:
    """Return the area under the ROC curve, computed from ranks."""
    n_positive = np.count_nonzero(is_positive)
    ranks = rankdata(scores)[is_positive].sum()
    pairs = n_positive * (len(scores) - n_positive)
    return float((ranks - n_positive * (n_positive + 1) / 2) / pairs)
