"""Statistics of one column of a table, by the type that its source declares."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lamina.encoding.batches import Batch
from lamina.encoding.chosen_types import require_chosen_kind
from lamina.encoding.columns import categories, find_kind
from lamina.encoding.form_finding import ColumnType, Hints
from lamina.encoding.statistics.number_column import NumberColumn
from lamina.encoding.statistics.read_texts import ReadTexts, limit
from lamina.encoding.statistics.row_counter import RowCounter
from lamina.encoding.statistics.text_column import RowNames, TextColumn, TextPart, divide_texts
from lamina.encoding.time_zones import find_zone, zone_name
from lamina.errors import TableError

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


class ColumnStatistics:
    """Statistics of a column.

    Parameters
    ----------
    name : str
    kind : pyarrow.DataType
    hints : Hints
        On the cells of a text column.
    chosen : {'number', 'date', 'category', 'text'} or None
        Type that the user chose.
    is_bare : bool
        True if all texts of a chosen category are categories, also 'NA'.

    Attributes
    ----------
    holds_texts, is_dictionary : bool
        True for Arrow's types of text, and for its dictionaries, which are pandas' categories.
    empty : pandas.Series
        A missing cell in pandas.
    values : NumberColumn, TextColumn or ReadTexts
        Until a cell has a value, a TextColumn counts the missing ones.
    zoned : bool or None
        True if the dates of Arrow's type have a time zone.
    zone : str or None
        Name of that zone.
    dtypes : set of str
        pandas' types of the batches.
    counter : RowCounter
    """

    def __init__(
        self,
        name: str,
        kind: pa.DataType,
        hints: Hints,
        chosen: ColumnType | None,
        *,
        is_bare: bool = False,
    ) -> None:
        import pyarrow as pa

        self.name = name
        self.hints, self.chosen, self.is_bare = hints, chosen, is_bare
        self.is_dictionary = bool(pa.types.is_dictionary(kind))
        self.holds_texts = _is_text(kind.value_type if self.is_dictionary else kind)
        self.empty = pa.nulls(1, kind).to_pandas()
        self.values: NumberColumn | TextColumn | ReadTexts = TextColumn(name)
        self.dtypes: set[str] = set()
        self.zoned: bool | None = None
        self.zone: str | None = None
        self.counter = RowCounter()

    def add(self, batch: Batch, column: pd.Series) -> None:
        """Add the rows of a batch; `column` holds its cells in pandas."""
        rows = RowNames(batch.row_numbers, batch.file)
        cells = batch.rows.column(batch.rows.schema.get_field_index(self.name))
        if cells.null_count == len(cells):
            self._add_missing(len(cells), rows)
        elif self.holds_texts:
            self._add_texts(divide_texts(cells), rows)
        else:
            self._add_typed(batch, column, rows)

    def merge(self, later: ColumnStatistics) -> None:
        """Add the rows that follow these."""
        self.dtypes |= later.dtypes
        self.counter.merge(later.counter)
        self.zoned = later.zoned if self.zoned is None else self.zoned
        self.zone = later.zone if self.zone is None else self.zone
        one, other = self.values, later.values
        if isinstance(one, NumberColumn) and isinstance(other, NumberColumn):
            one.merge(other)
        elif isinstance(one, NumberColumn):
            one.add_missing(other.n_rows)
        elif isinstance(other, NumberColumn):
            self.values = NumberColumn(self.name, other.kind)
            self.values.add_missing(one.n_rows)
            self.values.merge(other)
        else:
            self.values = self._merged(one, other)

    def _merged(
        self, one: TextColumn | ReadTexts, other: TextColumn | ReadTexts
    ) -> TextColumn | ReadTexts:
        if isinstance(one, TextColumn) and isinstance(other, TextColumn):
            one.merge(other)
            return self._limited(one)
        words = next(
            (each for each in (one, other) if isinstance(each, TextColumn) and not each.is_exact),
            None,
        )
        if words is not None:
            raise TableError(
                f"column {self.name!r} holds numbers or dates in some rows, and other texts in "
                f"many others: give column_types={{{self.name!r}: 'category'}} to read all of them "
                "as texts"
            )
        if isinstance(one, TextColumn):
            assert isinstance(other, ReadTexts)
            one = ReadTexts(one, other.form, other.doubts)
        if isinstance(other, TextColumn):
            one.take(other)
        else:
            one.merge(other)
        return one

    def _add_missing(self, n_rows: int, rows: RowNames) -> None:
        if isinstance(self.values, NumberColumn):
            self.values.add_missing(n_rows)
        else:
            codes = np.full(n_rows, -1, dtype=np.int64)
            self.values.add(TextPart(np.empty(0, dtype=object), codes), rows)

    def _add_texts(self, part: TextPart, rows: RowNames) -> None:
        assert not isinstance(self.values, NumberColumn)
        self.values.add(part, rows)
        if isinstance(self.values, TextColumn):
            self.values = self._limited(self.values)

    def _limited(self, column: TextColumn) -> TextColumn | ReadTexts:
        are_words = self.is_dictionary or self.chosen in ("category", "text")
        if are_words or not self.holds_texts:
            if column.is_full:
                column.count_heavy_hitters()
            return column
        return limit(column, self.hints, self.chosen)

    def _add_typed(self, batch: Batch, column: pd.Series, rows: RowNames) -> None:
        kind = find_kind(self.name, column)
        if kind == "category" or self.chosen in ("category", "text"):
            import pyarrow as pa

            texts = pa.array(categories(self.name, column), pa.large_string())
            self._add_texts(divide_texts(texts), rows)
            return
        require_chosen_kind(self.name, column, self.chosen)
        self.dtypes.add(column.dtype.name)
        if not isinstance(self.values, NumberColumn):
            n_before = self.values.n_rows
            self.values = NumberColumn(self.name, kind)
            self.values.add_missing(n_before)
        self.values.add(column)
        self.counter.add(batch, column)
        if kind == "date" and self.zoned is None:
            self.zoned, self.zone = find_zone(column), zone_name(column)


def _is_text(kind: pa.DataType) -> bool:
    import pyarrow as pa

    tests = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
    return any(test(kind) for test in tests)
