"""Types of the plain values in messages between a page and its server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

# A JSON object before it is checked: a member may be missing, or of any type.
Plain: TypeAlias = Mapping[str, object]
# A JSON object to be sent.
Message: TypeAlias = dict[str, object]
