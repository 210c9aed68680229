"""Warnings of one thread, while others run code that warns as well."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

_lock = threading.Lock()
_recorded: dict[int, list[warnings.WarningMessage]] = {}
_catching: list[warnings.catch_warnings[None]] = []


@contextmanager
def recorded_warnings() -> Iterator[list[warnings.WarningMessage]]:
    """Record all warnings of this thread inside the `with` block, in a list.

    Filters and display of warnings are global to the process, so concurrent blocks share them: the
    first one sets them, and the last one resets them. Warnings of other threads are displayed.

    Examples
    --------
    >>> import warnings
    >>> with recorded_warnings() as caught:
    ...     warnings.warn("clipped")
    >>> [str(each.message) for each in caught]
    ['clipped']
    """
    caught: list[warnings.WarningMessage] = []
    with _lock:
        if not _recorded:
            _begin()
        _recorded[threading.get_ident()] = caught
    try:
        yield caught
    finally:
        with _lock:
            del _recorded[threading.get_ident()]
            if not _recorded:
                _catching.pop().__exit__(None, None, None)


def _begin() -> None:
    catching = warnings.catch_warnings()
    catching.__enter__()
    _catching.append(catching)
    warnings.simplefilter("always")
    warnings.showwarning = _recorder(warnings.showwarning)


def _recorder(display: Callable[..., None]) -> Callable[..., None]:
    """Return a function that records warnings of recorded threads, and displays others."""

    def record(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        caught = _recorded.get(threading.get_ident())
        if caught is None:
            display(message, category, filename, lineno, file, line)
        else:
            caught.append(warnings.WarningMessage(message, category, filename, lineno))

    return record
