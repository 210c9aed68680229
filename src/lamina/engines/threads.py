"""How many threads a call gets: a cost model within the cores that this process may use.

The result of a fit does not depend on the answer, only its time does.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

# What a thread must have to do, in float64 multiply-adds (a float32 one counts half): in a step,
# before two rounds of tasks are worth handing out, some 10 microseconds; in a call, before its
# start is.
STEP_WORK_PER_THREAD = 250_000
CALL_WORK_PER_THREAD = 2_500_000
# Granted on machines with fewer cores as well, so that the number of threads can be tried out.
ALWAYS_GRANTED = 16


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


# One entry for each training call under way in this process; append and pop need no lock.
_under_way: list[None] = []
if hasattr(os, "register_at_fork"):
    # A child inherits the list, but not the threads that would shorten it again.
    os.register_at_fork(after_in_child=_under_way.clear)


@contextmanager
def sharing_cores() -> Iterator[None]:
    """Count as one of those that divide the cores among them, as long as the block lasts.

    joblib tells its worker processes of each other, by OMP_NUM_THREADS; threads of one process have
    to see for themselves.
    """
    _under_way.append(None)
    try:
        yield
    finally:
        if _under_way:
            _under_way.pop()


def choose_threads(step_work: float, n_steps: int = 1, requested: int | None = None) -> int:
    """The threads for a call.

    Parameters
    ----------
    step_work : float
        The work of one step, in float64 multiply-adds; of the whole call where it has no steps.
    n_steps : int
        The steps of the call.
    requested : int, optional
        What the user asks for: granted up to the number of cores, or 16 where there are fewer,
        because more threads only take time from each other.

    Returns
    -------
    int
        At least 1.

    Examples
    --------
    >>> choose_threads(1_000, 50)
    1
    >>> choose_threads(1_000, 50, requested=3)
    3
    >>> choose_threads(1_000, 50, requested=2**40) < 10_000
    True
    """
    if requested is not None:
        return int(max(1, min(requested, max(ALWAYS_GRANTED, usable_cores()))))
    by_step = step_work // STEP_WORK_PER_THREAD
    by_call = step_work * n_steps // CALL_WORK_PER_THREAD
    if (wanted := min(by_step, by_call)) < 2:
        return 1
    return max(1, int(min(usable_cores() // max(1, len(_under_way)), wanted)))
