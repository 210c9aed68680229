"""Functions that Dask runs in the process of each worker."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from lamina.distributed.group import Alone, ConnectionBroken, Group
from lamina.distributed.worker import ShardWorker, WorkerPart
from lamina.errors import WorkerLostError

# The fit that has this process, by its name: its store, then its worker.
_meetings: dict[str, Any] = {}
_workers: dict[str, ShardWorker] = {}


def prepare() -> None:
    """Import PyTorch, which takes seconds, before others wait for this process."""
    import lamina.distributed.torch_group  # noqa: F401


def open_meeting(fit: str, host: str, size: int, timeout: float) -> tuple[str, int]:
    """Open the store at which the workers of a fit find each other, and return its address."""
    from lamina.distributed.torch_group import open_store

    _meetings.clear()
    _meetings[fit] = open_store(host, 0, size, timeout, opens=True)
    return host, _meetings[fit].port


def begin(
    fit: str,
    rank: int,
    size: int,
    place: tuple[str, int] | None,
    timeout: float,
    part: WorkerPart,
) -> None:
    """Make this process a worker of a fit; it waits for the others.

    Raises
    ------
    WorkerLostError
        If another one does not come within the time-out.
    """
    end()
    with _losses():
        _workers[fit] = ShardWorker(part, _join(fit, rank, size, place, timeout))


def call(fit: str, method: str, *arguments: object) -> Any:
    """Call a method of this process's worker of a fit.

    Raises
    ------
    WorkerLostError
        If the process is not a worker of this fit, such as one that was restarted, or if the
        connection to another worker breaks or is silent for longer than the time-out.
    """
    if fit not in _workers:
        raise WorkerLostError("this process was restarted")
    with _losses():
        return getattr(_workers[fit], method)(*arguments)


def stop(fit: str) -> None:
    """Stop the fit after its present step."""
    if fit in _workers:
        _workers[fit].stop()


def end(fit: str | None = None) -> None:
    """Let go of a fit, or of any."""
    for each in [*_workers] if fit is None else [fit]:
        worker = _workers.pop(each, None)
        if worker is not None:
            worker.leave()
        if fit is not None:
            _meetings.pop(each, None)


def _join(fit: str, rank: int, size: int, place: tuple[str, int] | None, timeout: float) -> Group:
    if place is None:
        return Alone()
    from lamina.distributed.torch_group import TorchGroup, open_store

    store = _meetings.get(fit) or open_store(*place, size, timeout, opens=False)
    return TorchGroup(store, rank, size, timeout)


@contextmanager
def _losses() -> Iterator[None]:
    """Turn an error of the connections into WorkerLostError, and let the others know."""
    try:
        yield
    except ConnectionBroken as error:
        end()
        raise WorkerLostError(f"{error}".splitlines()[0]) from None
    except BaseException:
        end()
        raise
