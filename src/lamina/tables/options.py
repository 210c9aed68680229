"""Options for reading a table's file that override its detected properties."""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from lamina.encoding.column_form import ColumnForm
from lamina.encoding.cures import IN_PYTHON, Cures
from lamina.encoding.form_finding import ColumnType, Hints
from lamina.encoding.missing_marks import ANYWHERE
from lamina.encoding.written_dates import DateOrder

SEPARATOR_NAMES: Mapping[str, str] = {
    "tab": "\t",
    "\\t": "\t",
    "space": " ",
    "comma": ",",
    "semicolon": ";",
    "pipe": "|",
}


@dataclass(frozen=True)
class ReadingOptions:
    """Options of the user; by default everything is detected from the file.

    Attributes
    ----------
    types : mapping of str to {'number', 'date', 'category', 'text'}
        Types of columns. 'category' and 'text' keep cells as written, including leading zeros;
        'text' also keeps cells such as NA.
    forms : mapping of str to ColumnForm
        Forms of the columns in training.
    marks : tuple of str, optional
        Texts of missing values, in place of NA, NULL and so on.
    separator : str, optional
        A single character for a CSV file, or a name in `SEPARATOR_NAMES`.
    decimal : {'.', ','}, optional
    encoding : str, optional
        Python's name of the encoding, such as 'utf-8', 'cp1252' or 'latin-1'.
    order : {'day first', 'month first'}, optional
        Order of dates such as 1/2/2024.
    unpacks : bool
        True to read compressed files. A server rejects them, as a small file may expand to a huge
        one.
    cures : Cures
        Texts in remarks on how to read a column differently.
    """

    types: Mapping[str, ColumnType] = field(default_factory=dict)
    forms: Mapping[str, ColumnForm] = field(default_factory=dict)
    marks: tuple[str, ...] | None = None
    separator: str | None = None
    decimal: str | None = None
    encoding: str | None = None
    order: DateOrder | None = None
    unpacks: bool = True
    cures: Cures = IN_PYTHON

    def __post_init__(self) -> None:
        if self.decimal not in (None, ".", ","):
            raise ValueError(f"--decimal must be '.' or ',', got {self.decimal!r}")
        if self.separator is not None:
            separator = SEPARATOR_NAMES.get(self.separator, self.separator)
            if len(separator) != 1 or not separator.isascii() or separator in '"\r\n\0':
                raise ValueError(
                    f"--sep must be one character, or {', '.join(SEPARATOR_NAMES)}, "
                    f"got {self.separator!r}"
                )
            object.__setattr__(self, "separator", separator)
        if self.encoding is not None:
            _check_encoding(self.encoding)

    def adapt(self, form: ColumnForm) -> ColumnForm:
        """Return a form of training, changed by the options for a new file."""
        number = form.number
        if self.decimal is not None and self.decimal != number.decimal:
            thousands = "" if number.thousands == self.decimal else number.thousands
            number = replace(number, decimal=self.decimal, thousands=thousands)
        marks = form.missing if self.marks is None else (*form.missing, *self.marks)
        return replace(form, number=number, order=self.order or form.order, missing=marks)

    def hints(self, decimal: str | None) -> Hints:
        """Return the hints for the columns of a file with this decimal sign."""
        marks = ANYWHERE if self.marks is None else frozenset((*self.marks, ""))
        is_chosen = self.marks is not None
        return Hints(self.decimal or decimal, self.order, marks, is_chosen, self.cures)


DEFAULTS = ReadingOptions()


def _check_encoding(name: str) -> None:
    try:
        is_text = codecs.lookup(name)._is_text_encoding
    except (LookupError, ValueError):
        is_text = False
    if not is_text:
        raise ValueError(
            f"--encoding {name!r} is not a known encoding: try utf-8, utf-16, cp1252 (Windows, "
            "Western Europe), latin-1, cp1251 (Cyrillic), gbk or shift_jis"
        )
