"""Checks that return the checked value with its type."""

from __future__ import annotations

from typing import TypeAlias, cast

from numpy.typing import DTypeLike

from lamina.files.fields import Check, array, list_of
from lamina.files.model_file import Tensor

# The items of a list are arrays, or None where the check allows it.
Items: TypeAlias = "list[Tensor | None]"


def checked_array(
    value: object, place: str, dtypes: str | DTypeLike, shape: tuple[int | None, ...]
) -> Tensor:
    """Return a value that `array(dtypes, shape)` accepts."""
    array(dtypes, shape)(value, place)
    return cast(Tensor, value)


def checked_list(value: object, place: str, check: Check, length: int) -> Items:
    """Return a value that `list_of(check, length)` accepts."""
    list_of(check, length)(value, place)
    return cast(Items, value)
