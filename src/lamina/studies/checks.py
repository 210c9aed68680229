"""Check integer and float arguments of studies and plots."""

from __future__ import annotations

import math
from numbers import Integral, Real


def integer(name: str, value: object, at_least: int = 1) -> int:
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
    if isinstance(value, bool) or not isinstance(value, Integral) or int(value) < at_least:
        raise ValueError(f"{name}={value!r} must be an integer of at least {at_least}")
    return int(value)


def number(
    name: str, value: object, *, above: float = -math.inf, at_least: float = -math.inf
) -> float:
    """Return the value as a float.

    Raises
    ------
    ValueError
        If it is not a finite number, or too small.
    """
    real = float(value) if not isinstance(value, bool) and isinstance(value, Real) else math.nan
    if not (math.isfinite(real) and real > above and real >= at_least):
        bound = f"above {above:g}" if math.isfinite(above) else f"of at least {at_least:g}"
        raise ValueError(f"{name}={value!r} must be a finite number {bound}")
    return real
