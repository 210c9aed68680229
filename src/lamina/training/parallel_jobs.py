"""Fits as jobs of joblib, in threads or where the user's `parallel_config` places them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

from joblib import Parallel, delayed
from joblib.parallel import get_active_backend

# `delayed(function)(*args, **kwargs)` of joblib.
Job: TypeAlias = tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]


def shares_memory() -> bool:
    """Return True if jobs are threads of this process; False in processes and on a cluster.

    Examples
    --------
    >>> import joblib
    >>> with joblib.parallel_config("loky"):
    ...     in_processes = shares_memory()
    >>> shares_memory(), in_processes
    (True, False)
    """
    return bool(getattr(_active_backend(), "supports_sharedmem", False))


class FitJobs:
    """Jobs that joblib runs in threads, or by the backend of the user's `parallel_config`.

    At an error or Ctrl-C the jobs on a Dask cluster are cancelled: joblib only stops waiting for
    them, and the cluster would run those that it has received.

    Parameters
    ----------
    n_jobs : int
        Number of concurrent jobs.
    on_finished : callable, optional
        `on_finished(place)`, called after each job with its place among all.

    Attributes
    ----------
    results : dict of int to object
        Results of the jobs finished so far, by place.

    Examples
    --------
    >>> from joblib import delayed
    >>> FitJobs(2).run(lambda values: (delayed(sum)(values[:n]) for n in (1, 3)), [1, 2, 4])
    [1, 7]
    """

    def __init__(self, n_jobs: int, on_finished: Callable[[int], object] | None = None) -> None:
        self.n_jobs, self.on_finished = n_jobs, on_finished
        self.results: dict[int, Any] = {}

    def run(self, jobs: Callable[..., Iterable[Job]], *data: Any) -> list[Any]:
        """Run the jobs and return their results in order.

        Parameters
        ----------
        jobs : callable
            `jobs(*data)` iterates over the jobs, with the data in the form in which they are to
            receive it.
        *data : object
            Data that jobs share; it is sent once, and not with every job.
        """
        self._run_all(jobs(*_shared(data)))
        return [self.results[place] for place in sorted(self.results)]

    def _run_all(self, jobs: Iterable[Job]) -> None:
        as_ready = _active_backend().supports_return_generator
        parallel = Parallel(
            n_jobs=self.n_jobs,
            prefer="threads",
            pre_dispatch=self.n_jobs,
            # A job is a whole fit: batches of jobs would only be lost together.
            batch_size=1,
            return_as="generator_unordered" if as_ready else "list",
        )
        numbered = (delayed(_with_place)(place, *job) for place, job in enumerate(jobs))
        try:
            for place, result in parallel(numbered):
                self.results[place] = result
                if self.on_finished is not None:
                    self.on_finished(place)
        except BaseException:
            _cancel(parallel)
            raise


def _with_place(
    place: int, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[int, Any]:
    return place, function(*args, **kwargs)


def _active_backend() -> Any:
    backend, _ = get_active_backend(prefer="threads")
    return backend


def _shared(data: tuple[Any, ...]) -> Sequence[Any]:
    """Send the data to a Dask cluster, and return its futures there; elsewhere the data.

    Each is the result of a task, which Dask repeats if the worker that had it dies. Data that is
    scattered, as joblib does, would be lost.
    """
    client = getattr(_active_backend(), "client", None)
    if client is None:
        return data
    import dask

    # The tasks carry the data on purpose.
    with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1 PB"}):
        return [client.submit(_identity, each, pure=False) for each in data]


def _identity(data: Any) -> Any:
    return data


def _cancel(parallel: Any) -> None:
    """Cancel the jobs that run or wait on a Dask cluster."""
    backend = parallel._backend
    futures = list(getattr(backend, "_results", ()))
    if futures and hasattr(backend, "client"):
        backend.client.cancel(futures)
