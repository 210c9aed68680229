"""How a remark about a column names what would read it otherwise: in Python, or by an option."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple, TypeAlias

from lamina.encoding.written_dates import DateOrder

ChosenType: TypeAlias = Literal["number", "date", "text"]


class Cures(NamedTuple):
    """The words for each cure, which is the beginning of a sentence such as "… reads numbers".

    Attributes
    ----------
    of_type : callable
        `of_type(column, type)`: how the user chooses what a column holds.
    of_decimal : callable
        `of_decimal(sign)`: how the user chooses the decimal sign.
    of_order : callable
        `of_order(order)`: how the user chooses the order of day and month.
    of_mark : callable
        `of_mark(text)`: how the user says that a cell is missing.
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
# A page has no fields for these.
FROM_A_PAGE = Cures(
    of_type=lambda column, kind: f"in Python {IN_PYTHON.of_type(column, kind)}",
    of_decimal=lambda sign: f"in Python {IN_PYTHON.of_decimal(sign)}",
    of_order=lambda order: f"in Python {IN_PYTHON.of_order(order)}",
    of_mark=lambda text: f"in Python {IN_PYTHON.of_mark(text)}",
)
