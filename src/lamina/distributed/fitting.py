"""Fit an estimator on several workers with results that do not depend on their number."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from os import PathLike
from typing import Any, NamedTuple, TypeVar

from numpy.typing import ArrayLike

from lamina.distributed.attempts import run_attempts, with_checkpoints
from lamina.distributed.crew import Crew, LocalCrew
from lamina.distributed.engine import ShardedEngine
from lamina.distributed.refusals import refuse_estimator, refuse_fit, refuse_numbers
from lamina.encoding.batches import Source
from lamina.encoding.frames import ArrayOrTable
from lamina.encoding.spooling import SpooledSamples
from lamina.engines import Engine
from lamina.engines.devices import is_torch_installed
from lamina.errors import TorchMissingError
from lamina.estimators import MLPClassifier, MLPRegressor
from lamina.estimators.fitting.inputs import Assignment
from lamina.estimators.fitting.source_fits import (
    SourceArguments,
    refuse_arguments_of_sources,
    spool_of,
)

Estimator = TypeVar("Estimator", MLPClassifier, MLPRegressor)


def fit(
    estimator: Estimator,
    X: ArrayOrTable,
    y: ArrayOrTable = None,
    sample_weight: ArrayLike | str | None = None,
    *,
    target: str | Sequence[str] | None = None,
    client: Any = None,
    n_workers: int | None = None,
    n_shards: int = 8,
    timeout: float = 60.0,
    checkpoint: str | PathLike[str] | None = None,
    validation_data: Sequence[ArrayOrTable] | None = None,
    resume: str | PathLike[str] | None = None,
    spool: str | PathLike[str] | None = None,
) -> Estimator:
    """Fit an estimator on the workers of a Dask cluster, or on one in this process.

    Every minibatch is divided into `n_shards` virtual shards, whose gradients are added over a
    fixed binary tree. So 1, 2, 4 or 8 workers give the same bits.

    Parameters
    ----------
    estimator : MLPClassifier or MLPRegressor
    X, y, sample_weight : array-like, or a source
        As for `estimator.fit`. This process encodes a source into a spool, and sends each worker
        the encoded rows of its shards.
    target : str or list of str, optional
        Column of a source to predict.
    client : dask.distributed.Client, optional
        Connection to a cluster. By default one worker in this process, which needs neither Dask
        nor PyTorch.
    n_workers : int, optional
        Number of workers, a power of two up to `n_shards`; by default as many as the cluster has.
    n_shards : int
        Number of virtual shards, a power of two. It changes the results as a random seed does.
    timeout : float
        Seconds after which a worker that does not answer is lost. The others then resume from the
        last checkpoint. Workers that join the cluster take part from the next epoch on.
    checkpoint : str or path-like, optional
        Path of the checkpoints, by default that of the estimator, or else a temporary file that is
        written every 30 seconds.
    validation_data, resume, spool
        As for `estimator.fit`.

    Returns
    -------
    estimator

    Raises
    ------
    UnsupportedFitError
        For parameters whose steps do not add up from shards, before any worker is asked.
    WorkerLostError
        If no worker is left, or five attempts in a row end before a checkpoint.
    SchedulerLostError
        If the scheduler ends or does not answer within the time-out.

    Warns
    -----
    WorkerLostWarning
        When a worker is lost and the others resume.

    Examples
    --------
    >>> import lamina
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> model = lamina.MLPClassifier(learning_rate_init=0.01, max_iter=500, random_state=0)
    >>> lamina.distributed.fit(model, X, y, n_workers=1).score(X, y) > 0.9
    True
    """
    refuse_estimator(estimator)
    refuse_numbers(n_shards, n_workers, timeout)
    find = crew_maker(client, n_workers, n_shards, timeout)
    estimator._validate_params()

    arguments = SourceArguments(y, sample_weight, validation_data, target, spool)
    with closing_crews(find) as (make, crews), samples_of(estimator, X, arguments) as opened:

        def on_shards(assignment: Assignment) -> Engine:
            refuse_fit(assignment)
            return ShardedEngine(assignment.engine, n_shards, make)

        def run(resume: str | PathLike[str] | None) -> None:
            estimator._fit(
                *opened[:3],
                incremental=False,
                validation_data=validation_data,
                resume=resume,
                engine_of=on_shards,
                samples=opened.spooled,
            )

        if client is None and checkpoint is None:
            run(resume)
        else:
            with with_checkpoints(estimator, checkpoint):
                run_attempts(
                    estimator, run, resume, lambda: not any(each.was_interrupted for each in crews)
                )
    return estimator


class Opened(NamedTuple):
    """Samples of a fit, of arrays or of a source in a spool."""

    X: ArrayOrTable
    y: ArrayOrTable
    weight: ArrayLike | str | None
    spooled: SpooledSamples | None


@contextmanager
def samples_of(
    estimator: MLPClassifier | MLPRegressor, X: ArrayOrTable, arguments: SourceArguments
) -> Iterator[Opened]:
    """Yield the samples; those of a source are in a spool, which all attempts of the fit share."""
    if not isinstance(X, Source):
        refuse_arguments_of_sources(arguments.target, arguments.spool)
        weight: Any = arguments.sample_weight
        yield Opened(X, arguments.y, weight, None)
        return
    with spool_of(estimator, X, arguments) as samples:
        yield Opened(samples.X, samples.y, samples.weight, samples)


@contextmanager
def closing_crews(
    make_crew: Callable[[], Crew],
) -> Iterator[tuple[Callable[[], Crew], list[Crew]]]:
    """Yield the function and a list of all crews; let go of the workers at the end."""
    crews: list[Crew] = []

    def make() -> Crew:
        crews.append(make_crew())
        return crews[-1]

    try:
        yield make, crews
    finally:
        for crew in crews:
            crew.close()


def crew_maker(
    client: Any, n_workers: int | None, n_shards: int, timeout: float
) -> Callable[[], Crew]:
    """Return the function that finds the workers of a fit.

    Raises
    ------
    ValueError
        For several workers without a client.
    ImportError
        If Dask or PyTorch is needed and not installed.
    """
    if client is None:
        if n_workers not in (None, 1):
            raise ValueError(
                f"n_workers={n_workers} needs the processes of a cluster: pass "
                "client=dask.distributed.Client(…)."
            )
        return LocalCrew
    if not is_torch_installed():
        raise TorchMissingError(
            "a fit on the workers of a cluster needs PyTorch, whose torch.distributed carries the "
            "numbers: pip install 'lamina[distributed]'"
        )
    from lamina.distributed.dask_crew import Cluster

    cluster = Cluster(client, n_workers, n_shards, timeout)
    cluster.require_workers()
    return cluster.crew
