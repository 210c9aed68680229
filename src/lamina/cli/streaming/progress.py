"""Show the progress of passes over a large table: rows, rows a second, and the time left."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from rich.console import Console
from rich.live import Live
from rich.text import Text

from lamina.cli.ensemble_progress import SECONDS_A_MINUTE, SECONDS_BETWEEN_LINES
from lamina.cli.progress import REFRESHES_A_SECOND

# Less time says little about the rate.
SECONDS_OF_RATE = 1.0


class PassProgress:
    """The rows of one pass so far.

    Parameters
    ----------
    console : Console
    live : bool
        True to leave printing to a live line.
    """

    def __init__(self, console: Console, live: bool) -> None:
        self.console, self.live = console, live
        self.stage, self.n_rows, self.in_all = "", 0, 0
        self.began = self.printed_at = time.monotonic()

    def update(self, stage: str, n_rows: int, in_all: int | None) -> None:
        """Show that a pass has come to a row.

        Parameters
        ----------
        stage : str
            Name of the pass, such as 'reading'.
        n_rows : int
        in_all : int or None
            None if the number of rows is not known yet.
        """
        now = time.monotonic()
        if stage != self.stage:
            self.began = self.printed_at = now
        self.stage, self.n_rows, self.in_all = stage, n_rows, in_all or 0
        if not self.live and now - self.printed_at >= SECONDS_BETWEEN_LINES:
            self.printed_at = now
            self.console.print(str(self.text()), soft_wrap=True)

    def text(self) -> Text:
        """Return the line."""
        return Text(pass_words(self.stage, self.n_rows, self.in_all, time.monotonic() - self.began))

    def __rich__(self) -> Text:
        return self.text()


def pass_words(stage: str, n_rows: int, in_all: int, seconds: float) -> str:
    """Return the state of a pass as text.

    Examples
    --------
    >>> pass_words("encoding", 3_000_000, 9_000_000, 10.0)
    'encoding  3,000,000 of 9,000,000 rows  300,000 rows/s  20 s left'
    """
    if not stage:
        return ""
    words = f"{stage}  {n_rows:,}" + (f" of {in_all:,} rows" if in_all else " rows")
    if seconds < SECONDS_OF_RATE or not n_rows:
        return words
    rate = n_rows / seconds
    words += f"  {rate:,.0f} rows/s"
    return f"{words}  {in_words((in_all - n_rows) / rate)} left" if in_all > n_rows else words


def in_words(seconds: float) -> str:
    """Return a time as text.

    Examples
    --------
    >>> in_words(20.3), in_words(200), in_words(7300)
    ('20 s', '3 min', '2.0 h')
    """
    if seconds < SECONDS_A_MINUTE:
        return f"{seconds:.0f} s"
    minutes = seconds / SECONDS_A_MINUTE
    hours = minutes / SECONDS_A_MINUTE
    return f"{minutes:.0f} min" if hours < 1 else f"{hours:.1f} h"


@contextmanager
def pass_progress(console: Console, *, quiet: bool = False) -> Iterator[PassProgress]:
    """Show the passes inside the `with` block on a console: a live line, or a line now and then."""
    live = console.is_terminal and not console.is_dumb_terminal and not quiet
    shown = PassProgress(console, live or quiet)
    if not live:
        yield shown
        return
    with Live(
        shown, console=console, refresh_per_second=REFRESHES_A_SECOND, transient=True
    ) as line:
        try:
            yield shown
        finally:
            with suppress(RuntimeError):
                line.stop()
