"""The `{records}` directive: a table of formulas with fields of its records.

    ```{records} activations
    ```

The rows come from the table of that name in `lamina.formulas`. A column is a field of the record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from docs.parameters import tables
from lamina.formulas.hyperparameters import names_of

Column = Callable[[Any], str]


def names(values: Any) -> str:
    """Return names as code."""
    return ", ".join(f"``{value}``" for value in values) or "–"


def code(field: str) -> Column:
    """Return the column with a record's code in another language."""
    return lambda record: f"``{text}``" if (text := getattr(record.code, field, "")) else "–"


def number(field: str) -> Column:
    """Return the column with a number of the record, to four digits."""
    return lambda record: f"{getattr(record, field):.4g}"


def options(record: Any) -> str:
    """Return a schedule's options with their defaults."""
    defaults = ((name, option.default) for name, option in record.options.items())
    return ", ".join(f"``{name}`` ({default})" for name, default in defaults) or "–"


def yes(field: str) -> Column:
    """Return the column with a boolean field as yes or no."""
    return lambda record: "yes" if getattr(record, field) else "no"


# The columns after name, formula and source; other tables have only these.
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
        "inverse link": lambda record: f"``{record.inverse_link}``",
        "parameters": lambda record: names(names_of(record.hyperparameters)),
    },
    "optimizers": {
        "state": lambda record: names(record.slots),
        "parameters": lambda record: names(names_of(record.hyperparameters)),
        "default decay": number("weight_decay"),
    },
    "schedules": {"options (default)": options, "follows the length": yes("follows_length")},
}


def rows_of(kind: str) -> Iterator[list[str]]:
    """Yield the heading of a table of formulas, and a row for each of its records."""
    columns = COLUMNS.get(kind, {})
    yield ["name", "formula and source", *columns]
    for record in tables()[kind].values():
        cells = [column(record) for column in columns.values()]
        yield [f"``{record.name}``", _formula(record), *cells]


class Records(SphinxDirective):
    """Show a table of formulas; the argument is its name in `lamina.formulas`, in lower case."""

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
    """Return a record's formula, followed by a paragraph with its source."""
    source = _escaped(getattr(record, "paper", ""))
    return _escaped(record.equation) + (f"\n\n       *{source}*" if source else "")


def _escaped(text: str) -> str:
    """Return the text with reStructuredText markup escaped."""
    return "".join(f"\\{letter}" if letter in r"\*`|_" else letter for letter in text)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension with Sphinx."""
    app.add_directive("records", Records)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
