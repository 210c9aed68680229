"""Splits by groups, by time or by the user's splitter, checked before fitting."""

from __future__ import annotations

from collections.abc import Iterable
from numbers import Integral
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from lamina.encoding.columns import READERS
from lamina.encoding.frames import ArrayOrTable, as_pandas
from lamina.encoding.table_columns import ColumnRecord, read_training
from lamina.encoding.understanding import understand
from lamina.errors import TableError, suggestion
from lamina.formulas.table import AnyArray
from lamina.tabular.folds import (
    Split,
    assign_folds,
    assign_group_folds,
    build_splits,
    split_in_time,
)
from lamina.tabular.random_rows import remarks_on_dates
from lamina.tabular.used_rows import UsedRows

if TYPE_CHECKING:
    import pandas as pd
    from sklearn.model_selection import BaseCrossValidator


# A splitter of scikit-learn, or pairs of indices or masks to train and to validate on.
Splitting: TypeAlias = "BaseCrossValidator | Iterable[tuple[ArrayOrTable, ArrayOrTable]] | None"


class SplitChoice(NamedTuple):
    """Arguments of `fit` that determine the training and validation samples.

    Attributes
    ----------
    groups : ndarray of int64 or None
        Group of each sample, as integers from 0.
    time : ndarray of float64 or None
    cv : splitter, int, iterable of pairs, or None
    """

    groups: NDArray[np.int64] | None
    time: NDArray[np.float64] | None
    cv: Splitting

    @classmethod
    def read(
        cls, X: ArrayOrTable, groups: ArrayOrTable, time: ArrayOrTable, cv: Splitting
    ) -> tuple[SplitChoice, ArrayOrTable]:
        """Check the arguments of `fit`; return them, and the table without the groups' column."""
        if time is not None and cv is not None:
            raise ValueError("pass time= or cv=, not both: cv= already defines the splits")
        table = X
        if isinstance(groups, str):
            frame = _frame("groups", groups, X)
            groups, table = frame[groups], frame.drop(columns=[groups])
        if isinstance(time, str):
            time = _frame("time", time, X)[time]
        numbered = None if groups is None else _read_groups(groups)
        return cls(numbered, None if time is None else _read_time(time), cv), table

    def remarks(self, records: Iterable[ColumnRecord]) -> list[str]:
        """Return a remark on dates if samples are assigned to training and validation at random."""
        if self.groups is not None or self.time is not None or self._has_splits:
            return []
        return remarks_on_dates(records, "pass time={!r} to fit".format)

    @property
    def _has_splits(self) -> bool:
        """True if `cv` has splits, and not their number alone."""
        return self.cv is not None and not isinstance(self.cv, Integral)

    def splits(
        self, learned: AnyArray, n_folds: int, random_state: np.random.RandomState
    ) -> list[Split]:
        """Return the splits of the samples.

        Parameters
        ----------
        learned : ndarray of shape (n_samples,)
            Classes as integers from 0, or values.
        n_folds : int
        random_state : RandomState
        """
        self._require_lengths(len(learned))
        n_folds = self._number_of_folds(n_folds)
        if self._has_splits:
            splits = _read_splits(self.cv, learned, self.groups)
        elif self.time is not None:
            splits = split_in_time(n_folds, self.time)
        elif self.groups is not None:
            return build_splits(assign_group_folds(n_folds, self.groups, learned, random_state))
        else:
            return build_splits(assign_folds(n_folds, learned, random_state))
        return splits if self.groups is None else _keep_together(splits, self.groups, self.cv)

    def of_rows(self, used: UsedRows, learned: AnyArray) -> SplitChoice:
        """Return the choice for the rows that a fit uses.

        Parameters
        ----------
        used : UsedRows
        learned : ndarray of shape (n_samples,)
            The target of all rows.
        """
        if used.rows is None:
            return self
        self._require_lengths(len(learned))
        cv = self.cv
        if self._has_splits:
            pairs = _read_splits(cv, learned, self.groups)
            if self.groups is not None:
                pairs = _keep_together(pairs, self.groups, cv)
            cv = used.splits(pairs)
        groups = (
            None
            if self.groups is None
            else np.unique(self.groups[used.rows], return_inverse=True)[1]
        )
        return SplitChoice(groups, None if self.time is None else self.time[used.rows], cv)

    def _require_lengths(self, n_samples: int) -> None:
        for name, values in (("groups", self.groups), ("time", self.time)):
            if values is not None and len(values) != n_samples:
                raise ValueError(
                    f"{name} has {len(values)} values, but y has {n_samples}: pass one for "
                    "each sample"
                )

    def _number_of_folds(self, n_folds: int) -> int:
        if not isinstance(self.cv, Integral):
            return n_folds
        if self.cv < 2:
            raise ValueError(f"cv={self.cv!r} must be at least 2: one fold leaves no training set")
        return int(self.cv)


def _frame(parameter: str, name: str, X: ArrayOrTable) -> pd.DataFrame:
    """Return a table as a pandas data frame that has a column of that name."""
    frame = as_pandas(X)
    if frame is None:
        raise TableError(
            f"{parameter}={name!r} names a column, but X is an array: pass the values instead, "
            "one for each sample"
        )
    columns = [str(column) for column in frame.columns]
    if name not in columns:
        raise TableError(
            f"{parameter}={name!r} is not a column of the table.{suggestion(name, columns)}"
        )
    return frame


def _one_column(parameter: str, values: ArrayOrTable) -> pd.Series:
    import pandas as pd

    values = values.to_pandas() if hasattr(values, "to_pandas") else values
    if np.ndim(values) != 1:
        raise ValueError(
            f"{parameter} has shape {np.shape(values)}; it must have one value for each sample"
        )
    series = pd.Series(values).reset_index(drop=True)
    missing = series.isna().to_numpy()
    if missing.any():
        _refuse_missing(parameter, missing)
    return series


def _refuse_missing(parameter: str, missing: NDArray[np.bool_]) -> None:
    row, more = int(np.argmax(missing)) + 1, int(missing.sum()) - 1
    others = f" and in {more} more" if more else ""
    raise ValueError(
        f"{parameter} has no value in row {row}{others}: fill in values, or drop these rows"
    )


def _read_groups(groups: ArrayOrTable) -> NDArray[np.int64]:
    import pandas as pd

    codes, names = pd.factorize(_one_column("groups", groups))
    if len(names) < 2:
        raise ValueError(
            f"groups has only one group, {names[0]!r}, which cannot be used both for training and "
            "for validation: fit without groups="
        )
    return np.asarray(codes, dtype=np.int64)


def _read_time(time: ArrayOrTable) -> NDArray[np.float64]:
    series = _one_column("time", time)
    typed = read_training({"time": series}, understand(series.to_frame("time")))
    kind = typed.kinds["time"]
    if kind == "category":
        raise ValueError(
            f"time has {str(series.iloc[0])!r} in row 1, but must have dates, or numbers that "
            "increase with time"
        )
    values = np.asarray(READERS[kind]("time", typed.columns["time"]), dtype=np.float64).ravel()
    if not np.isfinite(values).all():
        _refuse_missing("time", ~np.isfinite(values))
    if len(np.unique(values)) < 2:
        raise ValueError("time is the same in every row: fit without time=")
    return values


def _read_splits(cv: Splitting, learned: AnyArray, groups: NDArray[np.int64] | None) -> list[Split]:
    """Check the splits of a splitter or an iterable."""
    if cv is not None and hasattr(cv, "split"):
        pairs = cv.split(np.zeros((len(learned), 1)), learned, groups)
    elif isinstance(cv, Iterable) and not isinstance(cv, str):
        pairs = cv
    else:
        raise TypeError(
            f"cv={cv!r} must be a number of folds, a splitter of scikit-learn, or pairs of "
            "training and validation indices"
        )
    splits = [_read_pair(number, pair, len(learned)) for number, pair in enumerate(pairs, 1)]
    if not splits:
        raise ValueError("cv has no split: pass at least one pair of indices")
    return splits


def _read_pair(number: int, pair: Iterable[ArrayOrTable], n_samples: int) -> Split:
    try:
        train, validation = (_read_indices(part, n_samples) for part in pair)
    except (TypeError, ValueError, IndexError) as error:
        raise ValueError(
            f"split {number} of cv must be two arrays of indices from 0 to {n_samples - 1}, or two "
            f"masks: {error}"
        ) from None
    if not len(train) or not len(validation):
        empty = "validation" if len(train) else "training"
        raise ValueError(f"split {number} of cv has no {empty} samples")
    shared = np.intersect1d(train, validation)
    if len(shared):
        raise ValueError(
            f"split {number} of cv has sample {shared[0]} both in training and in validation: "
            "validation on training samples hides overfitting"
        )
    return Split(train, validation)


def _read_indices(part: ArrayOrTable, n_samples: int) -> NDArray[np.int64]:
    indices = np.asarray(part)
    if indices.dtype == bool:
        if indices.shape != (n_samples,):
            raise ValueError(f"a mask has shape {indices.shape}")
        return np.flatnonzero(indices)
    if indices.ndim != 1 or (len(indices) and indices.dtype.kind not in "iu"):
        raise ValueError(f"found {indices.dtype} of shape {indices.shape}")
    if len(indices) and not (indices.min() >= 0 and indices.max() < n_samples):
        raise ValueError(f"found {indices.min()} to {indices.max()}")
    return np.unique(indices.astype(np.int64))


def _keep_together(splits: list[Split], groups: NDArray[np.int64], cv: Splitting) -> list[Split]:
    """Raise an error if the user's splits divide a group; for times, drop such training samples."""
    kept = []
    for number, (train, validation) in enumerate(splits, 1):
        divided = np.isin(groups[train], groups[validation])
        if divided.any() and cv is not None:
            raise ValueError(
                f"split {number} of cv divides the group of sample {train[np.argmax(divided)]} "
                "between training and validation: use a splitter that supports groups, such as "
                "GroupKFold, or fit without groups="
            )
        if divided.all():
            raise ValueError(
                "with groups= and time= there are no earlier training samples, because every group "
                "occurs at all times: pass only one of them"
            )
        kept.append(Split(train[~divided], validation))
    return kept
