"""Fitted state of an encoding of tables, which its parts read and write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.preprocessing import OneHotEncoder

from lamina.encoding.column_form import ColumnForm
from lamina.encoding.columns import Kind
from lamina.encoding.table_columns import ColumnRecord
from lamina.encoding.text_components import TextComponents
from lamina.errors import TableError

if TYPE_CHECKING:
    from sklearn.impute import SimpleImputer
    from sklearn.preprocessing import StandardScaler


class FittedTable(BaseEstimator):  # type: ignore[misc]
    """Parameters and fitted attributes of TableEncoding, which describes them."""

    min_frequency: int
    max_categories: int | None
    sparse_output: bool | str
    column_types: Mapping[str, str] | None
    calendar_parts: Sequence[str] | None
    integer_categories: int
    text_components: int

    kinds_: dict[str, Kind]
    left_out_: dict[str, str]
    forms_: dict[str, ColumnForm]
    calendar_: dict[str, list[str]]
    categories_: dict[str, list[str | None]]
    rare_: dict[str, list[str]]
    ranges_: dict[str, tuple[float, float]]
    levels_: dict[str, list[float]]
    zoned_: dict[str, bool]
    time_zones_: dict[str, str]
    texts_: dict[str, TextComponents]
    report_: list[ColumnRecord]
    sparse_: bool
    imputer_: SimpleImputer | None
    scaler_: StandardScaler | None
    one_hot_: OneHotEncoder | None

    def _numeric(self) -> list[str]:
        return [name for name, kind in self._used() if kind != "category"]

    def _dates(self) -> list[str]:
        return [name for name, kind in self._used() if kind == "date"]

    def _categorical(self) -> list[str]:
        return [name for name, kind in self._used() if kind == "category"]

    def _used(self) -> list[tuple[str, Kind]]:
        """Return the columns that are not left out, with their kinds."""
        return [(name, kind) for name, kind in self.kinds_.items() if name not in self.left_out_]

    def _set_categories(self, categories: dict[str, list[str | None]]) -> None:
        self.categories_ = categories
        kept = [np.array(texts, dtype=object) for texts in categories.values() if texts]
        self.one_hot_ = None
        if kept:
            encoder = OneHotEncoder(categories=kept, handle_unknown="ignore")
            self.one_hot_ = encoder.fit(np.array([[texts[0] for texts in kept]], dtype=object))
        elif self.imputer_ is None and not self.texts_:
            raise TableError(
                f"no column of the table has a value in {self.min_frequency} rows or more, so "
                "there are no features: add rows or columns, or lower min_frequency"
            )

    def _indicated(self) -> list[int]:
        """Return the positions of the numbers that have a 0/1 column for missing values."""
        indicator = None if self.imputer_ is None else self.imputer_.indicator_
        return [] if indicator is None else indicator.features_.tolist()
