"""What was found out about the columns of a file; it travels with the data frame."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from lamina.encoding.column_form import ColumnForm

_KEY = "lamina"


@dataclass(frozen=True)
class Understanding:
    """The forms of a file's text columns, and remarks about them.

    It is kept in the data frame's `attrs`, which pandas carries along when rows are taken or
    columns left out.

    Attributes
    ----------
    forms : mapping of str to ColumnForm
        By column; columns that the file itself types have none.
    remarks : mapping of str to tuple of str
        By column.
    file_remarks : tuple of str
        About the file as a whole, such as its encoding.
    counters : frozenset of str
        The columns of whole numbers that rise by one from row to row.
    """

    forms: Mapping[str, ColumnForm] = field(default_factory=dict)
    remarks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    file_remarks: tuple[str, ...] = ()
    counters: frozenset[str] = frozenset()

    def __deepcopy__(self, memo: Any) -> Understanding:
        # pandas copies attrs with every operation; nothing here ever changes.
        return self

    def all_remarks(self) -> list[str]:
        """Every remark: those about the file, then those of each column."""
        return self.remarks_on(self.remarks)

    def remarks_on(self, names: Collection[str]) -> list[str]:
        """The remarks about the file, and about some of its columns."""
        return [
            *self.file_remarks,
            *(text for name, texts in self.remarks.items() if name in names for text in texts),
        ]

    def attach(self, frame: Any) -> None:
        """Let a data frame carry this."""
        frame.attrs[_KEY] = self


def understanding_of(frame: Any) -> Understanding:
    """What a data frame carries; empty for a frame that was not read from a file by lamina.

    Examples
    --------
    >>> import pandas as pd
    >>> understanding_of(pd.DataFrame({"x": [1]})).all_remarks()
    []
    """
    found = getattr(frame, "attrs", {}).get(_KEY)
    return found if isinstance(found, Understanding) else Understanding()
