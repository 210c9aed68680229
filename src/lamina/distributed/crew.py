"""Crew: the workers of a fit, as its coordinator sees them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Protocol

from lamina.distributed.group import Alone
from lamina.distributed.worker import ShardWorker, WorkerPart

# From a worker's shards to its part of the fit.
MakePart = Callable[[range], WorkerPart]


class Crew(Protocol):
    """Workers of a fit.

    Attributes
    ----------
    was_interrupted : bool
        True after Ctrl-C during a call, which returns all the same, after its present step.
    """

    was_interrupted: bool

    def can_grow(self) -> bool:
        """Return True if the cluster now has room for twice as many workers."""
        ...

    def begin(self, n_shards: int, make_part: MakePart) -> None:
        """Give each worker its part, and connect the workers."""
        ...

    def call(self, method: str, *arguments: object) -> list[Any]:
        """Call a method of every ShardWorker, and return the results in the order of the ranks.

        Raises
        ------
        WorkerLostError
            If a worker is lost, or does not finish within the time-out.
        """
        ...

    def close(self) -> None:
        """Let go of all workers, whatever their state."""
        ...


class LocalCrew(Crew):
    """One worker in a thread of this process, which has all shards."""

    was_interrupted = False

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "lamina-shards")

    def begin(self, n_shards: int, make_part: MakePart) -> None:
        self._worker = ShardWorker(make_part(range(n_shards)), Alone())

    def can_grow(self) -> bool:
        return False

    def call(self, method: str, *arguments: object) -> list[Any]:
        future: Future[Any] = self._thread.submit(getattr(self._worker, method), *arguments)
        try:
            return [future.result()]
        except KeyboardInterrupt:
            self.was_interrupted = True
            self._worker.stop()
            return [future.result()]

    def close(self) -> None:
        self._thread.shutdown()
