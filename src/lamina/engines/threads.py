"""Number of threads of a call: a cost model within the cores that this process may use.

The number changes only the time of a fit, not its result.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from lamina.engines.dask_task import current_task

# Least work, in float64 multiply-adds (a float32 one counts half). In a step, for two threads: some
# 17 microseconds on one, where two measured 1.05 to 1.2 times as fast; for each of more, so that
# two rounds of tasks are worth distributing. In a call, so that starting the thread is.
STEP_WORK_OF_TWO_THREADS = 270_000
STEP_WORK_PER_THREAD = 250_000
CALL_WORK_PER_THREAD = 2_500_000
# Allowed on machines with fewer cores as well, so that the number of threads can be tried out.
ALWAYS_GRANTED = 16


def usable_cores() -> int:
    """Return the number of usable cores: the process's affinity, limited by OMP_NUM_THREADS.

    joblib sets OMP_NUM_THREADS in its workers so that all of them together fill the machine. A task
    of a Dask worker is limited by the worker's number of threads instead.

    Examples
    --------
    >>> usable_cores() >= 1
    True
    """
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    if (task := current_task()) is not None:
        return min(cores, task.cores)
    limit = os.environ.get("OMP_NUM_THREADS", "")
    return max(1, min(cores, int(limit))) if limit.isdecimal() else cores


# One entry for each running training call of this process; append and pop need no lock.
_under_way: list[None] = []
if hasattr(os, "register_at_fork"):
    # A child inherits the list, but not the threads that would remove their entries.
    os.register_at_fork(after_in_child=_under_way.clear)


@contextmanager
def sharing_cores() -> Iterator[None]:
    """Count this call among the concurrent ones that share the cores, inside the `with` block.

    joblib limits worker processes by OMP_NUM_THREADS; threads of one process need this count.
    """
    _under_way.append(None)
    try:
        yield
    finally:
        if _under_way:
            _under_way.pop()


def choose_threads(step_work: float, n_steps: int = 1, requested: int | None = None) -> int:
    """Return the number of threads for a call.

    Parameters
    ----------
    step_work : float
        Work of one step, in float64 multiply-adds; of the whole call if it has no steps.
    n_steps : int
        Number of steps of the call.
    requested : int, optional
        User's choice: allowed up to the number of cores, or 16 if there are fewer, because more
        threads only slow each other down.

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
    by_step = max(step_work // STEP_WORK_PER_THREAD, 2 * (step_work >= STEP_WORK_OF_TWO_THREADS))
    by_call = step_work * n_steps // CALL_WORK_PER_THREAD
    if (n_threads := min(by_step, by_call)) < 2:
        return 1
    return max(1, int(min(usable_cores() // max(1, len(_under_way)), n_threads)))
