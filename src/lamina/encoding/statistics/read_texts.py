"""Statistics of a text column that holds numbers or dates in a known form."""

from __future__ import annotations

from collections.abc import Callable
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
from lamina.encoding.statistics.distinct import hash_texts
from lamina.encoding.statistics.number_column import NumberColumn
from lamina.encoding.statistics.row_digest import RowDigest
from lamina.encoding.statistics.text_column import (
    Counts,
    FirstRow,
    FirstRows,
    RowNames,
    TextColumn,
    TextPart,
    Texts,
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
        self.digest = RowDigest()
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
        self.digest.add(np.append(hash_texts(part.distinct), np.uint64(0))[part.codes])
        first_rows = FirstRows(part.codes, rows, self.n_rows)
        n_missing = int((part.codes < 0).sum())
        self._add_cells(part.distinct, part.counts(), first_rows)
        self.numbers.add_missing(n_missing)

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
        self.digest.merge(later.digest)
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
        n_before = self.n_rows
        texts = list(column.counts)
        firsts = [column.first_rows[text] for text in texts]

        def first_row(code: int) -> FirstRow:
            return FirstRow(firsts[code].position + n_before, firsts[code].name)

        distinct = np.array([*texts, None], dtype=object)[:-1]
        self._add_cells(distinct, np.array(list(column.counts.values()), np.int64), first_row)
        self.numbers.add_missing(column.n_missing)
        self.digest.merge(column.digest)

    def _add_cells(
        self, texts: Texts, counts: Counts, first_row: Callable[[int], FirstRow]
    ) -> None:
        from pandas import Series

        values: dict[str, CellValue | None] = {
            text: None if is_missing_number(text) else self._read(text) for text in texts.tolist()
        }
        is_read = np.array([value is not None for value in values.values()], dtype=np.bool_)
        others = np.flatnonzero(~is_read)
        self.others.count(texts[others], counts[others], lambda i: first_row(int(others[i])))
        self._check_others()
        read = self.form.read(self.name, Series(texts[is_read], dtype=object), values)
        numbers = READERS[self.numbers.kind](self.name, read)
        self.numbers.add_values(numbers, counts[is_read])
        self.numbers.add_missing(int(counts[others].sum()))
        if self.form.kind == "date" and len(read):
            self.zones.add(find_zone(Series(texts[is_read], dtype=object)))

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
