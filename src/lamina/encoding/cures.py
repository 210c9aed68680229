"""Texts in remarks on how to read a column differently, in Python or by an option."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple, TypeAlias

from lamina.encoding.written_dates import DateOrder

ChosenType: TypeAlias = Literal["number", "date", "text"]


class Cures(NamedTuple):
    """Functions that return the subject of a sentence such as "… reads numbers".

    They are functions of this module, so that sources of batches can be pickled.

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


def _type_in_python(column: str, kind: ChosenType) -> str:
    return f"column_types={{{column!r}: {kind!r}}}"


def _decimal_in_python(sign: str) -> str:
    return f"pandas.read_csv(…, decimal={sign!r})"


def _order_in_python(order: DateOrder) -> str:
    return f"pandas.to_datetime(…, dayfirst={order == 'day first'})"


def _mark_in_python(text: str) -> str:
    return f"pandas.read_csv(…, na_values=[{text!r}])"


def _type_option(column: str, kind: ChosenType) -> str:
    return f"--{kind} {column!r}"


def _decimal_option(sign: str) -> str:
    return f"--decimal {sign!r}"


def _order_option(order: DateOrder) -> str:
    return f"--{order.replace(' ', '-')}"


def _mark_option(text: str) -> str:
    return f"--na {text}"


def _type_from_a_page(column: str, kind: ChosenType) -> str:
    return f"in Python {_type_in_python(column, kind)}"


def _decimal_from_a_page(sign: str) -> str:
    return f"in Python {_decimal_in_python(sign)}"


def _order_from_a_page(order: DateOrder) -> str:
    return f"in Python {_order_in_python(order)}"


def _mark_from_a_page(text: str) -> str:
    return f"in Python {_mark_in_python(text)}"


IN_PYTHON = Cures(_type_in_python, _decimal_in_python, _order_in_python, _mark_in_python)
BY_OPTIONS = Cures(_type_option, _decimal_option, _order_option, _mark_option)
# The workbench's page has no fields for these.
FROM_A_PAGE = Cures(_type_from_a_page, _decimal_from_a_page, _order_from_a_page, _mark_from_a_page)
