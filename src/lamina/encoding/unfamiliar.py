"""Find values of a later table that training lacked: unknown, missing, or far out of range."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lamina.encoding.columns import READERS
from lamina.encoding.file_rows import row_name
from lamina.encoding.whole_numbers import with_known_spelling
from lamina.errors import nearest_match
from lamina.formulas.table import AnyArray

if TYPE_CHECKING:
    import pandas as pd

    from lamina.encoding.fitted_table import FittedTable

# Rare categories are not stored if there are more: such values identify single rows.
MOST_RARE = 10_000


class Unfamiliar(NamedTuple):
    """A column of a later table with values that training lacked.

    Attributes
    ----------
    column : str
    kind : {'unknown', 'missing', 'out of range'}
    n_rows : int
        Number of rows with such a value.
    value : str, float or None
        First of these values; None for a missing one.
    row : str
        Its row as text, such as 'row 3 of the file'.
    remark : str
        A sentence for the user.
    """

    column: str
    kind: Literal["unknown", "missing", "out of range"]
    n_rows: int
    value: str | float | None
    row: str
    remark: str


def find_ranges(
    names: Sequence[str], numbers: NDArray[np.float64] | None
) -> dict[str, tuple[float, float]]:
    """Return the minimum and the maximum of each column of numbers."""
    if numbers is None:
        return {}
    low, high = np.nanmin(numbers, axis=0).tolist(), np.nanmax(numbers, axis=0).tolist()
    return dict(zip(names, zip(low, high, strict=True), strict=True))


def rare_among(
    texts: Mapping[str, AnyArray], categories: Mapping[str, Sequence[str | None]]
) -> dict[str, list[str]]:
    """Return each column's categories that have no one-hot column, unless there are too many."""
    rare = {
        name: sorted(set(values.tolist()) - {None, *categories[name]})
        for name, values in texts.items()
    }
    return {name: found for name, found in rare.items() if len(found) <= MOST_RARE}


def find_unfamiliar(encoding: FittedTable, columns: Mapping[str, pd.Series]) -> list[Unfamiliar]:
    """Return the columns with unfamiliar values; see `TableEncoding.find_unfamiliar`."""
    indicated = {encoding._numeric()[i] for i in encoding._indicated()}
    found: list[Unfamiliar | None] = []
    for name, kind in encoding._used():
        kept = encoding.categories_.get(name, [])
        if kind == "category" and not kept:
            continue
        column = columns[name]
        values = READERS[kind](name, column)
        had_missing = None in kept or name in indicated
        found.append(_missing(name, column, kind == "category", had_missing=had_missing))
        # If n-grams are encoded, a new text is not unknown.
        if kind == "category" and name not in encoding.texts_:
            found.append(_unknown(name, column, values, kept, encoding.rare_.get(name)))
        elif kind == "number" and name in encoding.ranges_:
            found.append(_out_of_range(name, column, values, encoding.ranges_[name]))
    return [each for each in found if each is not None]


def _missing(
    name: str, column: pd.Series, is_category: bool, *, had_missing: bool
) -> Unfamiliar | None:
    absent = column.isna().to_numpy()
    n_absent, n_rows = int(absent.sum()), len(absent)
    if not n_absent or (had_missing and (n_absent < n_rows or n_rows == 1)):
        return None
    row = row_name(column, int(np.argmax(absent)))
    instead = "no category" if is_category else "the median of training"
    where = (
        "no value in any row"
        if n_absent == n_rows
        else f"no value in {n_absent:,} of {n_rows:,} rows, the first in {row}"
    )
    remark = f"column {name!r} has {where}"
    if not had_missing:
        remark += f"; training had no missing value, so the model uses {instead}"
    return Unfamiliar(name, "missing", n_absent, None, row, remark)


def _unknown(
    name: str,
    column: pd.Series,
    values: AnyArray,
    kept: Sequence[str | None],
    rare: Sequence[str] | None,
) -> Unfamiliar | None:
    familiar = {text for text in (*kept, *(rare or ())) if text is not None}
    texts = with_known_spelling(values, familiar)
    is_unknown = np.array([text is not None and text not in familiar for text in texts.tolist()])
    n_unknown, n_present = int(is_unknown.sum()), int((texts != None).sum())  # noqa: E711
    # Without the stored rare categories, a text outside `kept` may be a rare one of training.
    if not n_unknown or (rare is None and n_unknown < n_present):
        return None
    position = int(np.argmax(is_unknown))
    text, row = str(texts[position]), row_name(column, position)
    cells = "cell" if n_present == 1 else "cells"
    remark = (
        f"{n_unknown:,} of {n_present:,} {cells} of {name!r} are unknown to the model, e.g. "
        f"{text!r} in {row}{_nearest(text, familiar)}"
    )
    return Unfamiliar(name, "unknown", n_unknown, text, row, remark)


def _nearest(text: str, familiar: Iterable[str]) -> str:
    categories = sorted(familiar)
    if text.isdigit():
        padded = {each for each in categories if each.isdigit() and each.lstrip("0") == text}
        if padded:
            return f"; training has {min(padded)!r}: the leading zeros were lost, restore them"
        return ""
    cased = [each for each in categories if each.casefold().strip() == text.casefold().strip()]
    if cased:
        return f"; training has {cased[0]!r}"
    match = nearest_match(text, categories)
    return "" if match is None else f"; the nearest known value is {match!r}"


def _out_of_range(
    name: str, column: pd.Series, values: NDArray[np.float64], bounds: tuple[float, float]
) -> Unfamiliar | None:
    low, high = bounds
    width = high - low
    is_far = (values < low - width) | (values > high + width)
    n_far, n_rows = int(is_far.sum()), len(values)
    if not n_far:
        return None
    position = int(np.argmax(is_far))
    value, row = float(values[position]), row_name(column, position)
    remark = (
        f"column {name!r} is far outside its training range {low:g} to {high:g} in {n_far:,} of "
        f"{n_rows:,} rows, e.g. {value:g} in {row}: check its unit and its decimal sign"
    )
    return Unfamiliar(name, "out of range", n_far, value, row, remark)
