"""How many threads a call gets: a cost model within the cores that this process may use.

The result of a fit does not depend on the answer, only its time does.
"""

from __future__ import annotations

import os

# What a thread must have to do in a step, in multiply-adds, before its share of two barriers
# (about a microsecond) and of its start pays: some 30 microseconds of work on one core.
MULTIPLY_ADDS_PER_THREAD = 1_500_000


def usable_cores() -> int:
    """The cores that this process may use: its affinity, and OMP_NUM_THREADS where that is less.

    joblib sets OMP_NUM_THREADS in its workers so that all of them together fill the machine.

    Examples
    --------
    >>> usable_cores() >= 1
    True
    """
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    limit = os.environ.get("OMP_NUM_THREADS", "")
    return max(1, min(cores, int(limit))) if limit.isdecimal() else cores


def choose_threads(multiply_adds: int, requested: int | None = None) -> int:
    """The threads for a call whose every step takes so many multiply-adds.

    Parameters
    ----------
    multiply_adds : int
        The work of one step, or of one call where it has no steps.
    requested : int, optional
        What the user wants; taken as it is.

    Returns
    -------
    int
        At least 1.

    Examples
    --------
    >>> choose_threads(1_000)
    1
    >>> choose_threads(1_000, requested=3)
    3
    """
    if requested is not None:
        return requested
    return max(1, min(usable_cores(), multiply_adds // MULTIPLY_ADDS_PER_THREAD))
