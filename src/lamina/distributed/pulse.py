"""Signs of life of the workers and of the scheduler of a Dask cluster."""

from __future__ import annotations

from time import monotonic
from typing import Any

from distributed import Client

from lamina.errors import SchedulerLostError


class Pulse:
    """Heartbeats of the workers of a fit, as the scheduler receives them.

    Parameters
    ----------
    client : Client
    addresses : list of str
    timeout : float
        Seconds without a heartbeat after which a worker is lost.
    """

    def __init__(self, client: Client, addresses: list[str], timeout: float) -> None:
        self._client, self._addresses, self._timeout = client, addresses, timeout
        # The scheduler's clock may differ from this one: only a change counts.
        self._beats: dict[str, tuple[float, float]] = {}

    def lost(self) -> list[str]:
        """Return the workers of the fit that left the cluster, or give no sign of life."""
        workers, now = cluster_workers(self._client, self._timeout), monotonic()
        lost = []
        for address in self._addresses:
            seen = workers.get(address, {}).get("last_seen")
            beat, since = self._beats.get(address, (None, now))
            if beat != seen:
                since = now
            self._beats[address] = seen, since
            if seen is None or now - since > self._timeout:
                lost.append(address)
        return lost


def cluster_workers(client: Client, timeout: float) -> dict[str, Any]:
    """Return the workers of a cluster by address, as the scheduler describes them.

    Raises
    ------
    SchedulerLostError
        If the scheduler does not answer within the time-out.
    """
    address = client.scheduler.address if client.scheduler is not None else "of the cluster"
    message = f"the scheduler {address} ended or does not answer within {timeout:g} seconds"
    if client.status != "running":
        raise SchedulerLostError(message)
    try:
        identity = client.sync(client.scheduler.identity, n_workers=-1, callback_timeout=timeout)
    except (OSError, TimeoutError) as error:
        raise SchedulerLostError(message) from error
    workers: dict[str, Any] = identity["workers"]
    return workers
