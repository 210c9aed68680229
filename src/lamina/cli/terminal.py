"""Output of a command: text on stdout, remarks and progress on stderr."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from rich.console import Console

from lamina.cli.progress import Silence, working
from lamina.cli.report import plain_console


@dataclass
class Terminal:
    """The two consoles of a command.

    Attributes
    ----------
    out, err : Console
    quiet : bool
        True to print only remarks.
    remarks : list of str
        The remarks printed so far, in order.
    """

    out: Console
    err: Console
    quiet: bool
    remarks: list[str] = field(default_factory=list)

    @classmethod
    def open(cls, *, quiet: bool, json: bool = False) -> Terminal:
        """Return consoles for the process; stdout stays empty for a quiet command and for JSON."""
        out, err = plain_console(), plain_console(stderr=True)
        out.quiet = quiet or json
        return cls(out, err, quiet)

    def print(self, text: str) -> None:
        """Print a line on stdout."""
        self.out.print(text, soft_wrap=True)

    def print_remark(self, remark: str) -> None:
        """Print a remark on a separate line on stderr."""
        self.remarks.append(remark)
        self.err.print(f"lamina: {remark}", soft_wrap=True)

    def working(self, what: str) -> AbstractContextManager[Silence]:
        """Show that the work inside the `with` block is still running."""
        return working(self.err, what, quiet=self.quiet)
