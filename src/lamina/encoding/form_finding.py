"""Find the form of a text column (numbers, dates or text) from all its cells, with remarks."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

import numpy as np

from lamina.encoding.cells import Cells, count_cells
from lamina.encoding.chosen_types import no_readable_cell
from lamina.encoding.column_form import CellValue, ColumnForm, FormKind
from lamina.encoding.cures import IN_PYTHON, Cures
from lamina.encoding.missing_marks import ANYWHERE, is_missing_number
from lamina.encoding.written_dates import (
    DateOrder,
    find_date_order,
    has_two_digit_year,
    read_date,
    read_time_of_day,
)
from lamina.encoding.written_numbers import (
    PERCENT,
    find_number_form,
    has_leading_zero,
    read_number,
)

if TYPE_CHECKING:
    import pandas as pd

ColumnType: TypeAlias = Literal["number", "date", "category", "text"]
COLUMN_TYPES: tuple[ColumnType, ...] = ("number", "date", "category", "text")
# A column is text if fewer than this fraction of its first cells are numbers or dates.
FIRST_LOOK, LEAST_FRACTION = 300, 0.5
# Odd cells are read as missing if they are few, and have few texts or one pattern such as "<5".
MOST_ODD_FRACTION, MOST_ODD_TEXTS, LEAST_NUMBERS = 0.05, 3, 3
_CENSORED = re.compile(r"\s*(?:[<>≤≥~]=?|ca\.?|about|approx\.?)\s*[\d.,]+\s*\S{0,5}")
_COUNTRY_CODE = re.compile(r"[A-Z]{2}")
PLURALS = {"number": "numbers", "date": "dates", "time of day": "times of day"}


class Hints(NamedTuple):
    """Knowledge about a column before its cells are read.

    Attributes
    ----------
    decimal : {'.', ','}, optional
        Decimal sign in the rest of the file.
    order : {'day first', 'month first'}, optional
        Order that the user chose.
    marks : collection of str
        Cells that are missing values in a text column; those of `ANYWHERE` for a file.
    marks_are_chosen : bool
        True if the user chose the marks; then 'NA' is also missing among country codes.
    cures : Cures
        Texts in remarks on how to read the column differently.
    """

    decimal: str | None = None
    order: DateOrder | None = None
    marks: Collection[str] = ()
    marks_are_chosen: bool = False
    cures: Cures = IN_PYTHON


class Finding(NamedTuple):
    """The form of a column, remarks on it, and the values of its distinct cells if computed."""

    form: ColumnForm
    remarks: tuple[str, ...] = ()
    values: Mapping[str, CellValue | None] | None = None


NO_HINTS = Hints()


def find_form(
    name: str, column: pd.Series, hints: Hints = NO_HINTS, chosen: ColumnType | None = None
) -> Finding:
    """Return the form of a text column.

    Parameters
    ----------
    name : str
        Name of the column in remarks.
    column : pandas.Series of str
        None or NaN marks a missing value.
    hints : Hints
    chosen : {'number', 'date', 'category', 'text'}, optional
        Kind that the user chose. Cells that are not numbers or dates are then missing.

    Raises
    ------
    TableError
        If no cell is of the kind that the user chose.

    Examples
    --------
    >>> import pandas as pd
    >>> finding = find_form("income", pd.Series(["$1,200", "?", "$900", "$850.50"]))
    >>> finding.form.kind, finding.form.number.thousands
    ('number', ',')
    >>> finding.remarks[0]
    "column 'income' holds numbers, except '?' in row 2: read as missing"
    """
    return find_form_of_cells(count_cells(name, column), hints, chosen)


def find_form_of_cells(cells: Cells, hints: Hints, chosen: ColumnType | None = None) -> Finding:
    """Return the form of a text column by its distinct cells; see `find_form`."""
    if chosen in ("category", "text"):
        marks = _user_marks(hints) if chosen == "category" else ()
        return Finding(ColumnForm("category", missing=marks, is_chosen=True))
    for kind in _candidates(cells, chosen):
        form, doubts = form_of_kind(kind, cells, hints)
        finding = _accept(form, cells, hints.cures, is_forced=chosen is not None)
        if finding is not None:
            return finding._replace(remarks=(*finding.remarks, *doubts))
    return _as_text(cells, hints)


def _candidates(cells: Cells, chosen: ColumnType | None) -> tuple[FormKind, ...]:
    """Return the possible kinds of the column, judged by its first distinct cells."""
    if chosen is not None:
        return ("number",) if chosen == "number" else ("date",)
    texts = cells.texts()
    if not texts:
        return ()
    first = texts[:FIRST_LOOK]
    fractions: dict[FormKind, float] = {
        "date": float(np.mean([_is_date(text) for text in first])),
        "time of day": float(np.mean([read_time_of_day(text) is not None for text in first])),
    }
    kinds = tuple(kind for kind, fraction in fractions.items() if fraction >= LEAST_FRACTION)
    if kinds:
        return kinds
    if any(has_leading_zero(text) for text in texts):
        return ()
    found = find_number_form(first)
    if found is None:
        return ()
    n_read = sum(read_number(text, found[0]) is not None for text in first)
    return ("number",) if n_read >= LEAST_FRACTION * len(first) else ()


def _is_date(text: str) -> bool:
    return read_date(text, "day first") is not None or read_date(text, "month first") is not None


def form_of_kind(kind: FormKind, cells: Cells, hints: Hints) -> tuple[ColumnForm, tuple[str, ...]]:
    """Return the form of a column of numbers, dates or times, and remarks on doubtful cells."""
    texts = cells.texts()
    if kind == "date":
        order, doubtful = find_date_order(texts)
        order, doubtful = (hints.order, None) if hints.order else (order, doubtful)
        return ColumnForm(kind, order=order), _doubts_of_dates(cells, order, doubtful, hints.cures)
    if kind == "time of day":
        return ColumnForm(kind), ()
    found = find_number_form(texts, hints.decimal)
    if found is None:
        return ColumnForm(kind), ()
    form = ColumnForm(kind, number=found[0])
    doubtful = None if hints.decimal == "," else found[1]
    return form, _doubts_of_numbers(cells, form, doubtful, hints.cures)


def _doubts_of_dates(
    cells: Cells, order: DateOrder, doubtful: str | None, cures: Cures
) -> tuple[str, ...]:
    remarks = []
    if doubtful is not None:
        other: DateOrder = "day first" if order == "month first" else "month first"
        remarks.append(
            f"column {cells.name!r}: {doubtful!r} in {cells.place(doubtful)} is ambiguous and read "
            f"with the {order}; {cures.of_order(other)} changes that"
        )
    if any(has_two_digit_year(text) for text in cells.texts()):
        remarks.append(
            f"column {cells.name!r} has years of two digits: 70 to 99 are read as 1970 to 1999, "
            "00 to 40 as 2000 to 2040"
        )
    return tuple(remarks)


def _doubts_of_numbers(
    cells: Cells, form: ColumnForm, doubtful: str | None, cures: Cures
) -> tuple[str, ...]:
    number, remarks = form.number, []
    if doubtful is not None:
        text = next(text for text in cells.texts() if doubtful in text)
        other = "," if number.decimal == "." else "."
        remarks.append(
            f"column {cells.name!r}: {text!r} in {cells.place(text)} is read as "
            f"{read_number(text, number):g}; {cures.of_decimal(other)} changes that"
        )
    if number.affix:
        where = "in percent" if number.affix in PERCENT else f"with {number.affix!r}"
        remarks.append(f"column {cells.name!r} holds numbers {where}")
    return tuple(remarks)


def _accept(form: ColumnForm, cells: Cells, cures: Cures, *, is_forced: bool) -> Finding | None:
    """Return the form with odd cells as missing; None if there are too many of them.

    A form that the user chose is accepted, unless it can read no cell.
    """
    read = form.reader()
    values = {text: read(text) for text in cells.texts()}
    odd = [text for text, value in values.items() if value is None]
    n_odd = cells.n_rows(odd)
    n_good = int(cells.counts[list(cells.present)].sum()) - n_odd
    if not n_good and not is_forced:
        return None
    if odd and not n_good:
        raise no_readable_cell(cells.name, form.kind, cells.quoted(odd), cures)
    has_variety = len({value for value in values.values() if value is not None}) >= 3
    if odd and not is_forced and not (has_variety and may_be_missing(odd, n_odd, n_good)):
        return None
    form = ColumnForm(form.kind, form.number, form.order, tuple(odd), is_forced)
    return Finding(form, remarks_on_odd_cells(cells, form), values)


def may_be_missing(odd: Collection[str], n_odd: int, n_good: int) -> bool:
    """Return True if cells that are not numbers or dates are few, and have few texts or a pattern.

    Parameters
    ----------
    odd : collection of str
        Distinct texts of these cells.
    n_odd, n_good : int
        Number of these cells, and of the numbers or dates.
    """
    are_few = n_odd <= max(1, MOST_ODD_FRACTION * n_good) and n_good >= LEAST_NUMBERS
    return are_few and (len(odd) <= MOST_ODD_TEXTS or all(map(_CENSORED.fullmatch, odd)))


def remarks_on_odd_cells(cells: Cells, form: ColumnForm) -> tuple[str, ...]:
    """Return a remark if cells that are no numbers or dates are read as missing."""
    odd = set(form.missing)
    seen = [text for text in cells.distinct if text in odd or _is_written_mark(text)]
    return (_odd_cells_remark(cells, form.kind, seen),) if seen else ()


def _is_written_mark(text: str) -> bool:
    """Return True for a mark written by hand; an empty cell or NA needs no remark."""
    return is_missing_number(text) and text.strip() not in ANYWHERE


def _odd_cells_remark(cells: Cells, kind: FormKind, texts: Sequence[str]) -> str:
    plural = PLURALS[kind]
    return f"column {cells.name!r} holds {plural}, except {cells.quoted(texts)}: read as missing"


def find_marks(name: str, column: pd.Series, hints: Hints) -> Finding:
    """Return the form of a column of categories that are texts, with its missing values.

    Parameters
    ----------
    name : str
    column : pandas.Series
        Categories of pandas' dtype, which are not read as numbers or dates.
    hints : Hints
    """
    return find_marks_of_cells(count_cells(name, column), hints)


def _as_text(cells: Cells, hints: Hints) -> Finding:
    """Return the form of a column of categories, and remarks on why it is not numeric."""
    form, remarks, _ = find_marks_of_cells(cells, hints)
    return Finding(form, (*remarks, *_why_not_numbers(cells, hints.cures)))


def find_marks_of_cells(cells: Cells, hints: Hints) -> Finding:
    """Return the form of a column of categories by its distinct cells; see `find_marks`."""
    marks, remarks = _user_marks(hints), []
    seen = [text for text in cells.distinct if text in hints.marks and text.strip()]
    if "NA" in seen and not hints.marks_are_chosen and _are_country_codes(cells):
        marks = tuple(mark for mark in marks if mark != "NA")
        seen.remove("NA")
        remarks.append(
            f"column {cells.name!r}: 'NA' is kept as a category among codes of two letters; "
            f"{hints.cures.of_mark('NA')} reads it as missing"
        )
    if seen:
        remarks.append(
            f"column {cells.name!r}: {cells.quoted(seen)} is read as missing; "
            f"{hints.cures.of_type(cells.name, 'text')} keeps it as a category"
        )
    return Finding(ColumnForm("category", missing=marks), tuple(remarks))


def _user_marks(hints: Hints) -> tuple[str, ...]:
    return tuple(sorted(hints.marks))


def _are_country_codes(cells: Cells) -> bool:
    others = [text for text in cells.distinct if text not in ANYWHERE]
    return len(others) > 1 and all(map(_COUNTRY_CODE.fullmatch, others))


def _why_not_numbers(cells: Cells, cures: Cures) -> list[str]:
    texts = cells.texts()
    zeros = [text for text in texts if has_leading_zero(text)]
    if zeros:
        return [
            f"column {cells.name!r} is read as text: {cells.quoted(zeros)} begins with a zero; "
            f"{cures.of_type(cells.name, 'number')} reads numbers"
        ]
    for kind in _candidates(cells, None):
        read = form_of_kind(kind, cells, NO_HINTS)[0].reader()
        odd = [text for text in texts if read(text) is None]
        n_all = int(cells.counts[list(cells.present)].sum())
        n_good = n_all - cells.n_rows(odd)
        if odd and n_good >= LEAST_FRACTION * n_all:
            cure = cures.of_type(cells.name, "number" if kind == "number" else "date")
            return [
                f"column {cells.name!r} is read as text: {n_good:,} of its {n_all:,} cells are "
                f"{PLURALS[kind]}, but not {cells.quoted(odd)}; {cure} reads such cells as missing"
            ]
    return []
