"""The options of the command line that control how a table's file is read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

# `lamina workbench` shows its page before it imports NumPy and the readers of tables.
if TYPE_CHECKING:
    from lamina.encoding.form_finding import ColumnType
    from lamina.tables.options import ReadingOptions

Categorical = Annotated[
    list[str] | None,
    typer.Option(
        "--categorical",
        metavar="COLUMN",
        help="A column of categories, even if they are numbers; may be given several times.",
    ),
]
Text = Annotated[
    list[str] | None,
    typer.Option(
        "--text",
        metavar="COLUMN",
        help="A column of text as it is written, NA and leading zeros included.",
    ),
]
Number = Annotated[
    list[str] | None,
    typer.Option(
        "--number",
        metavar="COLUMN",
        help="A column of numbers, even if it looks like an id; other cells in it are missing.",
    ),
]
Date = Annotated[
    list[str] | None,
    typer.Option("--date", metavar="COLUMN", help="A column of dates; other cells are missing."),
]
Marks = Annotated[
    list[str] | None,
    typer.Option(
        "--na",
        metavar="TEXT",
        help="Text of a missing value, in place of NA, NULL and so on; may be given several times.",
    ),
]
Separator = Annotated[
    str | None,
    typer.Option("--sep", metavar="CHARACTER", help="The separator of a CSV file."),
]
Decimal = Annotated[
    str | None, typer.Option("--decimal", metavar="SIGN", help="The decimal sign: '.' or ','.")
]
Encoding = Annotated[
    str | None,
    typer.Option("--encoding", metavar="NAME", help="The encoding of a text file, such as cp1252."),
]
DayFirst = Annotated[
    bool | None,
    typer.Option(
        "--day-first/--month-first", help="The order of dates such as 1/2/2024.", show_default=False
    ),
]


def reading_options(
    *,
    categorical: Sequence[str] | None = None,
    text: Sequence[str] | None = None,
    number: Sequence[str] | None = None,
    date: Sequence[str] | None = None,
    na: Sequence[str] | None = None,
    sep: str | None = None,
    decimal: str | None = None,
    encoding: str | None = None,
    day_first: bool | None = None,
) -> ReadingOptions:
    """Return the options for reading a table from the options of a command.

    Raises
    ------
    ValueError
        If two options name the same column, or an option has an invalid value.

    Examples
    --------
    >>> reading_options(categorical=["zip"], na=["?"], sep="tab").separator
    '\\t'
    """
    from lamina.encoding.cures import BY_OPTIONS
    from lamina.tables.options import ReadingOptions

    types: dict[str, ColumnType] = {}
    chosen: dict[ColumnType, Sequence[str] | None]
    chosen = {"category": categorical, "text": text, "number": number, "date": date}
    for kind, names in chosen.items():
        for name in names or ():
            if types.setdefault(name, kind) != kind:
                raise ValueError(f"column {name!r} cannot be both a {types[name]} and a {kind}")
    return ReadingOptions(
        types=types,
        marks=None if na is None else tuple(na),
        separator=sep,
        decimal=decimal,
        encoding=encoding,
        order=None if day_first is None else "day first" if day_first else "month first",
        cures=BY_OPTIONS,
    )
