"""Targets and weights of a source: read batch by batch, checked, and counted in one pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from lamina.encoding.batches import Batch, Source
from lamina.encoding.columns import categories, find_kind, numbers
from lamina.encoding.file_rows import row_name
from lamina.errors import TableError, suggestion
from lamina.formulas.table import AnyArray

if TYPE_CHECKING:
    import pandas as pd

TargetForm: TypeAlias = Literal["numbers", "labels"]
# More distinct labels are no classes, and their outputs would not fit into memory.
MOST_CLASSES = 10_000
# Above 2⁵³, float64 cannot represent every integer.
LARGEST_CODE = 2**53


@dataclass(frozen=True)
class TargetColumns:
    """Columns of a source that are no features, and how they are read.

    Attributes
    ----------
    targets : tuple of str
    form : {'numbers', 'labels'}
    weight : str or None
        Column of sample weights.
    features : tuple of str
    """

    targets: tuple[str, ...]
    form: TargetForm
    weight: str | None
    features: tuple[str, ...]

    @classmethod
    def of_source(
        cls,
        source: Source,
        target: str | Sequence[str],
        form: TargetForm,
        weight: str | None = None,
        drop: Sequence[str] = (),
    ) -> TargetColumns:
        """Return the columns of a source by their names.

        Raises
        ------
        TableError
            For a name that the source lacks or that is given twice, several targets of classes, or
            if no feature is left.
        """
        targets = (target,) if isinstance(target, str) else tuple(target)
        others = [*targets, *([] if weight is None else [weight])]
        source.check_names([*others, *drop])
        if not targets:
            raise TableError("target is empty: name the column to predict, target='price'")
        twice = sorted({name for name in others if others.count(name) > 1})
        if twice:
            raise TableError(f"column {twice[0]!r} is named twice among target and sample_weight")
        if form == "labels" and len(targets) > 1:
            raise TableError(
                f"a classifier learns one target of a source, and {len(targets)} are given: fit a "
                "model for each"
            )
        features = tuple(name for name in source.columns if name not in {*others, *drop})
        if not features:
            said = " and ".join(map(repr, others))
            raise TableError(f"{source.label} has no column besides {said} to use as a feature")
        return cls(targets, form, weight, features)

    @property
    def names(self) -> list[str]:
        """Names of all columns that a fit reads."""
        return [*self.features, *self.targets, *([] if self.weight is None else [self.weight])]

    def with_target(self, batch: Batch) -> Batch:
        """Return the rows of a batch whose targets are all present."""
        missing = np.zeros(batch.n_rows, dtype=bool)
        for name in self.targets:
            column = batch.rows.column(batch.rows.schema.get_field_index(name))
            missing |= column.is_null(nan_is_null=True).to_numpy(zero_copy_only=False)
        return batch.select(~missing) if missing.any() else batch

    def read(self, batch: Batch) -> AnyArray:
        """Return the targets of a batch: float64 (n_rows,) or (n_rows, n_targets), or labels."""
        frame = self._frame(batch, self.targets)
        with batch.naming_errors():
            if self.form == "labels":
                return read_labels(self.targets[0], frame[self.targets[0]])
            columns = [read_numbers(name, frame[name], "target") for name in self.targets]
        return columns[0] if len(columns) == 1 else np.stack(columns, axis=1)

    def read_weight(self, batch: Batch) -> NDArray[np.float64] | None:
        """Return the weights of a batch, if there are any."""
        if self.weight is None:
            return None
        frame = self._frame(batch, [self.weight])
        with batch.naming_errors():
            return read_numbers(self.weight, frame[self.weight], "sample_weight")

    def feature_rows(self, batch: Batch) -> Batch:
        """Return the features of a batch."""
        return batch.with_columns(self.features)

    def _frame(self, batch: Batch, names: Sequence[str]) -> pd.DataFrame:
        return batch.with_columns(list(names)).frame()


def read_numbers(name: str, column: pd.Series, role: str) -> NDArray[np.float64]:
    """Return a column of finite numbers; raise TableError for text, dates, gaps and infinity."""
    kind = find_kind(name, column)
    if kind != "number":
        cure = {
            "target": "learn classes with a classifier, or make a column of numbers",
            "sample_weight": "name a column of numbers",
        }
        held = "dates" if kind == "date" else "text"
        raise TableError(
            f"the {role} {name!r} holds {held}, such as {column.iloc[0]!r} in "
            f"{row_name(column, 0)}: {cure[role]}"
        )
    values = numbers(name, column)
    finite = np.isfinite(values)
    if not finite.all():
        row = int(np.argmin(finite))
        raise TableError(
            f"the {role} {name!r} is {values[row]:g} in {row_name(column, row)}: it must be a "
            "finite number in every row"
        )
    return values


def read_labels(name: str, column: pd.Series) -> AnyArray:
    """Return a column of classes as int64, bool or texts; raise TableError for other numbers."""
    kind = find_kind(name, column)
    if kind != "number":
        return np.asarray(categories(name, column).astype(np.str_))
    if column.dtype.kind == "b" or all(isinstance(value, bool) for value in column.unique()):
        return np.asarray(column, dtype=np.bool_)
    values = numbers(name, column)
    whole = (values == np.round(values)) & (abs(values) < LARGEST_CODE)
    if not whole.all():
        row = int(np.argmin(whole))
        raise TableError(
            f"the target {name!r} is {values[row]:g} in {row_name(column, row)}, and classes are "
            "texts or whole numbers: learn numbers with a regressor"
        )
    return values.astype(np.int64)


class TargetStatistics:
    """Number of rows, and the classes of a classification, counted in one pass.

    Attributes
    ----------
    n_rows, n_without : int
        Numbers of rows with and without a target.
    classes : ndarray of shape (n_classes,), or None for numbers
        Sorted labels.
    """

    def __init__(self, columns: TargetColumns) -> None:
        self.columns, self.classes = columns, None if columns.form == "numbers" else np.empty(0)
        self.n_rows, self.n_without = 0, 0

    def add(self, batch: Batch) -> Batch:
        """Count the rows of a batch, and return those with a target."""
        rows = self.columns.with_target(batch)
        self.n_rows += rows.n_rows
        self.n_without += batch.n_rows - rows.n_rows
        if not rows.n_rows:
            return rows
        values = self.columns.read(rows)
        self.columns.read_weight(rows)
        if self.columns.form == "labels":
            self._add_labels(values, batch)
        return rows

    def _add_labels(self, labels: AnyArray, batch: Batch) -> None:
        found, (name,) = np.unique(labels), self.columns.targets
        before = self.classes
        if before is None or not len(before):
            self.classes = found
        elif before.dtype.kind != found.dtype.kind:
            raise TableError(
                f"{batch.place}: the target {name!r} holds {found[0]!r}, and earlier rows hold "
                f"{before[0]!r}: make all labels of one type"
            )
        else:
            self.classes = np.union1d(before, found)
        assert self.classes is not None
        if len(self.classes) > MOST_CLASSES:
            raise TableError(
                f"the target {name!r} has more than {MOST_CLASSES:,} different values, too many "
                "for classes: learn numbers with a regressor, or group the values"
            )

    def require_rows(self, label: str) -> None:
        """Raise TableError if no row has a target, or only one class is there."""
        said = " and ".join(map(repr, self.columns.targets))
        if not self.n_rows:
            raise TableError(f"the target {said} has no value in any row of {label}")
        if self.classes is not None and len(self.classes) < 2:
            raise TableError(
                f"the target {said} is {self.classes[0]} in every row of {label}, so there is "
                "nothing to predict"
            )


def as_codes(labels: AnyArray, classes: AnyArray, name: str, batch: Batch) -> NDArray[np.int32]:
    """Return the places of labels among sorted classes.

    Raises
    ------
    TableError
        For a label that is no class.
    """
    codes = np.minimum(np.searchsorted(classes, labels), len(classes) - 1)
    known = np.asarray(classes[codes] == labels)
    if not known.all():
        row = int(np.argmin(known))
        label, names = labels[row], [str(each) for each in classes]
        place = f"{batch.place}, row {batch.row_numbers[row]}" if batch.file else f"row {row + 1}"
        raise TableError(
            f"{place}: the target {name!r} is {str(label)!r}, which is not a class of the training "
            f"rows.{suggestion(str(label), names)} The classes are {', '.join(names[:20])}."
        )
    return codes.astype(np.int32)
