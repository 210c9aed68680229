"""Observe fits from outside: call an observer at the end of every epoch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import NamedTuple, TypeAlias

from lamina.engines.dask_task import DaskTask, current_task


class EpochRecord(NamedTuple):
    """Record of one epoch, or of one iteration of L-BFGS, for an observer.

    Attributes
    ----------
    epoch, max_epochs : int
        Number of the epoch, counted from 1 in each fit, and the maximum.
    loss : float
        Mean loss of the epoch, penalty included.
    validation_score : float or None
        Accuracy, R² or the first metric of `monitor` on the held-out samples, if any.
    learning_rate : float
        Rate of the epoch's first step, or the step of L-BFGS's line search; NaN from SciPy.
    rows_seen : int
        Number of samples that went through the network in all epochs of all fits so far; for
        SciPy, in all evaluations of this fit.
    """

    epoch: int
    max_epochs: int
    loss: float
    validation_score: float | None
    learning_rate: float
    rows_seen: int


Observer: TypeAlias = Callable[[EpochRecord], object]

_observer: ContextVar[Observer | None] = ContextVar("lamina_observer", default=None)


@contextmanager
def observe_fits(observer: Observer) -> Iterator[None]:
    """Call `observer` at the end of every epoch of the fits inside the `with` block.

    An observer that raises KeyboardInterrupt ends the fit as Ctrl-C does. It observes fits only in
    the thread (or asyncio task) that set it.

    Parameters
    ----------
    observer : callable
        `observer(record)`, with an EpochRecord.

    Examples
    --------
    >>> from lamina import MLPRegressor
    >>> from lamina.training import observe_fits
    >>> epochs = []
    >>> with observe_fits(lambda record: epochs.append(record.epoch)):
    ...     model = MLPRegressor(max_iter=3, solver="sgd", tol=10, n_iter_no_change=1)
    ...     model = model.fit([[0.0], [1.0]], [0.0, 1.0])
    >>> epochs
    [1, 2, 3]
    """
    token = _observer.set(observer)
    try:
        yield
    finally:
        _observer.reset(token)


def current_observer() -> Observer | None:
    """Return the observer of the present thread or task, or None.

    In a task of a Dask worker it ends the fit after the present epoch once the task is cancelled.
    """
    observer, task = _observer.get(), current_task()
    return observer if task is None else partial(_observe_in_task, task, observer)


def _observe_in_task(task: DaskTask, observer: Observer | None, record: EpochRecord) -> None:
    if task.is_cancelled:
        raise KeyboardInterrupt
    if observer is not None:
        observer(record)
