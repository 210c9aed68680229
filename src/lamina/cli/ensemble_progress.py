"""Show the progress of an ensemble's fit: percentage, elapsed time, remaining time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from lamina.cli.progress import BAR_WIDTH, REFRESHES_A_SECOND

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator

# Keeps the log of a long fit short.
SECONDS_BETWEEN_LINES = 5.0
SECONDS_A_MINUTE = 60


class ProgressReport(NamedTuple):
    """One call of an estimator's progress hook.

    Attributes
    ----------
    done, total : int
        Finished epochs of all networks, and their expected total.
    seconds_left : float or None
    at : float
        Time of the call, by `time.monotonic`.
    """

    done: int
    total: int
    seconds_left: float | None
    at: float


@contextmanager
def ensemble_progress(
    console: Console, model: BaseEstimator, *, quiet: bool = False
) -> Iterator[None]:
    """Show the progress of an ensemble's fit inside the `with` block on a console."""
    if quiet:
        yield
        return
    if console.is_terminal and not console.is_dumb_terminal:
        line = EnsembleLine()
        with (
            Live(line, console=console, refresh_per_second=REFRESHES_A_SECOND),
            _hooked(model, line.update),
        ):
            yield
    else:
        lines = EnsembleLines(console)
        lines.start()
        with _hooked(model, lines.update):
            yield
        lines.finish()


@contextmanager
def _hooked(model: BaseEstimator, update: Callable[..., object]) -> Iterator[None]:
    model._progress = update
    try:
        yield
    finally:
        # The hook must not be saved with the model.
        vars(model).pop("_progress", None)


class EnsembleLine:
    """A live line, drawn by rich's thread."""

    def __init__(self) -> None:
        self.started = time.monotonic()
        self.latest: ProgressReport | None = None

    def update(self, done: int, total: int, seconds_left: float | None) -> None:
        """Store the latest state of the fit."""
        self.latest = ProgressReport(done, total, seconds_left, time.monotonic())

    def __rich__(self) -> Table:
        step = self.latest
        total, done = (1, 0) if step is None else (step.total, step.done)
        line = Table.grid(padding=(0, 2))
        text = Text(words(step, self.started, time.monotonic()))
        line.add_row(ProgressBar(total=total, completed=done, width=BAR_WIDTH), text)
        return line


class EnsembleLines:
    """Plain lines: at the start, at the first call, then every five seconds, and at the end."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.started = time.monotonic()
        self.latest: ProgressReport | None = None
        self.printed: ProgressReport | None = None

    def update(self, done: int, total: int, seconds_left: float | None) -> None:
        """Store the latest state of the fit, and print it if a line is due."""
        self.latest = ProgressReport(done, total, seconds_left, time.monotonic())
        if self.printed is None or self.latest.at - self.printed.at >= SECONDS_BETWEEN_LINES:
            self._print()

    def start(self) -> None:
        """Print that the fit has begun; the first network may take minutes."""
        self._print()

    def finish(self) -> None:
        """Print the last state unless it has been printed."""
        if self.latest is not None and self.latest is not self.printed:
            self._print()

    def _print(self) -> None:
        self.printed = self.latest
        text = words(self.latest, self.started, time.monotonic())
        self.console.print(text, markup=False, highlight=False, soft_wrap=True)


def words(step: ProgressReport | None, started: float, now: float) -> str:
    """Return the state of a fit as text.

    Examples
    --------
    >>> words(ProgressReport(3, 8, 20.0, at=12.0), started=0.0, now=14.0)
    'training 37 %  14.0 s, about 18 s left'
    """
    if step is None:
        return f"preparing the networks  {now - started:.1f} s"
    text = f"training {100 * step.done // max(step.total, 1)} %  {now - started:.1f} s"
    if step.seconds_left is None or step.done >= step.total:
        return text
    return f"{text}, about {in_words(max(0.0, step.seconds_left - (now - step.at)))} left"


def in_words(seconds: float) -> str:
    """Return a duration in minutes and seconds.

    Examples
    --------
    >>> in_words(17.6), in_words(95)
    ('18 s', '1 min 35 s')
    """
    minutes, rest = divmod(round(seconds), SECONDS_A_MINUTE)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
