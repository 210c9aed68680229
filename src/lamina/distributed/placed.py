"""Functions that Dask runs in the process of each worker."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import psutil  # Dask needs it

from lamina.distributed.group import Alone, ConnectionBroken, Group
from lamina.distributed.worker import ShardWorker, WorkerPart
from lamina.errors import WorkerLostError

# The fit that has this process, by its name: its store, then its worker.
_meetings: dict[str, Any] = {}
_workers: dict[str, ShardWorker] = {}


class Seat(NamedTuple):
    """Place of a worker in its group.

    Attributes
    ----------
    rank, size : int
    place : tuple of (str, int), or None
        Address of the store at which the workers meet; None for a worker without others.
    address : str
        Address of the Dask worker.
    timeout : float
    """

    rank: int
    size: int
    place: tuple[str, int] | None
    address: str
    timeout: float


def host_of(address: str) -> str:
    """Return the host in the address of a Dask worker.

    Examples
    --------
    >>> host_of("tcp://10.0.0.1:8786"), host_of("tcp://[fe80::1]:8786")
    ('10.0.0.1', 'fe80::1')
    """
    return address.split("://")[-1].rsplit(":", 1)[0].strip("[]")


def prepare() -> None:
    """Import PyTorch, which takes seconds, before others wait for this process."""
    import lamina.distributed.torch_group  # noqa: F401


def open_meeting(fit: str, host: str, size: int, timeout: float) -> tuple[str, int]:
    """Open the store at which the workers of a fit find each other, and return its address."""
    from lamina.distributed.torch_group import open_store

    _meetings.clear()
    _meetings[fit] = open_store(host, 0, size, timeout, opens=True)
    return host, _meetings[fit].port


def begin(fit: str, seat: Seat, part: WorkerPart) -> WorkerLostError | None:
    """Make this process a worker of a fit.

    It waits for the others, and returns an error if one does not come within the time-out.
    """
    end()

    def enter() -> None:
        _workers[fit] = ShardWorker(part, _join(fit, seat))

    result: WorkerLostError | None = _guarded(enter)
    return result


def call(fit: str, method: str, *arguments: object) -> Any:
    """Return the result of a method of this process's worker.

    It is a WorkerLostError if the process is not a worker of this fit, such as one that was
    restarted, or if the connection to another worker breaks or is silent for longer than the
    time-out.
    """
    if fit not in _workers:
        return WorkerLostError("a process is no longer a worker of the fit")
    return _guarded(partial(getattr(_workers[fit], method), *arguments))


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


def _join(fit: str, seat: Seat) -> Group:
    if seat.place is None:
        return Alone()
    from lamina.distributed.torch_group import TorchGroup, open_store

    _choose_interface(host_of(seat.address))
    store = _meetings.get(fit) or open_store(*seat.place, seat.size, seat.timeout, opens=False)
    return TorchGroup(store, seat.rank, seat.size, seat.timeout)


def _choose_interface(host: str) -> None:
    """Let gloo use the network interface at which Dask reaches this process."""
    for name, addresses in psutil.net_if_addrs().items():
        if any(each.address == host for each in addresses):
            os.environ.setdefault("GLOO_SOCKET_IFNAME", name)


def _guarded(action: Callable[[], Any]) -> Any:
    """Return the result, or a WorkerLostError if a connection broke; an error ends the worker.

    A lost connection is a result, because Dask writes every error to its log.
    """
    try:
        return action()
    except ConnectionBroken as error:
        message = str(error)
    except BaseException:
        end()
        raise
    # Not before the traceback is gone, whose frames keep the connections open: the others notice
    # the loss when they close.
    end()
    return WorkerLostError(message)
