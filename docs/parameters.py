"""`python -m docs.parameters`: regenerate the blocks of parameters.md.

The text between `<!-- parameter NAME -->` and `<!-- end -->` is a parameter's docstring, between
`<!-- table KIND -->` and `<!-- end -->` a table of formulas. The rest is written by hand.
"""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

from lamina import MLPClassifier, MLPRegressor, formulas
from lamina.estimators.settings.docstrings import described
from lamina.formulas.table import RecordTable

PAGE = Path(__file__).parent / "parameters.md"
CLASSES = (MLPClassifier, MLPRegressor)
_BLOCK = re.compile(r"<!-- (parameter|table) (.+?) -->\n.*?<!-- end -->", re.DOTALL)


def tables() -> dict[str, RecordTable[Any]]:
    """Return every table of formulas by its name in `lamina.formulas`, in lower case.

    SOLVERS is left out, because its entries are those of two other tables.
    """
    found = vars(formulas).items()
    return {
        name.lower(): table
        for name, table in found
        if isinstance(table, RecordTable) and table is not formulas.SOLVERS
    }


def parameters() -> list[str]:
    """Return the parameters of both classes in the order of the signatures."""
    names = (name for cls in CLASSES for name in inspect.signature(cls).parameters)
    return list(dict.fromkeys(names))


def parameter_text(name: str) -> str:
    """Return the description of a parameter in both classes, once if it is the same."""
    descriptions = {cls.__name__: described(cls).get(name) for cls in CLASSES}
    by_class = {owner: found for owner, found in descriptions.items() if found is not None}
    if not by_class:
        raise ValueError(f"no docstring describes a parameter {name!r}")
    parts = []
    for kind, text in dict.fromkeys(by_class.values()):
        owners = [owner for owner, found in by_class.items() if found == (kind, text)]
        owner = "" if len(owners) == len(CLASSES) else f" of {owners[0]}"
        parts.append(f"*{_escaped(kind)}*{owner}\n\n{_escaped(text)}\n")
    return "\n".join(parts)


def as_markdown(table: RecordTable[Any]) -> str:
    """Return a table of formulas with names, equations and sources."""
    lines = ["| name | formula | source |", "| --- | --- | --- |"]
    for record in table.values():
        cells = (f"`{record.name}`", record.equation, getattr(record, "paper", ""))
        lines.append(f"| {' | '.join(_in_a_cell(cell) for cell in cells)} |")
    return "\n".join(lines) + "\n"


def with_blocks(page: str) -> str:
    """Return the page with every block regenerated from the code."""

    def regenerated(match: re.Match[str]) -> str:
        kind, name = match.groups()
        made = parameter_text(name) if kind == "parameter" else as_markdown(tables()[name])
        return f"<!-- {kind} {name} -->\n{made}<!-- end -->"

    return _BLOCK.sub(regenerated, page)


def _escaped(text: str) -> str:
    """Return the text with stars and angle brackets escaped for Markdown."""
    return text.replace("*", r"\*").replace("<", "&lt;")


def _in_a_cell(text: str) -> str:
    return _escaped(text).replace("|", r"\|")


if __name__ == "__main__":
    PAGE.write_text(with_blocks(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
