"""Refuse a type that the user chose for a column, if the column's values cannot have it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from lamina.encoding.columns import Kind, find_kind, show_value
from lamina.encoding.cures import IN_PYTHON, Cures
from lamina.encoding.file_rows import row_name
from lamina.errors import TableError

if TYPE_CHECKING:
    import pandas as pd

_FOUND: Mapping[Kind, str] = {"number": "numbers", "date": "dates", "category": "categories"}
_EXAMPLES: Mapping[str, str] = {"number": "1234.5", "date": "2024-12-31"}


def require_chosen_kind(
    name: str, column: pd.Series, chosen: str | None, cures: Cures = IN_PYTHON
) -> None:
    """Reject a column of other values than the numbers or dates that the user declared.

    Parameters
    ----------
    name : str
        Name of the column in the message.
    column : pandas.Series
        Its texts are read already.
    chosen : {'number', 'date', 'category', 'text'} or None
    cures : Cures

    Raises
    ------
    TableError
    """
    if chosen not in ("number", "date") or column.isna().all():
        return
    found = find_kind(name, column)
    if found == chosen:
        return
    position = int(column.notna().to_numpy().argmax())
    if found == "category":
        cure = f"table[{name!r}].astype(str)"
    elif found == "date":
        cure = f"table[{name!r}].dt.year, for example"
    else:
        cure = f"pandas.to_datetime(table[{name!r}], format='%Y%m%d')"
    option = cures.of_type(name, "number" if chosen == "number" else "date")
    example = show_value(column.iloc[position])
    raise TableError(
        f"column {name!r} is declared a {chosen} by {option}, but holds {_FOUND[found]} such as "
        f"{example} in {row_name(column, position)}: convert it with {cure}, "
        "or leave the type out"
    )


def no_readable_cell(name: str, kind: str, cell: str, cures: Cures) -> TableError:
    """Return the error for a column of texts, none of which is of the declared kind.

    Parameters
    ----------
    name : str
    kind : {'number', 'date'}
    cell : str
        A cell and its row, for the message.
    cures : Cures
    """
    option = cures.of_type(name, "number" if kind == "number" else "date")
    return TableError(
        f"column {name!r} is declared a {kind} by {option}, but none of its cells is a {kind}: it "
        f"holds {cell}; write each {kind} like {_EXAMPLES[kind]}, or leave the type out"
    )
