"""Which members of a class the reference shows: lamina's own, and none that is inherited."""

from __future__ import annotations

import inspect
from typing import Any

from sphinx.application import Sphinx


def leave_out_what_is_inherited(
    app: Sphinx, what: str, name: str, member: Any, skip: bool, options: Any
) -> bool | None:
    """True for what scikit-learn or Python wrote; they have their own reference."""
    if what != "class":
        return None
    function = inspect.unwrap(member.fget if isinstance(member, property) else member)
    module = getattr(function, "__module__", None) or ""
    return None if skip or module.partition(".")[0] == "lamina" else True


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.connect("autodoc-skip-member", leave_out_what_is_inherited)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
