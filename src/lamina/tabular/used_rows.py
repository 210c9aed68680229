"""Rows that a fit uses: those with a weight above zero, as if the others were not in the table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import _safe_indexing
from sklearn.utils.validation import _check_sample_weight, _num_samples

from lamina.encoding.file_rows import number_used_rows
from lamina.encoding.frames import ArrayOrTable, as_pandas
from lamina.formulas.table import AnyArray
from lamina.tabular.folds import NO_FOLD, Split
from lamina.tabular.targets import Target

FEWEST_SAMPLES = 8


@dataclass(frozen=True)
class UsedRows:
    """Rows of a table with a weight above zero.

    Attributes
    ----------
    n_rows : int
        Number of all rows; 0 if no weights were given.
    rows : ndarray of int64 or None
        Indices of the rows, in ascending order; None for all.
    weight : ndarray of shape (n_used,) or None
    """

    n_rows: int = 0
    rows: NDArray[np.int64] | None = None
    weight: NDArray[np.float64] | None = None

    @classmethod
    def read(cls, sample_weight: ArrayLike | None, X: ArrayOrTable) -> Self:
        """Check the weights.

        Raises
        ------
        ValueError
            For another number of weights than rows, for negative or infinite ones, and if all are
            zero.
        """
        if sample_weight is None:
            return cls()
        frame = as_pandas(X)
        n_rows = _num_samples(X if frame is None else frame)
        shaped = np.empty((n_rows, 1))
        weight = _check_sample_weight(sample_weight, shaped, ensure_non_negative=True)
        rows = np.flatnonzero(weight > 0)
        if len(rows) == n_rows:
            return cls(n_rows, None, weight)
        if not len(rows):
            raise _too_few(rows, n_rows)
        return cls(n_rows, rows, weight[rows])

    def of_table(self, X: ArrayOrTable) -> ArrayOrTable:
        """Return the rows of a table; messages about them name the rows of the whole table."""
        if self.rows is None:
            return X
        frame = as_pandas(X)
        return _safe_indexing(X, self.rows) if frame is None else number_used_rows(frame, self.rows)

    def of_target(self, target: Target) -> Target:
        """Return the target of the rows, as if it were the whole one.

        Raises
        ------
        ValueError
            If only one class is left, or fewer than 8 rows.
        """
        if self.rows is None:
            return target
        if target.kind != "regression" and len(np.unique(target.learned[self.rows])) < 2:
            raise ValueError(
                "y has only one class among the samples with a weight above zero: a classifier "
                "needs at least two, so give samples of another class a weight"
            )
        if len(self.rows) < FEWEST_SAMPLES:
            raise _too_few(self.rows, self.n_rows)
        return target.reread(self.rows)

    def remarks(self, target: Target) -> list[str]:
        """Return a remark on the classes that only the other rows have."""
        if self.rows is None or target.kind == "regression":
            return []
        classes = target.attributes()["classes_"]
        used = np.bincount(target.learned[self.rows], minlength=len(classes)) > 0
        lost = classes[~used].tolist()
        if not lost:
            return []
        shown = ", ".join(map(repr, lost[:5])) + (", …" if len(lost) > 5 else "")
        noun = "the class" if len(lost) == 1 else "the classes"
        return [f"{noun} {shown}: all rows have the weight 0, so the model never predicts it"]

    def splits(self, splits: Sequence[Split]) -> list[Split]:
        """Return splits of all rows as splits of the used ones, without those of one empty side.

        Raises
        ------
        ValueError
            If no split is left.
        """
        if self.rows is None:
            return list(splits)
        place = np.full(self.n_rows, NO_FOLD, dtype=np.int64)
        place[self.rows] = np.arange(len(self.rows))
        parts = [Split(place[split.train], place[split.validation]) for split in splits]
        used = [Split(train[train >= 0], rows[rows >= 0]) for train, rows in parts]
        kept = [split for split in used if len(split.train) and len(split.validation)]
        if not kept:
            raise ValueError(
                "sample_weight is zero for all training or all validation samples of each split: "
                "give more samples a weight, or pass other splits as cv="
            )
        return kept

    def spread(self, values: AnyArray, fill: float) -> AnyArray:
        """Return values of the used rows for all rows, with `fill` for the others."""
        if self.rows is None:
            return values
        spread = np.full((self.n_rows, *values.shape[1:]), fill, dtype=values.dtype)
        spread[self.rows] = values
        return spread


def _too_few(rows: NDArray[np.int64], n_rows: int) -> ValueError:
    return ValueError(
        f"sample_weight is zero for all but {len(rows)} of {n_rows} samples, and a minimum of "
        f"{FEWEST_SAMPLES} is required: give more samples a weight"
    )
