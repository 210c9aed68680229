"""Escape accidental reStructuredText markup in docstrings, such as |x| and coefs_.

A bar begins a substitution, and an underscore at the end of a word makes a link. Code in backticks
and examples are not changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from sphinx.application import Sphinx

# numpydoc escapes the names of parameters itself.
_CODE_OR_MARK = re.compile(r"``.*?``|`.*?`_*|(?P<mark>\||(?<=\w)_(?!\w| :))")
BEFORE_NUMPYDOC = 100


def escaped(lines: list[str]) -> Iterator[str]:
    """Yield the lines of a docstring with bars and trailing underscores escaped."""
    in_example = False
    for line in lines:
        in_example = line.lstrip().startswith(">>>") or (in_example and bool(line.strip()))
        yield line if in_example else _CODE_OR_MARK.sub(_escape, line)


def _escape(match: re.Match[str]) -> str:
    return f"\\{match['mark']}" if match["mark"] else match[0]


def escape_docstring(
    app: Sphinx, what: str, name: str, documented: Any, options: Any, lines: list[str]
) -> None:
    """Escape the lines of a docstring in place; autodoc calls this with each one."""
    lines[:] = escaped(lines)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension with Sphinx."""
    app.connect("autodoc-process-docstring", escape_docstring, priority=BEFORE_NUMPYDOC)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
