"""The form of a text column: its kind, its notation, and its texts for missing values.

A form is found once from all cells of a column, and applied to the same column of later tables.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from lamina.encoding.file_rows import row_name
from lamina.encoding.missing_marks import is_missing_number
from lamina.encoding.written_dates import (
    ORDERS,
    DateOrder,
    has_zone,
    may_have_zone,
    read_date,
    read_time_of_day,
)
from lamina.encoding.written_numbers import (
    CURRENCIES,
    PERCENT,
    NumberForm,
    find_number_form,
    read_number,
)
from lamina.errors import TableError
from lamina.files.model_file import Json

if TYPE_CHECKING:
    import pandas as pd

# Value of a cell of numbers or dates.
CellValue: TypeAlias = float | datetime
FormKind: TypeAlias = Literal["number", "date", "time of day", "category"]
FORM_KINDS: tuple[FormKind, ...] = ("number", "date", "time of day", "category")
EXPECTED: Mapping[FormKind, str] = {
    "number": "a number",
    "date": "a date",
    "time of day": "a time of day",
}


@dataclass(frozen=True)
class ColumnForm:
    """The form of the cells of a text column.

    Attributes
    ----------
    kind : {'number', 'date', 'time of day', 'category'}
        A time of day is read as a number, the hours since midnight.
    number : NumberForm
        Form of the numbers.
    order : {'day first', 'month first'}
        Order of day and month in dates such as 1/2/2024.
    missing : tuple of str
        Cells that are missing values. For numbers, dates and times, those of `is_missing_number`
        are added.
    is_chosen : bool
        True if the user chose the kind; then no rule leaves the column out.
    """

    kind: FormKind
    number: NumberForm = field(default_factory=NumberForm)
    order: DateOrder = "day first"
    missing: tuple[str, ...] = ()
    is_chosen: bool = False

    def to_plain(self) -> dict[str, Json]:
        """Return the form as JSON values."""
        return asdict(self) | {"missing": list(self.missing)}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Json]) -> ColumnForm:
        """Restore a form from `to_plain`; raise ValueError or TypeError for anything else."""
        parts = dict(plain)
        parts["number"] = NumberForm(**parts["number"])
        parts["missing"] = tuple(parts["missing"])
        form = cls(**parts)
        is_sound = (
            form.kind in FORM_KINDS
            and form.order in ORDERS
            and form.number.decimal in (".", ",")
            and form.number.thousands in ("", ",", ".", " ", "'")
            and form.number.thousands != form.number.decimal
            and isinstance(form.number.affix, str)
            and isinstance(form.is_chosen, bool)
            and all(isinstance(text, str) for text in form.missing)
        )
        if not is_sound:
            raise ValueError(f"a column's form cannot be {dict(plain)!r}")
        return form

    def reader(self) -> Callable[[str], CellValue | None]:
        """Return a function that reads a cell as a float or a datetime, or else None."""
        if self.kind == "date":
            return lambda text: read_date(text, self.order)
        if self.kind == "time of day":
            return read_time_of_day
        return lambda text: read_number(text, self.number)

    def read(
        self, name: str, column: pd.Series, values: Mapping[str, CellValue | None] | None = None
    ) -> pd.Series:
        """Read the cells of a column.

        Parameters
        ----------
        name : str
            Name of the column in error messages.
        column : pandas.Series of str
            None or NaN marks a missing value.
        values : mapping of str to float or datetime, optional
            Values of distinct cells, if computed already.

        Returns
        -------
        pandas.Series
            float64, datetime64 or str, with the index of `column`. Dates are datetime64 in UTC if
            all have a time zone, and objects if only some have one.

        Raises
        ------
        TableError
            For a cell that is neither of this form nor missing.
        """
        codes, distinct = column.factorize()
        marks, texts = set(self.missing), list(distinct)
        if self.kind == "category":
            is_mark = np.array([*(text in marks for text in texts), False])
            return column.mask(is_mark[codes]) if is_mark.any() else column
        read = self.reader() if values is None else values.get
        found = [None if text in marks else read(text) for text in texts]
        for code, (text, value) in enumerate(zip(texts, found, strict=True)):
            if value is None and text not in marks and not is_missing_number(text):
                raise self._unreadable(name, column, int(np.argmax(codes == code)), text)
        from pandas import Series

        if self.kind != "date":
            array = np.array([*found, None], dtype=np.float64)
            return Series(array[codes], index=column.index, name=column.name)
        return _dates(texts, found).take(codes).set_axis(column.index).rename(column.name)

    def _unreadable(self, name: str, column: pd.Series, position: int, text: str) -> TableError:
        return TableError(
            f"column {name!r} holds {text!r} in {row_name(column, position)}, where "
            f"{EXPECTED[self.kind]} is expected: {self._cure(text)}correct the value, or leave the "
            "cell empty"
        )

    def _cure(self, text: str) -> str:
        """Return a hint at the form of training, for a number in another form; else ''."""
        form = self.number
        if self.kind != "number" or find_number_form([text]) is None:
            return ""
        if form.affix in PERCENT and read_number(text, replace(form, affix="")) is not None:
            return (
                f"in training this column has {form.affix!r}, such as {_example(form)!r}, and "
                f"{text} may be that number or a fraction: add the sign to every cell, "
            )
        if form != NumberForm():
            return f"in training this column has numbers like {_example(form)!r}; write them so, "
        return "in training this column has numbers like '1234.5'; write them so, "


def _dates(texts: Sequence[str], values: Sequence[CellValue | None]) -> pd.Series:
    """Return dates in UTC as a Series with a missing value at the end, which keeps time zones."""
    from pandas import Series

    zoned = [
        value is not None and may_have_zone(text) and has_zone(text) is True
        for text, value in zip(texts, values, strict=True)
    ]
    dates = Series(np.array([*values, None], dtype="datetime64[us]"))
    if not any(zoned):
        return dates
    if sum(zoned) == len(values) - values.count(None):
        return dates.dt.tz_localize("UTC")
    both = [
        value.replace(tzinfo=UTC) if is_zoned and isinstance(value, datetime) else value
        for value, is_zoned in zip(values, zoned, strict=True)
    ]
    return Series([*both, None], dtype=object)


def _example(form: NumberForm) -> str:
    """Return an example of a number in a form."""
    number = f"1{form.thousands}234{form.decimal}5"
    if form.affix in CURRENCIES:
        return f"{form.affix}{number}" if len(form.affix) == 1 else f"{number} {form.affix}"
    if form.affix in PERCENT:
        return f"12{form.decimal}5{form.affix}"
    return f"{number} {form.affix}".strip()
