"""Convert the columns of a table to numbers, dates and texts, and detect their kinds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypedDict, cast

from lamina.encoding.chosen_types import require_chosen_kind
from lamina.encoding.column_form import ColumnForm
from lamina.encoding.columns import Kind, categories, find_kind, is_text, is_text_categorical
from lamina.encoding.form_finding import COLUMN_TYPES, ColumnType, Hints, find_form, find_marks
from lamina.encoding.missing_marks import ANYWHERE
from lamina.encoding.mixed_cells import missing_cells, text_cells, without_marks
from lamina.encoding.understanding import Understanding
from lamina.errors import TableError, nearest_match, suggestion

if TYPE_CHECKING:
    import pandas as pd

# As in a file: "n/a" and the like are missing values also among words.
IN_FRAMES = Hints(marks=ANYWHERE)


class ColumnRecord(TypedDict):
    """The report on one column of a table.

    Attributes
    ----------
    column : str
        Name of the column.
    kind : str
        'number', 'date' or 'category'.
    n_missing : int
        Number of rows without a value.
    n_distinct : int
        Number of distinct values.
    action : str
        Description of its encoding.
    remarks : list of str
        Doubts about the column, as sentences.
    """

    column: str
    kind: str
    n_missing: int
    n_distinct: int
    action: str
    remarks: list[str]


def is_left_out(record: ColumnRecord) -> bool:
    """Return True if the column is not used."""
    return record["action"].startswith("left out")


class TypedColumns(NamedTuple):
    """The columns of a table with their kinds.

    Attributes
    ----------
    columns : dict of str to pandas.Series
        Numbers, dates and texts.
    kinds : dict of str to {'number', 'date', 'category'}
    forms : dict of str to ColumnForm
        Forms of the columns that were read from text.
    remarks : mapping of str to tuple of str
        Remarks on the forms.
    left_out : dict of str to str
        Reasons why columns are left out.
    """

    columns: dict[str, pd.Series]
    kinds: dict[str, Kind]
    forms: dict[str, ColumnForm]
    remarks: Mapping[str, tuple[str, ...]]
    left_out: dict[str, str]


def check_types(types: Mapping[str, str], names: Sequence[str]) -> None:
    """Reject an unknown type, and a column that the table lacks."""
    for name, chosen in types.items():
        if name not in names:
            raise TableError(
                f"column_types names a column {name!r}, which the table does not have."
                f"{suggestion(name, names)}"
            )
        if chosen not in COLUMN_TYPES:
            raise ValueError(
                f"column_types[{name!r}] must be one of {', '.join(COLUMN_TYPES)}, got {chosen!r}."
                f"{suggestion(chosen, COLUMN_TYPES)}"
            )


def require_rows(frame: pd.DataFrame) -> None:
    """Reject a data frame without rows."""
    if not len(frame):
        raise TableError("the table has no rows: 0 sample(s), while a minimum of 1 is required")


def require_single(needed: Sequence[str], found: Sequence[str]) -> None:
    """Reject a table with two columns of the same required name."""
    twice = [name for name in needed if found.count(name) > 1]
    if twice:
        raise TableError(f"two columns are named {min(twice)!r}: rename one of them")


def require_columns(needed: Sequence[str], found: Sequence[str]) -> None:
    """Reject a table that lacks columns the model needs; the message names all of them."""
    require_single(needed, found)
    missing = [name for name in needed if name not in found]
    if not missing:
        return
    # A column that the model needs under its own name cannot be a misnamed one.
    free = [name for name in found if name not in needed]
    noun = "column" if len(missing) == 1 else "columns"
    listed = ", ".join(map(repr, missing))
    matches = {name: nearest_match(name, free) for name in missing}
    guesses = [f"{match!r} for {name!r}" for name, match in matches.items() if match is not None]
    if len(missing) == 1:
        guess = suggestion(missing[0], free)
    else:
        guess = f" Did you mean {', '.join(guesses)}?" if guesses else ""
    raise TableError(
        f"the table has no {noun} {listed}, which the model needs.{guess} "
        f"It has: {', '.join(map(repr, found)) or 'no columns'}."
    )


def read_training(
    columns: Mapping[str, pd.Series],
    understanding: Understanding | None = None,
    types: Mapping[str, str] | None = None,
) -> TypedColumns:
    """Read the columns of a training table.

    Parameters
    ----------
    columns : mapping of str to pandas.Series
    understanding : Understanding, optional
        Forms and remarks from reading a file; None for the columns of an array, whose texts remain
        texts unless a type is chosen.
    types : mapping of str to {'number', 'date', 'category', 'text'}, optional

    Raises
    ------
    TableError
        If a column's values cannot be of the type that the user chose.
    """
    typed: dict[str, pd.Series] = {}
    forms: dict[str, ColumnForm] = {}
    remarks: dict[str, tuple[str, ...]] = {}
    for name, column in columns.items():
        chosen = cast("ColumnType | None", (types or {}).get(name))
        noted: tuple[str, ...] = ()
        reads_texts = understanding is not None or chosen is not None
        if reads_texts and chosen not in ("category", "text"):
            column, noted = without_marks(name, column)
        if understanding is not None and name in understanding.forms and chosen is None:
            forms[name] = understanding.forms[name]
            remarks[name] = understanding.remarks.get(name, ())
        elif chosen in ("category", "text"):
            forms[name] = ColumnForm("category", is_chosen=True)
        elif reads_texts and is_text(column) and not column.isna().all():
            form, remarks[name], values = find_form(name, column, IN_FRAMES, chosen)
            if form.kind != "category" or form.missing:
                forms[name] = form
                column = form.read(name, column, values)
        elif understanding is not None and is_text_categorical(column):
            forms[name], remarks[name], _ = find_marks(name, column, IN_FRAMES)
        if noted:
            remarks[name] = (*noted, *remarks.get(name, ()))
        typed[name] = _read(name, column, forms.get(name))
        require_chosen_kind(name, typed[name], chosen)
    may_be_empty = understanding is not None
    kinds = {
        name: _kind(name, column, forms.get(name), may_be_empty=may_be_empty)
        for name, column in typed.items()
    }
    return TypedColumns(typed, kinds, forms, remarks, {})


def read_new(
    columns: Mapping[str, pd.Series], kinds: Mapping[str, Kind], forms: Mapping[str, ColumnForm]
) -> dict[str, pd.Series]:
    """Read the columns of a later table in the forms of the training table."""
    return {
        name: _read(name, column, forms.get(name))
        if kinds[name] == "category"
        else _read_numbers(name, column, forms.get(name))
        for name, column in columns.items()
    }


def _read_numbers(name: str, column: pd.Series, form: ColumnForm | None) -> pd.Series:
    """Read a column that held numbers or dates in training; a form reads its texts.

    Cells such as '?' are missing values as in training, even if a later table has no other cells.
    """
    is_str = text_cells(column)
    if not is_str.any():
        return column
    texts = column.where(is_str, None)
    form = form or _form_of_numbers(name, texts)
    read = texts.mask(missing_cells(texts)) if form is None else form.read(name, texts)
    # A mixture of numbers and texts, as from a program or a workbook, remains unchanged.
    return read if (is_str | column.isna()).all() else column.astype(object).mask(is_str, read)


def _form_of_numbers(name: str, texts: pd.Series) -> ColumnForm | None:
    """Return the form of texts in a column that held numbers or dates in training, or None."""
    form = find_form(name, texts).form
    # Only a training column may treat odd cells as missing; here the reader rejects them.
    return None if form.kind == "category" else ColumnForm(form.kind, form.number, form.order)


def _read(name: str, column: pd.Series, form: ColumnForm | None) -> pd.Series:
    if form is None:
        return column
    if is_text(column) or (form.kind == "category" and is_text_categorical(column)):
        return form.read(name, column)
    if form.kind == "category" and form.is_chosen:
        from pandas import Series

        texts = categories(name, column)
        return Series(texts, index=column.index, dtype=object)
    return column


def _kind(name: str, column: pd.Series, form: ColumnForm | None, *, may_be_empty: bool) -> Kind:
    if form is not None:
        return "number" if form.kind == "time of day" else form.kind
    # A column without a value is left out of a data frame, and rejected in an array.
    return "category" if may_be_empty and column.isna().all() else find_kind(name, column)
