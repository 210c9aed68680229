"""The `{command}` directive: the help text of a command of `lamina`."""

from __future__ import annotations

import contextlib
import io
import os
from typing import Any
from unittest import mock

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

# Help is formatted for the terminal: here one without colours, as wide as a page.
TERMINAL = {"COLUMNS": "76", "NO_COLOR": "1", "TERM": "dumb"}


def help_of(command: str) -> str:
    """Return the output of `command --help`."""
    import typer.rich_utils  # noqa: F401  it reads the environment at import, for the whole process

    from lamina.cli import main

    printed = io.StringIO()
    with mock.patch.dict(os.environ, TERMINAL), contextlib.redirect_stdout(printed):
        code = main([*command.split()[1:], "--help"])
    if code:
        raise ValueError(f"{command} --help ended with {code}")
    return "\n".join(line.rstrip() for line in printed.getvalue().strip("\n").splitlines())


class Command(SphinxDirective):
    """Show the help of the command in the argument."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        text = help_of(self.arguments[0])
        return [nodes.literal_block(text, text, language="text")]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension with Sphinx."""
    app.add_directive("command", Command)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
