"""Decide the kind, form and use of a column by its statistics, as the encoding in memory does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from lamina.encoding.boolean_texts import are_booleans
from lamina.encoding.column_form import ColumnForm
from lamina.encoding.columns import Kind, is_text
from lamina.encoding.form_finding import Finding, find_form_of_cells, find_marks_of_cells
from lamina.encoding.leaving_out import (
    EMPTY,
    NUMBERED,
    SINGLE,
    constant_reason,
    numbers_rows,
)
from lamina.encoding.missing_marks import ANYWHERE
from lamina.encoding.statistics.column import ColumnStatistics
from lamina.encoding.statistics.number_column import NumberColumn
from lamina.encoding.statistics.read_texts import ReadTexts
from lamina.encoding.statistics.text_column import TextColumn
from lamina.encoding.table_report import CellCounts

# Fewer rows may hold consecutive integers by chance.
LEAST_COUNTED = 5
# Maximum number of categories of a column whose rare ones are not all counted.
MOST_HEAVY = 1000


@dataclass(frozen=True)
class ColumnSummary:
    """The use of a column.

    Attributes
    ----------
    name : str
    kind : {'number', 'date', 'category'}
    form : ColumnForm or None
    remarks : tuple of str
    counts : CellCounts
    numbers : NumberColumn or None
        Of numbers and dates.
    texts : mapping of str to int
        Number of rows of each category.
    is_exact : bool
        False if the rare categories are not counted.
    zoned : bool or None
    zone : str or None
    is_whole : bool
        True for integers without missing values.
    is_counter : bool
    identity : tuple
        Equal for columns with the same values in every row.
    """

    name: str
    kind: Kind
    form: ColumnForm | None
    remarks: tuple[str, ...]
    counts: CellCounts
    numbers: NumberColumn | None
    texts: Mapping[str, int]
    is_exact: bool
    zoned: bool | None
    zone: str | None
    is_whole: bool
    is_counter: bool
    identity: tuple[object, ...]

    @property
    def is_empty(self) -> bool:
        """True if no row has a value."""
        return not self.counts.n_distinct

    def reason(self, n_rows: int, *, is_first: bool) -> str | None:
        """Return the reason to leave the column out, apart from those that compare columns."""
        n_present = n_rows - self.counts.n_missing
        if self.is_empty:
            return EMPTY
        if n_present < 2:
            return SINGLE
        if self.counts.n_missing:
            return None
        if self.counts.n_distinct == 1:
            return constant_reason(self._only_value())
        is_id = (
            self.is_whole
            and self.numbers is not None
            and not self.numbers.distinct.any_repeated
            and numbers_rows(
                self.name,
                self.numbers.low,
                is_counter=is_first and self.is_counter and n_rows >= LEAST_COUNTED,
            )
        )
        return NUMBERED if is_id else None

    def _only_value(self) -> object:
        if self.numbers is None:
            return next(iter(self.texts))
        if self.numbers.first is not None:
            return self.numbers.first
        if self.kind == "number":
            return self.numbers.low
        from pandas import Timestamp

        return Timestamp(self.numbers.low, unit="D")


def summarize(column: ColumnStatistics, *, is_file: bool) -> ColumnSummary:
    """Return the use of a column.

    Parameters
    ----------
    column : ColumnStatistics
    is_file : bool
        True if texts are read as those of a file.
    """
    values = column.values
    if isinstance(values, NumberColumn):
        return _of_numbers(column, values, None, ())
    if isinstance(values, ReadTexts):
        return _of_read_texts(column, values)
    if not values.counts:
        # pandas 3 has a type for texts also if none has a value; then a file's column has a form.
        has_form = is_file and column.chosen is None and is_text(column.empty)
        finding = find_form_of_cells(values.cells(), column.hints)
        return _of_words(column, values, finding, has_form=has_form)
    return _of_texts(column, values, is_file=is_file)


def _of_numbers(
    column: ColumnStatistics,
    numbers: NumberColumn,
    form: ColumnForm | None,
    remarks: tuple[str, ...],
) -> ColumnSummary:
    are_whole = [name.lower().lstrip("u").startswith("int") for name in column.dtypes]
    return ColumnSummary(
        name=column.name,
        kind=numbers.kind,
        form=form,
        remarks=remarks,
        counts=CellCounts(numbers.n_missing, numbers.distinct.n_distinct),
        numbers=numbers,
        texts={},
        is_exact=numbers.sketch.is_exact,
        zoned=column.zoned,
        zone=column.zone,
        is_whole=bool(are_whole) and all(are_whole) and not numbers.n_missing,
        is_counter=column.counter.is_counter,
        identity=(numbers.kind, _dtypes(column, numbers), numbers.digest.value),
    )


def _of_read_texts(column: ColumnStatistics, read: ReadTexts) -> ColumnSummary:
    form, remarks = read.finish(is_chosen=column.chosen is not None)
    return _of_form(column, read, form, remarks)


def _of_form(
    column: ColumnStatistics, read: ReadTexts, form: ColumnForm, remarks: tuple[str, ...]
) -> ColumnSummary:
    zones = read.zones
    zoned = next(iter(zones)) if len(zones) == 1 else None
    if form.kind == "date" and zoned is None:
        remarks = (
            *remarks,
            f"column {column.name!r} has dates with a time zone, and others without one: those are "
            "read as UTC",
        )
    summary = _of_numbers(column, read.numbers, form, remarks)
    # Texts are read as float64, and dates in another unit than those of Arrow.
    dtype = "float64" if read.numbers.kind == "number" else "written"
    identity = (read.numbers.kind, frozenset((dtype,)), read.numbers.digest.value)
    return replace(summary, zoned=zoned, zone=None, is_whole=False, identity=identity)


def _dtypes(column: ColumnStatistics, numbers: NumberColumn) -> frozenset[str]:
    """Return pandas' type of all rows, which missing values change."""
    if numbers.n_missing and numbers.kind == "number":
        if all(name.lstrip("u").startswith("int") for name in column.dtypes):
            return frozenset(("float64",))
        if "bool" in column.dtypes:
            return frozenset(("object",))
    return frozenset(column.dtypes)


def _of_texts(column: ColumnStatistics, values: TextColumn, *, is_file: bool) -> ColumnSummary:
    if not column.holds_texts or column.is_bare:
        form = ColumnForm("category", is_chosen=True)
        return _of_words(column, values, Finding(form), has_form=column.chosen is not None)
    cells = values.cells()
    if column.is_dictionary or not values.is_exact:
        return _of_words(column, values, find_marks_of_cells(cells, column.hints))
    if is_file and column.chosen is None and are_booleans(values.counts):
        return _of_booleans(column, values)
    finding = find_form_of_cells(cells, column.hints, column.chosen)
    if finding.form.kind == "category":
        return _of_words(column, values, finding)
    return _of_form(column, ReadTexts(values, finding.form, ()), finding.form, finding.remarks)


def _of_words(
    column: ColumnStatistics, values: TextColumn, finding: Finding, *, has_form: bool = True
) -> ColumnSummary:
    marks = set(finding.form.missing)
    counts = values.total_counts()
    texts = {text: n for text, n in counts.items() if text not in marks}
    n_marks = sum(n for text, n in counts.items() if text in marks)
    n_distinct = len(texts) if values.is_exact else values.distinct.n_distinct
    remarks = finding.remarks
    if values.heavy is not None:
        least = max(values.heavy.error, sorted([0, *texts.values()], reverse=True)[:MOST_HEAVY][-1])
        texts = {text: n for text, n in texts.items() if n >= least}
        remarks = (
            *remarks,
            f"column {column.name!r} has about {n_distinct:,} different texts, too many to count "
            f"each: a column is made for the {len(texts):,} most frequent",
        )
    return ColumnSummary(
        name=column.name,
        kind="category",
        form=finding.form if has_form else None,
        remarks=remarks,
        counts=CellCounts(values.n_missing + n_marks, n_distinct),
        numbers=None,
        texts=texts,
        is_exact=values.is_exact,
        zoned=None,
        zone=None,
        is_whole=False,
        is_counter=False,
        identity=("text", column.is_dictionary, values.digest_without(marks)),
    )


def _of_booleans(column: ColumnStatistics, values: TextColumn) -> ColumnSummary:
    numbers = NumberColumn(column.name)
    numbers.add_missing(values.n_missing)
    for text, count in values.counts.items():
        value = np.nan if text in ANYWHERE else float(text.lower() == "true")
        numbers.add_values(np.array([value]), np.array([count]))
    summary = _of_numbers(column, numbers, None, ())
    return replace(summary, identity=("true or false", values.digest_without(ANYWHERE)))
