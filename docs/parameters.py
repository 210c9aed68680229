"""`python -m docs.parameters`: make what parameters.md takes from docstrings and tables anew.

Between `<!-- parameter NAME -->` and `<!-- end -->` stands what the docstrings say of a parameter;
between `<!-- table KIND -->` and `<!-- end -->` a table of formulas. All else is written by hand.
"""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

from lamina import MLPClassifier, MLPRegressor, formulas
from lamina.estimators.docstrings import described
from lamina.formulas.table import Table

PAGE = Path(__file__).parent / "parameters.md"
CLASSES = (MLPClassifier, MLPRegressor)
_BLOCK = re.compile(r"<!-- (parameter|table) (.+?) -->\n.*?<!-- end -->", re.DOTALL)


def tables() -> dict[str, Table[Any]]:
    """Every table of formulas, by what it is called in `lamina.formulas`, in small letters."""
    found = vars(formulas).items()
    return {name.lower(): table for name, table in found if isinstance(table, Table)}


def parameters() -> list[str]:
    """Every parameter of either class, in the order of the signatures."""
    names = (name for cls in CLASSES for name in inspect.signature(cls).parameters)
    return list(dict.fromkeys(names))


def what_docstrings_say(name: str) -> str:
    """What both classes say of a parameter, once where they say the same."""
    of_class = {cls.__name__: of[name] for cls in CLASSES if name in (of := described(cls))}
    if not of_class:
        raise ValueError(f"{name!r} is no parameter that a docstring tells of")
    texts = dict.fromkeys(of_class.values())
    parts = []
    for kind, text in texts:
        owners = [owner for owner, said in of_class.items() if said == (kind, text)]
        of = "" if len(owners) == len(CLASSES) else f" of {owners[0]}"
        parts.append(f"*{_escaped(kind)}*{of}\n\n{_escaped(text)}\n")
    return "\n".join(parts)


def as_markdown(table: Table[Any]) -> str:
    """A table of formulas: the names, the equations, and where they come from."""
    lines = ["| name | formula | source |", "| --- | --- | --- |"]
    for record in table.values():
        cells = (f"`{record.name}`", record.equation, getattr(record, "paper", ""))
        lines.append(f"| {' | '.join(_in_a_cell(cell) for cell in cells)} |")
    return "\n".join(lines) + "\n"


def with_blocks(page: str) -> str:
    """The page's text with every block as the code has it today."""

    def anew(match: re.Match[str]) -> str:
        kind, name = match.groups()
        made = what_docstrings_say(name) if kind == "parameter" else as_markdown(tables()[name])
        return f"<!-- {kind} {name} -->\n{made}<!-- end -->"

    return _BLOCK.sub(anew, page)


def _escaped(text: str) -> str:
    """Text in which Markdown takes no star for emphasis, and no bracket for HTML."""
    return text.replace("*", r"\*").replace("<", "&lt;")


def _in_a_cell(text: str) -> str:
    return _escaped(text).replace("|", r"\|")


if __name__ == "__main__":
    PAGE.write_text(with_blocks(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
