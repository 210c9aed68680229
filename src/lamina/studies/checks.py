"""Check integer and float arguments of studies and plots."""

from __future__ import annotations

import math
from numbers import Integral, Real
from typing import Any


def integer(name: str, value: Any, at_least: int = 1) -> int:
    """Return the value as an int.

    Raises
    ------
    ValueError
        If it is not an integer, or too small.

    Examples
    --------
    >>> integer("n_steps", 0)
    Traceback (most recent call last):
    ...
    ValueError: n_steps=0 must be an integer of at least 1
    """
    is_integer = isinstance(value, Integral) and not isinstance(value, bool)
    if not is_integer or int(value) < at_least:
        raise ValueError(f"{name}={value!r} must be an integer of at least {at_least}")
    return int(value)


def number(
    name: str, value: Any, *, above: float = -math.inf, at_least: float = -math.inf
) -> float:
    """Return the value as a float.

    Raises
    ------
    ValueError
        If it is not a finite number, or too small.
    """
    is_number = isinstance(value, Real) and not isinstance(value, bool)
    if not is_number or not (math.isfinite(value) and value > above and value >= at_least):
        bound = f"above {above:g}" if math.isfinite(above) else f"of at least {at_least:g}"
        raise ValueError(f"{name}={value!r} must be a finite number {bound}")
    return float(value)
