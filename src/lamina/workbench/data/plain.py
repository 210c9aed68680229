"""Plain values in messages between a page and its server: their types, and what is no JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn, TypeAlias

# A JSON object before it is checked: a member may be missing, or of any type.
Plain: TypeAlias = Mapping[str, object]
# A JSON object to be sent.
Message: TypeAlias = dict[str, object]


def refuse_constant(name: str) -> NoReturn:
    """Raise ValueError for NaN and Infinity, which Python's reader of JSON would accept."""
    raise ValueError(f"{name} is not valid JSON")
