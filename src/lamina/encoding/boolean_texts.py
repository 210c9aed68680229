"""Text columns of a file whose cells are all TRUE or FALSE, which are read as booleans."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from lamina.encoding.columns import Kind, is_text
from lamina.encoding.missing_marks import ANYWHERE

if TYPE_CHECKING:
    import pandas as pd


def are_booleans(texts: Collection[str]) -> bool:
    """Return True if all texts but marks of missing values are true or false, in any case.

    Examples
    --------
    >>> are_booleans(["TRUE", "false", "NA"]), are_booleans(["NA"]), are_booleans(["yes"])
    (True, False, False)
    """
    found = {text.lower() for text in texts if text not in ANYWHERE}
    return bool(found) and found <= {"true", "false"}


def as_booleans(column: pd.Series) -> pd.Series:
    """Convert a column whose texts are all TRUE or FALSE to booleans; return others unchanged."""
    if not is_text(column) or not are_booleans([str(text) for text in column.dropna().unique()]):
        return column
    booleans = column.map(
        lambda text: None if text in ANYWHERE else text.lower() == "true", "ignore"
    )
    return booleans.astype(object).where(booleans.notna(), None).infer_objects()


def read_booleans(
    frame: pd.DataFrame, kinds: Mapping[str, Kind], forms: Collection[str]
) -> pd.DataFrame:
    """Return a batch with the booleans that training read in text columns.

    Parameters
    ----------
    frame : pandas.DataFrame
    kinds : mapping of str to {'number', 'date', 'category'}
        Kinds of the columns in training.
    forms : collection of str
        Columns that were read from texts of another form.
    """
    for name in frame.columns:
        if kinds.get(name) == "number" and name not in forms and is_text(frame[name]):
            frame[name] = as_booleans(frame[name])
    return frame
