"""The `{records}` directive: a table of formulas, with what its records tell beside.

    ```{records} activations
    ```

The rows come from the table of that name in `lamina.formulas`, so that what is added there stands
here. A column is a field of the record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from docs.parameters import tables

Column = Callable[[Any], str]


def names(values: Any) -> str:
    """Names in the type of code."""
    return ", ".join(f"``{value}``" for value in values) or "–"


def code(field: str) -> Column:
    """How a record is written in another language."""
    return lambda record: f"``{text}``" if (text := getattr(record.code, field, "")) else "–"


def number(field: str) -> Column:
    """A number of the record, to four digits."""
    return lambda record: f"{getattr(record, field):.4g}"


def options(record: Any) -> str:
    """What a schedule may be told, and what it takes for granted."""
    defaults = ((name, option.default) for name, option in record.options.items())
    return ", ".join(f"``{name}`` ({default})" for name, default in defaults) or "–"


def yes(field: str) -> Column:
    """Whether something holds."""
    return lambda record: "yes" if getattr(record, field) else "no"


# What stands beside name, formula and source; a table that is not listed has these alone.
COLUMNS: dict[str, dict[str, Column]] = {
    "activations": {
        "in PyTorch": code("torch"),
        "in ONNX": code("onnx"),
        "gain k": number("gain"),
        "gain g": number("he_gain"),
        "learned": lambda record: names(each.name for each in record.parameters),
    },
    "inverse_links": {"in PyTorch": code("torch"), "in ONNX": code("onnx")},
    "losses": {
        "task": lambda record: record.task,
        "inverse_link": lambda record: f"``{record.inverse_link}``",
        "parameters": lambda record: names(record.hyperparameters),
    },
    "optimizers": {
        "remembers": lambda record: names(record.slots),
        "parameters": lambda record: names(record.hyperparameters),
        "default decay": number("weight_decay"),
    },
    "schedules": {"options (default)": options, "follows the length": yes("follows_length")},
}


def rows_of(kind: str) -> Iterator[list[str]]:
    """The heading of a table of formulas, and a row for each of its records."""
    beside = COLUMNS.get(kind, {})
    yield ["name", "formula and source", *beside]
    for record in tables()[kind].values():
        of_record = [column(record) for column in beside.values()]
        yield [f"``{record.name}``", _formula(record), *of_record]


class Records(SphinxDirective):
    """A table of formulas; the argument is its name in `lamina.formulas`, in small letters."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        lines = [".. list-table::", "   :header-rows: 1", "   :class: records", ""]
        for cells in rows_of(self.arguments[0]):
            lines += self._row(cells)
        return self._parsed(lines)

    @staticmethod
    def _row(cells: list[str]) -> Iterator[str]:
        for i, cell in enumerate(cells):
            yield f"   {'*' if i == 0 else ' '} - {cell}".rstrip()

    def _parsed(self, lines: list[str]) -> list[nodes.Node]:
        from docutils.parsers.rst import Parser
        from docutils.utils import new_document

        document = new_document("records", self.state.document.settings)
        Parser().parse("\n".join(lines), document)
        return list(document.children)


def _formula(record: Any) -> str:
    """A record's formula, and in a paragraph of its own where it comes from."""
    source = _escaped(getattr(record, "paper", ""))
    return _escaped(record.equation) + (f"\n\n       *{source}*" if source else "")


def _escaped(text: str) -> str:
    """Text in which reStructuredText finds no markup."""
    return "".join(f"\\{letter}" if letter in r"\*`|_" else letter for letter in text)


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.add_directive("records", Records)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
