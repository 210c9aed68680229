"""The group of commands: help that is made when it is shown, and how a command ends."""

from __future__ import annotations

import os
import sys
from typing import Any

from typer.core import TyperGroup

INTERRUPTED = 130
# What is known by name takes half a second to import, which the workbench has no use for.
DATA_NAMES = "the names of data"


def _data_names() -> str:
    from lamina.datasets import DATASETS

    return ", ".join(DATASETS)


class Commands(TyperGroup):
    """The commands; typer itself ends without a word on Ctrl-C, and with 1 after `| head`."""

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        command = super().get_command(ctx, cmd_name)
        for option in getattr(command, "params", ()):
            if DATA_NAMES in (getattr(option, "help", None) or ""):
                option.help = option.help.replace(DATA_NAMES, _data_names())
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
