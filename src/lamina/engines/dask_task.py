"""The Dask task that runs this thread: its cores, and whether it has been cancelled.

joblib runs searches and ensembles as tasks of a cluster. A task is a thread of a worker, so no
signal reaches it, and the worker's settings give its cores.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

# States of a running task that nobody waits for any longer.
CANCELLED = ("cancelled", "released", "forgotten")


@dataclass(frozen=True)
class DaskTask:
    """Task of a Dask worker.

    Attributes
    ----------
    worker : distributed.Worker
    key : str or tuple
    """

    worker: Any
    key: Any

    @property
    def cores(self) -> int:
        """Cores of the worker divided by the number of its running tasks, at least 1.

        `OMP_NUM_THREADS` says nothing here: Dask sets it to 1 in every worker.
        """
        state = self.worker.state
        return max(1, int(state.nthreads) // max(1, int(state.executing_count)))

    @property
    def is_cancelled(self) -> bool:
        """True if the client has cancelled the task, or has gone."""
        task = self.worker.state.tasks.get(self.key)
        return task is None or task.state in CANCELLED


def current_task() -> DaskTask | None:
    """Return the Dask task that runs this thread, or None.

    Examples
    --------
    >>> current_task() is None
    True
    """
    distributed = sys.modules.get("distributed")
    if distributed is None:
        return None
    try:
        worker = distributed.get_worker()
        return DaskTask(worker, worker.get_current_task())
    except (ValueError, KeyError):
        return None
