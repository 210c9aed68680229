"""Options of pictures that are one of a few words."""

from __future__ import annotations

from collections.abc import Sequence

from lamina.errors import suggestion


def chosen(parameter: str, value: str, allowed: Sequence[str]) -> str:
    """The value, if it is allowed; else a ValueError that says what is."""
    if value not in allowed:
        raise ValueError(
            f"{parameter}={value!r} must be one of {', '.join(map(repr, allowed))}."
            f"{suggestion(value, allowed)}"
        )
    return value
