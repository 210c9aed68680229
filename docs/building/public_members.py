"""Show only lamina's own members of a class in the reference, without inherited ones."""

from __future__ import annotations

import inspect
from typing import Any

from sphinx.application import Sphinx


def leave_out_what_is_inherited(
    app: Sphinx, what: str, name: str, member: Any, skip: bool, options: Any
) -> bool | None:
    """Return True for members that scikit-learn or Python define and document."""
    if what != "class":
        return None
    function = inspect.unwrap(member.fget if isinstance(member, property) else member)
    module = getattr(function, "__module__", None) or ""
    return None if skip or module.partition(".")[0] == "lamina" else True


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension with Sphinx."""
    app.connect("autodoc-skip-member", leave_out_what_is_inherited)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
