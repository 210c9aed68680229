"""How a table's file is to be read, where the user knows better than the file shows."""

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
    """The user's choices; by default the file decides.

    Attributes
    ----------
    types : mapping of str to {'number', 'date', 'category', 'text'}
        What columns hold. 'category' and 'text' keep the cells as they are written, leading zeros
        included; 'text' keeps cells such as NA, too.
    forms : mapping of str to ColumnForm
        The forms that columns had in training.
    marks : tuple of str, optional
        The cells that are missing values, in place of NA, NULL and their like.
    separator : str, optional
        One character of a CSV file, or one of `SEPARATOR_NAMES`.
    decimal : {'.', ','}, optional
    encoding : str, optional
        As Python names it, such as 'utf-8', 'cp1252' or 'latin-1'.
    order : {'day first', 'month first'}, optional
        The order of dates such as 1/2/2024.
    unpacks : bool
        Whether compressed files are read. A server refuses them: a small one may hold too much.
    cures : Cures
        How remarks name what would read a column otherwise.
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
        """A form of training with what the user says about a new file."""
        number = form.number
        if self.decimal is not None and self.decimal != number.decimal:
            thousands = "" if number.thousands == self.decimal else number.thousands
            number = replace(number, decimal=self.decimal, thousands=thousands)
        marks = form.missing if self.marks is None else (*form.missing, *self.marks)
        return replace(form, number=number, order=self.order or form.order, missing=marks)

    def hints(self, decimal: str | None) -> Hints:
        """What is known about the columns of a file whose decimal sign is this."""
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
            f"--encoding {name!r} is no encoding: try utf-8, utf-16, cp1252 (Windows, Western "
            "Europe), latin-1, cp1251 (Cyrillic), gbk or shift_jis"
        )
