"""Texts in remarks on how to read a column differently, in Python or by an option."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple, TypeAlias

from lamina.encoding.written_dates import DateOrder

ChosenType: TypeAlias = Literal["number", "date", "text"]


class Cures(NamedTuple):
    """Functions that return the subject of a sentence such as "… reads numbers".

    Attributes
    ----------
    of_type : callable
        `of_type(column, type)`: how to set the type of a column.
    of_decimal : callable
        `of_decimal(sign)`: how to set the decimal sign.
    of_order : callable
        `of_order(order)`: how to set the order of day and month.
    of_mark : callable
        `of_mark(text)`: how to declare a text as a missing value.
    """

    of_type: Callable[[str, ChosenType], str]
    of_decimal: Callable[[str], str]
    of_order: Callable[[DateOrder], str]
    of_mark: Callable[[str], str]


IN_PYTHON = Cures(
    of_type=lambda column, kind: f"column_types={{{column!r}: {kind!r}}}",
    of_decimal=lambda sign: f"pandas.read_csv(…, decimal={sign!r})",
    of_order=lambda order: f"pandas.to_datetime(…, dayfirst={order == 'day first'})",
    of_mark=lambda text: f"pandas.read_csv(…, na_values=[{text!r}])",
)
BY_OPTIONS = Cures(
    of_type=lambda column, kind: f"--{kind} {column!r}",
    of_decimal=lambda sign: f"--decimal {sign!r}",
    of_order=lambda order: f"--{order.replace(' ', '-')}",
    of_mark=lambda text: f"--na {text}",
)
# The workbench's page has no fields for these.
FROM_A_PAGE = Cures(
    of_type=lambda column, kind: f"in Python {IN_PYTHON.of_type(column, kind)}",
    of_decimal=lambda sign: f"in Python {IN_PYTHON.of_decimal(sign)}",
    of_order=lambda order: f"in Python {IN_PYTHON.of_order(order)}",
    of_mark=lambda text: f"in Python {IN_PYTHON.of_mark(text)}",
)
