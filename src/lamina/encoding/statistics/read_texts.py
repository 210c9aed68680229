"""Statistics of a text column that holds numbers or dates in a known form."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lamina.encoding.cells import Cells
from lamina.encoding.column_form import EXPECTED, CellValue, ColumnForm
from lamina.encoding.columns import READERS
from lamina.encoding.form_finding import (
    ColumnType,
    Hints,
    find_form_of_cells,
    form_of_kind,
    may_be_missing,
    remarks_on_odd_cells,
)
from lamina.encoding.missing_marks import is_missing_number
from lamina.encoding.statistics.distinct import hash_numbers
from lamina.encoding.statistics.number_column import NumberColumn
from lamina.encoding.statistics.row_digest import find_weights
from lamina.encoding.statistics.text_column import (
    FirstRows,
    Moved,
    RowNames,
    TextColumn,
    TextPart,
)
from lamina.encoding.time_zones import find_zone
from lamina.errors import TableError

# A column with more distinct cells that are no numbers or dates is refused at once.
MOST_ODD = 1000


class ReadTexts:
    """Statistics of a text column whose form is decided before all its rows are read.

    Parameters
    ----------
    column : TextColumn
        Its first rows, counted exactly.
    form : ColumnForm
        Of numbers, dates or times of day.
    doubts : tuple of str
        Remarks on the form.
    """

    def __init__(self, column: TextColumn, form: ColumnForm, doubts: tuple[str, ...]) -> None:
        self.name = column.name
        self.form = replace(form, missing=())
        self.doubts = doubts
        self.numbers = NumberColumn(column.name, "date" if form.kind == "date" else "number")
        # Marks of missing values, and cells that are neither numbers nor dates.
        self.others = TextColumn(column.name)
        self.zones: set[bool | None] = set()
        self._read = self.form.reader()
        self._add_counts(column)

    def __getstate__(self) -> dict[str, object]:
        # The reader of a form is a closure, which cannot be pickled.
        return {name: value for name, value in vars(self).items() if name != "_read"}

    def __setstate__(self, state: dict[str, object]) -> None:
        vars(self).update(state)
        self._read = self.form.reader()

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return self.numbers.n_rows

    def add(self, part: TextPart, rows: RowNames) -> None:
        """Add the cells of a batch."""
        weights = find_weights(part.codes, len(part.distinct), self.n_rows)
        first_rows = FirstRows(part.codes, rows, self.n_rows)
        cells = Moved(part.distinct, part.counts(), weights[:-1], int(weights[-1]), first_rows)
        self._add_cells(cells, int((part.codes < 0).sum()))

    def merge(self, later: ReadTexts) -> None:
        """Add the rows that follow these.

        Raises
        ------
        TableError
            If they are read in another form.
        """
        if later.form != self.form:
            raise TableError(
                f"column {self.name!r} has cells in two forms, {self.form.kind} and "
                f"{later.form.kind}: {_AS_TEXT.format(name=self.name)}"
            )
        self.others.n_rows = self.n_rows
        self.others.merge(later.others)
        self.numbers.merge(later.numbers)
        self.zones |= later.zones
        self._check_others()

    def take(self, later: TextColumn) -> None:
        """Add the rows that follow these, counted exactly."""
        self._add_counts(later)

    def finish(self, *, is_chosen: bool) -> tuple[ColumnForm, tuple[str, ...]]:
        """Return the form with the cells that are missing values, and remarks.

        Raises
        ------
        TableError
            If too many cells are neither numbers nor dates.
        """
        cells = self.others.cells()
        odd = cells.texts()
        if (
            odd
            and not is_chosen
            and not may_be_missing(odd, cells.n_rows(odd), self.numbers.n_present)
        ):
            raise self._unreadable(cells, odd[0])
        form = replace(self.form, missing=tuple(odd), is_chosen=is_chosen)
        return form, (*remarks_on_odd_cells(cells, form), *self.doubts)

    def _add_counts(self, column: TextColumn) -> None:
        assert column.is_exact
        self._add_cells(column.moved(self.n_rows), column.n_missing)

    def _add_cells(self, cells: Moved, n_missing: int) -> None:
        from pandas import Series

        texts, counts, weights, missing_weight, first_row = cells
        values: dict[str, CellValue | None] = {
            text: None if is_missing_number(text) else self._read(text) for text in texts.tolist()
        }
        is_read = np.array([value is not None for value in values.values()], dtype=np.bool_)
        others = np.flatnonzero(~is_read)
        self.others.count(
            texts[others], counts[others], weights[others], lambda i: first_row(int(others[i]))
        )
        self._check_others()
        readable = Series(texts[is_read], dtype=object)
        read = self.form.read(self.name, readable, values)
        numbers = READERS[self.numbers.kind](self.name, read)
        n_missing += int(counts[others].sum())
        # A missing value has the hash of NaN, as in a column of numbers.
        hashes = hash_numbers(np.append(numbers, np.nan))
        rest = weights[others].sum(dtype=np.uint64) + np.array([missing_weight], dtype=np.uint64)
        all_weights = np.concatenate([weights[is_read], rest])
        n_rows = int(counts.sum()) + n_missing - int(counts[others].sum())
        self.numbers.add_values(numbers, counts[is_read])
        self.numbers.add_values(np.full(n_missing, np.nan))
        self.numbers.digest.add_weighted(hashes, all_weights, n_rows)
        if self.form.kind == "date" and len(read):
            self.zones.add(find_zone(readable))

    def _check_others(self) -> None:
        if len(self.others.counts) > MOST_ODD:
            cells = self.others.cells()
            raise self._unreadable(cells, (cells.texts() or list(cells.distinct))[0])

    def _unreadable(self, cells: Cells, text: str) -> TableError:
        return TableError(
            f"column {self.name!r} holds {cells.quoted([text])}, where {EXPECTED[self.form.kind]} "
            f"is expected, as in its first {self.numbers.n_present:,} cells: correct the value, or "
            f"{_AS_TEXT.format(name=self.name)}"
        )


_AS_TEXT = "give column_types={{{name!r}: 'category'}} to read all of them as texts"


def limit(column: TextColumn, hints: Hints, chosen: ColumnType | None) -> TextColumn | ReadTexts:
    """Return a column with too many distinct cells as numbers or dates, or with heavy hitters."""
    if not column.is_full:
        return column
    cells = column.cells()
    form = find_form_of_cells(cells, hints, chosen).form
    if form.kind == "category":
        column.count_heavy_hitters()
        return column
    return ReadTexts(column, form, form_of_kind(form.kind, cells, hints)[1])
