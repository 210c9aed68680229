"""Notes on errors of fits that a search runs in other processes or on a cluster."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import parent_process

from lamina.engines.dask_task import current_task


@contextmanager
def naming_candidate(model: object) -> Iterator[None]:
    """Add a note with the estimator to errors in a Dask task or a child process.

    There the traceback ends in a worker, and does not say which candidate of the search failed.
    """
    try:
        yield
    except Exception as error:
        if current_task() is not None or parent_process() is not None:
            error.add_note(f"in the fit of {model!r}")
        raise
