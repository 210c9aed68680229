"""The time that a fit may take, and how much of it the work after the networks takes."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

Clock = Callable[[], float]

# The least and the most fraction of the time that is kept for the work after the networks.
LEAST_RESERVED, MOST_RESERVED = 0.05, 0.5
# The fraction of it that the last of this work takes, after the score.
LAST_FRACTION = 0.2
# Other programs may slow that work down while it lasts.
SAFETY_FACTOR = 1.25


class TimeLimit:
    """The seconds from now until a fit has to end.

    Parameters
    ----------
    seconds : float or None
        None for no limit.
    clock : callable, default=time.time
        `clock()` returns the time in seconds. Other processes share that of `time.time`.

    Attributes
    ----------
    ends_at : float
        Infinity without a limit.
    networks_end_at : float
        The end of the networks' training: the time after it is for out-of-fold predictions, their
        selection, score and calibration.
    remarks : list of str
        Sentences about the parts of the fit that were left out.

    Examples
    --------
    >>> limit = TimeLimit(10.0, clock=lambda: 100.0)
    >>> limit.reserve(2.0)
    >>> limit.ends_at, limit.networks_end_at
    (110.0, 107.5)
    """

    def __init__(self, seconds: float | None = None, clock: Clock = time.time) -> None:
        self.clock = clock
        self.seconds = math.inf if seconds is None else float(seconds)
        self.ends_at = clock() + self.seconds
        self.networks_end_at = self.ends_at
        self.remarks: list[str] = []
        if self.is_set:
            self.reserve(0.0)

    @property
    def is_set(self) -> bool:
        """Whether there is a limit."""
        return self.seconds < math.inf

    def left(self) -> float:
        """Return the seconds until the end of the fit."""
        return self.ends_at - self.clock()

    def is_short(self) -> bool:
        """Return whether the rest of the time is for calibration and explanations alone."""
        return self.is_set and self.left() < LAST_FRACTION * (self.ends_at - self.networks_end_at)

    def reserve(self, seconds: float) -> None:
        """Keep the time that the work after the networks is expected to take."""
        least, most = LEAST_RESERVED * self.seconds, MOST_RESERVED * self.seconds
        reserved = min(max(SAFETY_FACTOR * seconds, least), most)
        self.networks_end_at = self.ends_at - reserved

    def measure(self, work: Callable[[], object]) -> float:
        """Return the seconds that some work takes, the second time it runs.

        The first run loads what the work imports.
        """
        work()
        began = self.clock()
        work()
        return self.clock() - began
