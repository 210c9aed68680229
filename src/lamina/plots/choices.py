"""Check options that accept a few strings."""

from __future__ import annotations

from collections.abc import Sequence

from lamina.errors import suggestion


def chosen(parameter: str, value: str, allowed: Sequence[str]) -> str:
    """Return the value if it is allowed; otherwise raise ValueError with the allowed ones."""
    if value not in allowed:
        raise ValueError(
            f"{parameter}={value!r} must be one of {', '.join(map(repr, allowed))}."
            f"{suggestion(value, allowed)}"
        )
    return value
