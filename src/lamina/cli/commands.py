"""The group of commands: help that is made when it is shown, and how a command ends."""

from __future__ import annotations

import os
import sys
from typing import Any

from typer.core import TyperGroup

INTERRUPTED = 130
# What is known by name takes half a second to import, which the workbench has no use for.
DATA_NAMES = "the names of data"
QUALITY_NAMES = "the names of qualities"


def _data_names() -> str:
    from lamina.datasets import DATASETS, SHIPPED

    return ", ".join([*SHIPPED, *DATASETS])


def _quality_names() -> str:
    from lamina.cli.model_choice import qualities

    return ", ".join(qualities())


# The words of a help text that stand for names, and the function that lists these.
LISTS = {DATA_NAMES: _data_names, QUALITY_NAMES: _quality_names}


class Commands(TyperGroup):
    """The commands; typer itself ends without a word on Ctrl-C, and with 1 after `| head`."""

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        command = super().get_command(ctx, cmd_name)
        for option in getattr(command, "params", ()):
            for words, names in LISTS.items():
                if words in (getattr(option, "help", None) or ""):
                    option.help = option.help.replace(words, names())
        return command

    def invoke(self, ctx: Any) -> Any:
        try:
            outcome = super().invoke(ctx)
            sys.stdout.flush()
            return outcome
        except KeyboardInterrupt:
            print("lamina: interrupted before the end", file=sys.stderr)
            return INTERRUPTED
        except BrokenPipeError:
            # Python flushes what is left at exit, and would complain that nobody reads it.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0
