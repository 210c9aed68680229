"""Read the description of each parameter from the estimators' docstrings."""

from __future__ import annotations

import inspect
import re
import textwrap

_ENTRY = re.compile(r"^(\w+(?:, \w+)*) : (.+)$")


def described(cls: type) -> dict[str, tuple[str, str]]:
    """Return the type and the description of each parameter from the docstring of a class.

    Examples
    --------
    >>> from lamina import MLPClassifier
    >>> described(MLPClassifier)["power_t"]
    ('float, default=0.5', "Exponent of 'invscaling'.")
    """
    doc = inspect.getdoc(cls) or ""
    section = re.search(r"^Parameters\n-+\n(.*?)\n\n\w+\n-+\n", doc, re.DOTALL | re.MULTILINE)
    entries: dict[str, tuple[str, list[str]]] = {}
    lines: list[str] = []
    for line in section.group(1).splitlines() if section else ():
        if match := _ENTRY.match(line):
            lines = []
            entries |= {name: (match.group(2), lines) for name in match.group(1).split(", ")}
        else:
            lines.append(line)
    return {
        name: (kind, textwrap.dedent("\n".join(text)).strip())
        for name, (kind, text) in entries.items()
    }
