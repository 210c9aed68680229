"""Notes on errors of fits that a search runs in other processes or on a cluster."""

from __future__ import annotations

from multiprocessing import parent_process

from lamina.engines.dask_task import current_task


def name_candidate(error: Exception, model: object) -> None:
    """Add a note with the estimator to an error in a Dask task or a child process.

    There the traceback ends in a worker, and does not say which candidate of the search failed.
    """
    if current_task() is not None or parent_process() is not None:
        error.add_note(f"in the fit of {model!r}")
