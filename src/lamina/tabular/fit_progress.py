"""Progress of a fit of several networks: epochs counted over all threads, and early ending."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from lamina.training.history import Ending

if TYPE_CHECKING:
    from lamina.training.under_way import FitUnderWay

Show = Callable[[int, int, float | None], object]

SECONDS_BETWEEN_LINES = 1.0
# The first few epochs are too few to estimate the remaining time.
LEAST_FRACTION = 0.02


class FitProgress:
    """Number of epochs done by all members.

    Shared by threads; a copy in another process displays nothing.

    Parameters
    ----------
    show : callable or None
        `show(done, total, seconds_left)`; called by one thread at a time.
    """

    def __init__(self, show: Show | None = None) -> None:
        self.show = show
        self.totals: list[int] = []
        self.done: list[int] = []
        self.later = 0
        self.started = time.monotonic()
        self.lock = threading.Lock()
        self.is_stopped = False

    def __reduce__(self) -> tuple[type[FitProgress], tuple[()]]:
        return FitProgress, ()

    def begin(self, totals: Sequence[int], later: int = 0) -> int:
        """Add members, given the number of epochs of each; return the index of the first one.

        `later` is the number of epochs expected in addition to these.
        """
        place = len(self.totals)
        self.totals += totals
        self.done += [0] * len(totals)
        self.later = later
        return place

    def advance(self, place: int, epochs: int) -> None:
        """Set the number of epochs that a member has done."""
        if self.show is None:
            return
        with self.lock:
            self.done[place] = epochs
            done, total = sum(self.done), sum(self.totals) + self.later
            self.show(done, total, self._seconds_left(done, total))

    def finish(self, place: int) -> None:
        """Count all epochs of a member as done."""
        if self.show is not None and self.done[place] < self.totals[place]:
            self.advance(place, self.totals[place])

    def stop(self) -> None:
        """End the fits of all threads after their current epoch."""
        self.is_stopped = True

    def _seconds_left(self, done: int, total: int) -> float | None:
        if done >= total:
            return 0.0
        if done < LEAST_FRACTION * total:
            return None
        return (time.monotonic() - self.started) * (total - done) / done


class MemberCallback:
    """Callback of a member's fit: counts its epochs, and can end it early.

    Parameters
    ----------
    progress : FitProgress
    place : int
        Index of the member.
    last_epoch : int, optional
        Epoch after which the fit ends; by default it ends by itself.
    """

    def __init__(self, progress: FitProgress, place: int, last_epoch: int | None = None) -> None:
        self.progress, self.place, self.last_epoch = progress, place, last_epoch

    def on_epoch_end(self, fit: FitUnderWay) -> None:
        """Count the epoch."""
        self.progress.advance(self.place, fit.epoch)
        if self.progress.is_stopped or fit.epoch == self.last_epoch:
            fit.stop()

    def on_fit_end(self, fit: FitUnderWay) -> None:
        """Raise KeyboardInterrupt again, since a single network would keep its steps at Ctrl-C."""
        if fit.ending == Ending.INTERRUPTED.value:
            raise KeyboardInterrupt


class ProgressLine:
    """Line on standard error, written once per second and at the end.

    Examples
    --------
    >>> words_of_progress(120, 480, 74.6)
    'training: 25 %, about 1 min 15 s left'
    """

    def __init__(self) -> None:
        self.shown_at = -float("inf")

    def __call__(self, done: int, total: int, seconds_left: float | None) -> None:
        now, ends = time.monotonic(), done >= total
        if not ends and now - self.shown_at < SECONDS_BETWEEN_LINES:
            return
        self.shown_at = now
        text = words_of_progress(done, total, seconds_left)
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{text:<60}" + ("\n" if ends else ""))
        else:
            sys.stderr.write(text + "\n")
        sys.stderr.flush()


def words_of_progress(done: int, total: int, seconds_left: float | None) -> str:
    """Return the percentage of epochs done, and the remaining time."""
    text = f"training: {100 * done // max(total, 1)} %"
    if seconds_left is None or done >= total:
        return text
    minutes, seconds = divmod(round(seconds_left), 60)
    return f"{text}, about {f'{minutes} min ' if minutes else ''}{seconds} s left"
