"""The group of commands: fills lists of names into help texts, and handles Ctrl-C and pipes."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from typer.core import TyperGroup

if TYPE_CHECKING:
    from typer._click.core import Command, Context

INTERRUPTED = 130
# Listing the names imports NumPy and more, for half a second, so help texts hold placeholders.
DATA_NAMES = "the names of data"
QUALITY_NAMES = "the names of qualities"


def _data_names() -> str:
    from lamina.datasets import DATASETS, SHIPPED

    return ", ".join([*SHIPPED, *DATASETS])


def _quality_names() -> str:
    from lamina.cli.model_choice import qualities

    return ", ".join(qualities())


# The function that lists the names, for each placeholder.
LISTS = {DATA_NAMES: _data_names, QUALITY_NAMES: _quality_names}


class Commands(TyperGroup):
    """The commands of `lamina`, with exit code 130 after Ctrl-C and 0 after a closed pipe.

    typer prints nothing on Ctrl-C, and exits with 1 when `| head` closes the pipe.
    """

    def get_command(self, ctx: Context, cmd_name: str) -> Command | None:
        """Return a command with the placeholders in its help replaced by names."""
        command = super().get_command(ctx, cmd_name)
        for option in getattr(command, "params", ()):
            for words, names in LISTS.items():
                if words in (getattr(option, "help", None) or ""):
                    option.help = option.help.replace(words, names())
        return command

    def invoke(self, ctx: Context) -> object:
        """Run a command; report Ctrl-C, and ignore a closed pipe."""
        try:
            outcome = super().invoke(ctx)
            sys.stdout.flush()
            return outcome
        except KeyboardInterrupt:
            print("lamina: interrupted before the end", file=sys.stderr)
            return INTERRUPTED
        except BrokenPipeError:
            # Python flushes stdout at exit, and would report the closed pipe again.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0
