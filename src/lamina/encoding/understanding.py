"""Forms and remarks from reading a file, attached to the data frame."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lamina.encoding.column_form import ColumnForm

if TYPE_CHECKING:
    import pandas as pd

_KEY = "lamina"


@dataclass(frozen=True)
class Understanding:
    """The forms of a file's text columns, and remarks on them.

    It is stored in the data frame's `attrs`, which pandas copies when rows or columns are selected.

    Attributes
    ----------
    forms : mapping of str to ColumnForm
        Forms by column; columns whose type the file defines have none.
    remarks : mapping of str to tuple of str
        Remarks by column.
    file_remarks : tuple of str
        Remarks on the whole file, such as its encoding.
    counters : frozenset of str
        Columns of integers that increase by one from row to row.
    """

    forms: Mapping[str, ColumnForm] = field(default_factory=dict)
    remarks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    file_remarks: tuple[str, ...] = ()
    counters: frozenset[str] = frozenset()

    def __deepcopy__(self, memo: object) -> Understanding:
        # pandas copies attrs in every operation; this object is immutable.
        return self

    def all_remarks(self) -> list[str]:
        """Return all remarks: those on the file, then those on each column."""
        return self.remarks_on(self.remarks)

    def remarks_on(self, names: Collection[str]) -> list[str]:
        """Return the remarks on the file and on some of its columns."""
        return [
            *self.file_remarks,
            *(text for name, texts in self.remarks.items() if name in names for text in texts),
        ]

    def attach(self, frame: pd.DataFrame) -> None:
        """Attach this to a data frame."""
        frame.attrs[_KEY] = self


def understand(frame: pd.DataFrame) -> Understanding:
    """Return the Understanding of a data frame; an empty one if lamina did not read it.

    Examples
    --------
    >>> import pandas as pd
    >>> understand(pd.DataFrame({"x": [1]})).all_remarks()
    []
    """
    found = getattr(frame, "attrs", {}).get(_KEY)
    return found if isinstance(found, Understanding) else Understanding()
