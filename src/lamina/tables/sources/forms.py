"""Find the forms of the text columns of a source's rows, as for a file in memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lamina.encoding.form_finding import Hints
from lamina.tables.options import ReadingOptions

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class FormsOfFiles:
    """Function that finds the forms of text columns; it can be pickled.

    Attributes
    ----------
    options : ReadingOptions
    hints : Hints
    remarks : tuple of str
        Remarks on the files.
    """

    options: ReadingOptions
    hints: Hints
    remarks: tuple[str, ...]

    def __call__(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return the frame with its text columns read, and an Understanding."""
        from lamina.tables.reading import read_forms

        return read_forms(frame, self.options, self.hints, self.remarks)
