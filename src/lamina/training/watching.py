"""Watching a fit from outside: an observer that hears of every epoch as it ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple, TypeAlias


class EpochRecord(NamedTuple):
    """One epoch, or one iteration of L-BFGS, as an observer hears of it.

    Attributes
    ----------
    epoch, max_epochs : int
        Which one it is, counted from 1 in each fit, and how many there may be.
    loss : float
        The epoch's mean loss, penalty included.
    validation_score : float or None
        Accuracy, R² or the first metric asked for, on the rows held out, where there are any.
    learning_rate : float
        The rate that the epoch's first step had; NaN for L-BFGS, which has none.
    rows_seen : int
        Rows that went through the network in all epochs of all fits so far; for L-BFGS, in all
        evaluations of this fit.
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
def watching(observer: Observer) -> Iterator[None]:
    """Have `observer` called at the end of every epoch of the fits inside the `with` block.

    An observer that raises KeyboardInterrupt ends the fit as Ctrl-C does. It is heard only in the
    thread (or asyncio task) that set it.

    Parameters
    ----------
    observer : callable
        `observer(record)`, with an EpochRecord.

    Examples
    --------
    >>> from lamina import MLPRegressor
    >>> from lamina.training import watching
    >>> epochs = []
    >>> with watching(lambda record: epochs.append(record.epoch)):
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
    """The observer that hears of fits here and now."""
    return _observer.get()
