"""The command line: train a model on a table in a file, measure it, predict with it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.util import find_spec

__all__ = ["main"]

NEEDED = ("typer", "rich", "pandas", "pyarrow")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the `lamina` command.

    Parameters
    ----------
    arguments : sequence of str, default=None
        Arguments after `lamina`; by default those of the process.

    Returns
    -------
    int
        Exit code: 0 on success, 1 if a fit fails or its model cannot be measured, 2 for bad input,
        130 after Ctrl-C.
    """
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        print(
            f'lamina: the command line needs {", ".join(missing)}: pip install "lamina[cli]"',
            file=sys.stderr,
        )
        return 2
    from lamina.cli.app import run

    return run(arguments)
