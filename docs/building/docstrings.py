"""Docstrings as reStructuredText: they are written to be read as they stand, |x| and coefs_ too.

What would be markup by accident is escaped: a bar, which begins a substitution, and an underscore
at the end of a word, which makes a link of it. Code in backticks and examples stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from sphinx.application import Sphinx

# A parameter's name is numpydoc's affair, and so are its own underscores.
_CODE_OR_MARK = re.compile(r"``.*?``|`.*?`_*|(?P<mark>\||(?<=\w)_(?!\w| :))")
BEFORE_NUMPYDOC = 100


def escaped(lines: list[str]) -> Iterator[str]:
    """The lines of a docstring in which bars and last underscores mean themselves."""
    in_example = False
    for line in lines:
        in_example = line.lstrip().startswith(">>>") or (in_example and bool(line.strip()))
        yield line if in_example else _CODE_OR_MARK.sub(_escape, line)


def _escape(match: re.Match[str]) -> str:
    return f"\\{match['mark']}" if match["mark"] else match[0]


def escape_docstring(
    app: Sphinx, what: str, name: str, documented: Any, options: Any, lines: list[str]
) -> None:
    """Called by autodoc with every docstring, whose lines are changed in place."""
    lines[:] = escaped(lines)


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.connect("autodoc-process-docstring", escape_docstring, priority=BEFORE_NUMPYDOC)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
