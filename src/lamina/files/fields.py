"""Check values read from a file, declared field by field, before anything uses them.

A record is declared as a mapping from field names to checks: `check(value, place)` raises
ModelFileError for a value outside the field's range, dtype, shape or set. `check_fields` rejects
fields that are missing or undeclared, so that no field is read without a check.
"""

from __future__ import annotations

import math
import reprlib
import sys
from collections.abc import Callable, Collection, Iterable, Mapping
from numbers import Integral, Real
from typing import TypeAlias, TypeGuard

import numpy as np
from numpy.typing import DTypeLike

from lamina.errors import ModelFileError

Check: TypeAlias = Callable[[object, str], None]
Fields: TypeAlias = Mapping[str, Check]

# Counters stay well below the maximum of int64, so that sums and products of them fit.
LARGEST_COUNT = 2**53
_KINDS = {"b": "bool", "i": "int", "u": "uint", "f": "float", "U": "text", "O": "object"}


def check_fields(
    values: object, fields: Fields, place: str = "", optional: Collection[str] = ()
) -> None:
    """Check every field of a record read from a file.

    Parameters
    ----------
    values : mapping
        Values of the record by name.
    fields : mapping of str to callable
        Check of each field.
    place : str
        Place of the record in the file, for messages.
    optional : collection of str
        Fields that may be missing.

    Raises
    ------
    ModelFileError
        For a value that its check rejects, a missing field, and an undeclared field.

    Examples
    --------
    >>> check_fields({"step": -1}, {"step": whole()}, "optimizer")
    Traceback (most recent call last):
    ...
    lamina.errors.ModelFileError: its optimizer.step is -1, where a whole number from 0 to \
9007199254740992 is expected
    """
    if not isinstance(values, dict):
        raise refused(values, place or "content", "a record")
    for name in values:
        if name not in fields:
            raise ModelFileError(f"its {_below(place, name)} is not a field of this record")
    for name, check in fields.items():
        if name in values:
            check(values[name], _below(place, name))
        elif name not in optional:
            raise ModelFileError(f"its {_below(place, name)} is missing")


def record(fields: Fields, optional: Collection[str] = ()) -> Check:
    """Require a dict with these fields."""
    return lambda value, place: check_fields(value, fields, place, optional)


def whole(low: int = 0, high: int = LARGEST_COUNT) -> Check:
    """Require an integer from low to high, inclusive."""
    return _where(
        lambda value: _is_whole(value) and low <= int(value) <= high,
        f"a whole number from {low} to {high}",
    )


def number(low: float = -math.inf, high: float = math.inf, *, finite: bool = True) -> Check:
    """Require a number from low to high, inclusive; infinity only with finite=False."""
    return _where(
        lambda value: (
            _is_real(value) and low <= value <= high and (not finite or math.isfinite(value))
        ),
        f"a {'finite ' if finite else ''}number from {low:g} to {high:g}",
    )


def any_number(value: object, place: str) -> None:
    """Require a number, which may be infinite or NaN."""
    if not _is_real(value):
        raise refused(value, place, "a number")


def truth(value: object, place: str) -> None:
    """Require True or False."""
    if not isinstance(value, (bool, np.bool_)):
        raise refused(value, place, "True or False")


def text(value: object, place: str) -> None:
    """Require text."""
    if not isinstance(value, str):
        raise refused(value, place, "text")


def member(options: Iterable[object]) -> Check:
    """Require one of a set of texts or None."""
    allowed = list(options)
    return _where(
        lambda value: isinstance(value, str | None) and value in allowed,
        f"one of {', '.join(map(repr, allowed))}",
    )


def exactly(expected: bool) -> Check:
    """Require this truth value."""
    return _where(lambda value: value is expected, repr(expected))


def nothing(value: object, place: str) -> None:
    """Require None."""
    if value is not None:
        raise refused(value, place, "None")


def none_or(check: Check) -> Check:
    """Allow None in addition to the values that another check allows."""
    return lambda value, place: None if value is None else check(value, place)


def array(dtypes: str | DTypeLike, shape: tuple[int | None, ...], *, finite: bool = False) -> Check:
    """Require an array of given dtypes and shape.

    Parameters
    ----------
    dtypes : str or dtype
        NumPy's letters of kinds, such as 'f' or 'iu', or one dtype.
    shape : tuple of int or None
        None stands for any length.
    finite : bool
        If True, reject infinity and NaN.
    """
    kinds = dtypes if isinstance(dtypes, str) and set(dtypes) <= set("biufUO") else ""
    dtype = None if kinds else np.dtype(dtypes)

    def fits(value: object) -> bool:
        return (
            isinstance(value, np.ndarray)
            and (value.dtype.kind in kinds if kinds else value.dtype == dtype)
            and len(value.shape) == len(shape)
            and all(n in (m, None) for n, m in zip(shape, value.shape, strict=True))
            and (not finite or bool(np.isfinite(value).all()))
        )

    lengths = ", ".join("any" if n is None else str(n) for n in shape)
    what = f"dtype {dtype or ' or '.join(_KINDS[kind] for kind in kinds)} and shape ({lengths})"
    return _where(fits, f"{'a finite' if finite else 'an'} array of {what}")


def list_of(check: Check, length: int | None = None) -> Check:
    """Require a list whose items all pass a check."""

    def apply(value: object, place: str) -> None:
        if not isinstance(value, list) or length not in (None, len(value)):
            raise refused(value, place, "a list" if length is None else f"a list of {length} items")
        for i, item in enumerate(value):
            check(item, f"{place}[{i}]")

    return apply


def numbers(length: int | None = None) -> Check:
    """Require a list of floats, which may be infinite or NaN."""
    return _where(
        lambda value: (
            isinstance(value, list) and length in (None, len(value)) and all(map(_is_real, value))
        ),
        "a list of numbers" if length is None else f"a list of {length} numbers",
    )


def mapping_of(check: Check) -> Check:
    """Require a dict whose keys are text and whose values all pass a check."""

    def apply(value: object, place: str) -> None:
        if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
            raise refused(value, place, "a dict of text")
        for key, item in value.items():
            check(item, f"{place}[{key!r}]")

    return apply


def refused(value: object, place: str, expected: str) -> ModelFileError:
    """Return the error for a value that its field does not allow."""
    return ModelFileError(f"its {place} is {described(value)}, where {expected} is expected")


def described(value: object) -> str:
    """Return a short text for a value in a message; arrays are shown by dtype and shape."""
    if isinstance(value, np.ndarray):
        return f"an array of dtype {value.dtype} and shape {value.shape}"
    if _is_whole(value) and abs(int(value)) >= 10**40:
        return "an integer of more than 40 digits"
    return reprlib.repr(value)


def _where(condition: Callable[[object], bool], expected: str) -> Check:
    def check(value: object, place: str) -> None:
        if not condition(value):
            raise refused(value, place, expected)

    return check


def _is_whole(value: object) -> TypeGuard[int]:
    return isinstance(value, Integral) and not isinstance(value, (bool, np.bool_))


def _is_real(value: object) -> TypeGuard[float]:
    """Return True for a number that a float can hold; Python's integers may be larger."""
    if isinstance(value, (bool, np.bool_)):
        return False
    if isinstance(value, Integral):
        return abs(int(value)) <= sys.float_info.max
    return isinstance(value, Real)


def _below(place: str, name: object) -> str:
    return f"{place}.{name}" if place else str(name)
