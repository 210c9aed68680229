"""Show the progress of a long drawing on standard error."""

from __future__ import annotations

import sys
from time import perf_counter
from typing import TextIO

# Seconds before the first output, and between updates.
PATIENCE, BETWEEN = 2.0, 0.2


class CountProgress:
    """Print how many items are done, once the work has taken more than two seconds.

    Parameters
    ----------
    what : str
        Singular noun for the counted items.
    file : text file, optional
        Output file; by default standard error.
    patience : float, default=2.0
        Seconds before the first output.

    Examples
    --------
    >>> import io
    >>> output = io.StringIO()
    >>> with CountProgress("frame", output, patience=0) as line:
    ...     line.show(1, 2)
    ...     line.show(2, 2)
    >>> [part.strip() for part in output.getvalue().split("\\r")][1:3]
    ['frame 1 of 2, 0 s left', 'frame 2 of 2, 0 s left']
    """

    def __init__(self, what: str, file: TextIO | None = None, patience: float = PATIENCE) -> None:
        self.what, self.patience = what, patience
        self._file = sys.stderr if file is None else file
        self._began = perf_counter()
        self._printed_at, self._longest = -BETWEEN, 0

    def __enter__(self) -> CountProgress:
        return self

    def __exit__(self, *error: object) -> None:
        if self._longest:
            self._file.write("\r" + " " * self._longest + "\r")
            self._file.flush()

    def show(self, done: int, total: int) -> None:
        """Print the number of finished items, unless it is too soon."""
        seconds = perf_counter() - self._began
        is_last = done >= total
        if seconds < self.patience or not (is_last or seconds - self._printed_at >= BETWEEN):
            return
        self._printed_at = seconds
        left = seconds / max(1, done) * (total - done)
        text = f"{self.what} {done:,} of {total:,}, {left:.0f} s left"
        self._longest = max(self._longest, len(text))
        self._file.write("\r" + text.ljust(self._longest))
        self._file.flush()
