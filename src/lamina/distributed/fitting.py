"""Fit an estimator on several workers with results that do not depend on their number."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from os import PathLike
from typing import Any, TypeVar

from numpy.typing import ArrayLike

from lamina.distributed.crew import Crew, LocalCrew
from lamina.distributed.engine import ShardedEngine
from lamina.distributed.refusals import refuse_estimator, refuse_fit, refuse_numbers
from lamina.encoding.frames import ArrayOrTable
from lamina.engines import Engine
from lamina.engines.devices import is_torch_installed
from lamina.errors import TorchMissingError
from lamina.estimators import MLPClassifier, MLPRegressor
from lamina.estimators.fitting.inputs import Assignment

Estimator = TypeVar("Estimator", MLPClassifier, MLPRegressor)


def fit(
    estimator: Estimator,
    X: ArrayOrTable,
    y: ArrayOrTable,
    sample_weight: ArrayLike | None = None,
    *,
    client: Any = None,
    n_workers: int | None = None,
    n_shards: int = 8,
    timeout: float = 60.0,
    validation_data: Sequence[ArrayOrTable] | None = None,
    resume: str | PathLike[str] | None = None,
) -> Estimator:
    """Fit an estimator on the workers of a Dask cluster, or on one in this process.

    Every minibatch is divided into `n_shards` virtual shards, whose gradients are added over a
    fixed binary tree. So 1, 2, 4 or 8 workers give the same bits.

    Parameters
    ----------
    estimator : MLPClassifier or MLPRegressor
    X, y, sample_weight : array-like
        As for `estimator.fit`.
    client : dask.distributed.Client, optional
        Connection to a cluster. By default one worker in this process, which needs neither Dask
        nor PyTorch.
    n_workers : int, optional
        Number of workers, a power of two up to `n_shards`; by default as many as the cluster has.
    n_shards : int
        Number of virtual shards, a power of two. It changes the results as a random seed does.
    timeout : float
        Seconds after which a worker that does not answer is lost.
    validation_data, resume
        As for `estimator.fit`.

    Returns
    -------
    estimator

    Examples
    --------
    >>> import lamina
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> model = lamina.MLPClassifier(max_iter=300, random_state=0)
    >>> lamina.distributed.fit(model, X, y, n_workers=1).score(X, y) > 0.9
    True
    """
    refuse_estimator(estimator)
    refuse_numbers(n_shards, n_workers, timeout)
    make_crew = crew_maker(client, n_workers, n_shards, timeout)
    with closing_crews(make_crew) as make:

        def on_shards(assignment: Assignment) -> Engine:
            refuse_fit(assignment)
            return ShardedEngine(assignment.engine, n_shards, make)

        estimator._validate_params()
        estimator._fit(
            X,
            y,
            sample_weight,
            incremental=False,
            validation_data=validation_data,
            resume=resume,
            engine_of=on_shards,
        )
    return estimator


@contextmanager
def closing_crews(make_crew: Callable[[], Crew]) -> Iterator[Callable[[], Crew]]:
    """Let go of the workers at the end of the block."""
    crews: list[Crew] = []

    def make() -> Crew:
        crews.append(make_crew())
        return crews[-1]

    try:
        yield make
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
    from lamina.distributed.dask_crew import DaskCrew, choose_workers

    def make() -> Crew:
        return DaskCrew(client, choose_workers(client, n_workers, n_shards, timeout), timeout)

    return make
