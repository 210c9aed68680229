"""Show the progress of long work: a live line on a terminal, occasional plain lines elsewhere."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from lamina.significant import significant
from lamina.training import EpochRecord, observe_fits

# The line may be a tenth of a second old; refreshing twice as often leaves room under load.
REFRESHES_A_SECOND = 20
SECONDS_BETWEEN_LINES = 1.0
BAR_WIDTH = 24
SECONDS_IN_SILENCE = 2.0
# Factor between the waits before successive plain lines of work without epochs.
LONGER = 2.0


@contextmanager
def progress(console: Console, *, quiet: bool = False) -> Iterator[None]:
    """Show the progress of the fits inside the `with` block on a console."""
    if quiet:
        yield
    elif console.is_terminal and not console.is_dumb_terminal:
        line = LiveLine()
        with (
            Live(line, console=console, refresh_per_second=REFRESHES_A_SECOND),
            observe_fits(line.update),
        ):
            yield
    else:
        with working(console, "starting") as silence:
            lines = PlainLines(console)

            def update(record: EpochRecord) -> None:
                silence.end()
                lines.update(record)

            with observe_fits(update):
                yield
        lines.finish()


class Silence:
    """A flag that ends the thread which shows that work is running.

    An Event is no replacement: Ctrl-C may strike anywhere in the main thread and leave its lock
    taken, while releasing a plain lock is a single step.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.lock.acquire()

    def end(self) -> None:
        """End the display; a second call does nothing."""
        with suppress(RuntimeError):
            self.lock.release()

    def ends_within(self, seconds: float = -1) -> bool:
        """Wait for the end, by default forever; return True if it came in time."""
        if not self.lock.acquire(timeout=seconds):
            return False
        self.end()
        return True


@contextmanager
def working(console: Console, what: str, *, quiet: bool = False) -> Iterator[Silence]:
    """Show that the work inside the `with` block is running, once it takes over two seconds.

    Parameters
    ----------
    console : Console
    what : str
        Name of the work, such as 'reading houses.csv'.
    quiet : bool, default=False

    Yields
    ------
    Silence
        Call its `end` to end the display early.
    """
    silence = Silence()
    if quiet:
        yield silence
        return
    live = console.is_terminal and not console.is_dumb_terminal
    show = _show_live if live else _print_occasionally
    thread = threading.Thread(target=show, args=(console, what, silence), daemon=True)
    thread.start()
    try:
        yield silence
    finally:
        silence.end()
        thread.join()


def _show_live(console: Console, what: str, silence: Silence) -> None:
    started = time.monotonic()
    live = Live(
        get_renderable=lambda: Text(f"{what}  {time.monotonic() - started:.1f} s"),
        console=console,
        refresh_per_second=REFRESHES_A_SECOND,
        transient=True,
    )
    if not silence.ends_within(SECONDS_IN_SILENCE):
        with live:
            silence.ends_within()


def _print_occasionally(console: Console, what: str, silence: Silence) -> None:
    started, wait = time.monotonic(), SECONDS_IN_SILENCE
    while not silence.ends_within(wait):
        console.print(f"{what}  {time.monotonic() - started:.1f} s", soft_wrap=True)
        wait *= LONGER


class LiveLine:
    """The latest epoch, drawn by rich's thread so that an update costs the fit nothing."""

    def __init__(self) -> None:
        self.started = time.monotonic()
        self.latest: EpochRecord | None = None

    def update(self, record: EpochRecord) -> None:
        self.latest = record

    def __rich__(self) -> Table:
        record, seconds = self.latest, time.monotonic() - self.started
        total, done = (record.max_epochs, record.epoch) if record is not None else (1, 0)
        line = Table.grid(padding=(0, 2))
        line.add_row(
            ProgressBar(total=total, completed=done, width=BAR_WIDTH), Text(words(record, seconds))
        )
        return line


class PlainLines:
    """One line for the first epoch, then one per second, and one for the last epoch."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.started = time.monotonic()
        self.latest: EpochRecord | None = None
        self.printed: EpochRecord | None = None
        self.printed_at = -float("inf")

    def update(self, record: EpochRecord) -> None:
        self.latest = record
        if time.monotonic() - self.printed_at >= SECONDS_BETWEEN_LINES:
            self._print()

    def _print(self) -> None:
        self.printed, self.printed_at = self.latest, time.monotonic()
        text = words(self.latest, self.printed_at - self.started)
        self.console.print(text, markup=False, highlight=False, soft_wrap=True)

    def finish(self) -> None:
        if self.latest is not self.printed:
            self._print()


def words(record: EpochRecord | None, seconds: float) -> str:
    """Return the state of a fit after an epoch as text.

    Examples
    --------
    >>> words(EpochRecord(7, 200, 0.4321, 0.95, 0.001, 7000), 1.25)
    'epoch 7/200  loss 0.4321  validation 0.95  1.2 s'
    """
    if record is None:
        return f"starting  {seconds:.1f} s"
    score = record.validation_score
    validation = "" if score is None else f"  validation {significant(score)}"
    return (
        f"epoch {record.epoch}/{record.max_epochs}  loss {significant(record.loss)}{validation}"
        f"  {seconds:.1f} s"
    )
