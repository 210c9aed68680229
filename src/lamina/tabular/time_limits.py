"""Time limit of a fit, and the part reserved for the work after the networks."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

Clock = Callable[[], float]

# Smallest and largest fraction of the time reserved for the work after the networks.
LEAST_RESERVED, MOST_RESERVED = 0.05, 0.5
# Fraction of the reserved time for the work after the score.
LAST_FRACTION = 0.2
# Safety factor, because other programs may slow this work down.
SAFETY_FACTOR = 1.25


class TimeLimit:
    """Time limit in seconds until a fit has to end.

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
        """True if there is a limit."""
        return self.seconds < math.inf

    def left(self) -> float:
        """Return the seconds until the end of the fit."""
        return self.ends_at - self.clock()

    def is_short(self) -> bool:
        """Return True if the remaining time is needed for calibration and explanations."""
        return self.is_set and self.left() < LAST_FRACTION * (self.ends_at - self.networks_end_at)

    def reserve(self, seconds: float) -> None:
        """Reserve the expected time of the work after the networks."""
        least, most = LEAST_RESERVED * self.seconds, MOST_RESERVED * self.seconds
        reserved = min(max(SAFETY_FACTOR * seconds, least), most)
        self.networks_end_at = self.ends_at - reserved

    def measure(self, work: Callable[[], object]) -> float:
        """Return the seconds that a piece of work takes when run a second time.

        The first run imports the modules that it needs.
        """
        work()
        began = self.clock()
        work()
        return self.clock() - began
