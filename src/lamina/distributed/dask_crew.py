"""Workers in the processes of a Dask cluster.

Dask places one ShardWorker in a process of each of its workers, gives it its samples, and carries
the requests and reports between epochs. In an epoch the workers exchange numbers by
torch.distributed alone, and a worker that does not answer is an error within the time-out.
"""

from __future__ import annotations

from concurrent.futures import CancelledError
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Thread
from time import monotonic, sleep
from typing import Any
from uuid import uuid4

from distributed import Client, Future, wait

from lamina.distributed import placed
from lamina.distributed.crew import Crew, MakePart
from lamina.distributed.pulse import Pulse, cluster_workers
from lamina.errors import WorkerLostError

# Seconds between looks at the cluster, and for workers to let go of a fit.
LOOK, GRACE = 0.25, 5.0
# Seconds in which a process must import PyTorch.
PREPARATION = 300.0


@dataclass
class Cluster:
    """Workers of a cluster that a fit may use.

    Attributes
    ----------
    client : Client
    n_workers : int or None
        Number of workers of the fit; None for as many as there are.
    n_shards : int
    timeout : float
        Seconds after which a worker that does not answer is lost.
    lost : set of str
        Addresses of workers that no longer answer.
    """

    client: Client
    n_workers: int | None
    n_shards: int
    timeout: float
    lost: set[str] = field(default_factory=set)
    _prepared: dict[str, Future] = field(default_factory=dict)

    def crew(self) -> DaskCrew:
        """Return the workers of an attempt: the largest power of two that there is.

        Raises
        ------
        WorkerLostError
            If the cluster has no worker left, and none comes within the time-out.
        """
        began, found = monotonic(), list[str]()
        while not found:
            present = self._present()
            seconds = monotonic() - began
            if seconds >= (PREPARATION if present else self.timeout):
                raise WorkerLostError("the cluster has no worker left")
            is_first = not any(each.done() for each in self._prepared.values())
            found = self._ready(present)
            if is_first and len(found) < len(present):
                found = []
            sleep(0 if found else LOOK)
        return DaskCrew(self, found[: self._size(len(found))])

    def require_workers(self) -> None:
        """Reject a number of workers that the cluster does not have.

        Raises
        ------
        ValueError
            Names both numbers.
        """
        n_found = len(self._present())
        if n_found < (self.n_workers or 1):
            raise ValueError(
                f"n_workers={self.n_workers}: the cluster at {self.client.scheduler.address} has "
                f"{n_found} workers. Start more, or leave n_workers out."
            )

    def has_room_for(self, size: int) -> bool:
        """Return True if a new attempt would have so many workers."""
        return self._size(len(self._ready(self._present()))) >= size

    def _ready(self, present: list[str]) -> list[str]:
        """Return the workers that have imported PyTorch, which takes seconds."""
        for address in present:
            if address not in self._prepared:
                self._prepared[address] = submit(self.client, address, placed.prepare)
        return [each for each in present if self._prepared[each].status == "finished"]

    def _present(self) -> list[str]:
        return sorted(set(cluster_workers(self.client, self.timeout)) - self.lost)

    def _size(self, n_found: int) -> int:
        most = min(n_found, self.n_shards if self.n_workers is None else self.n_workers)
        return 1 << (most.bit_length() - 1) if most else 0


class DaskCrew(Crew):
    """Workers of one fit, each in a process of a Dask cluster.

    Parameters
    ----------
    cluster : Cluster
    addresses : list of str
        Addresses of the Dask workers, in the order of the ranks; their number is a power of two.
    """

    def __init__(self, cluster: Cluster, addresses: list[str]) -> None:
        self.was_interrupted = False
        self._cluster, self._addresses = cluster, addresses
        client, timeout = cluster.client, cluster.timeout
        self._client, self._timeout = client, timeout
        self._fit, self._futures = uuid4().hex, list[Future]()
        self._pulse = Pulse(client, addresses, timeout)

    def begin(self, n_shards: int, make_part: MakePart) -> None:
        size = len(self._addresses)
        n_each = n_shards // size
        parts = [
            self._client.scatter(
                make_part(range(rank * n_each, (rank + 1) * n_each)), workers=[address], hash=False
            )
            for rank, address in enumerate(self._addresses)
        ]
        place = None
        if size > 1:
            host = placed.host_of(self._addresses[0])
            arguments = self._fit, host, size, self._timeout
            (place,) = self._results([self._submit(0, placed.open_meeting, *arguments)])
        self._results(
            [
                self._submit(
                    rank,
                    placed.begin,
                    self._fit,
                    placed.Seat(rank, size, place, self._addresses[rank], self._timeout),
                    part,
                )
                for rank, part in enumerate(parts)
            ]
        )

    def can_grow(self) -> bool:
        return self._cluster.has_room_for(2 * len(self._addresses))

    def call(self, method: str, *arguments: object) -> list[Any]:
        futures = [
            self._submit(rank, placed.call, self._fit, method, *arguments)
            for rank in range(len(self._addresses))
        ]
        try:
            return self._results(futures)
        except KeyboardInterrupt:
            self.was_interrupted = True
            self._stop()
            return self._results(futures)

    def close(self) -> None:
        self._client.cancel(self._futures)
        if self._client.status != "running":
            return
        lost = self._pulse.lost()
        ends = [
            self._submit(rank, placed.end, self._fit)
            for rank, address in enumerate(self._addresses)
            if address not in lost
        ]
        with suppress(TimeoutError):
            wait(ends, GRACE)

    def _stop(self) -> None:
        """Stop the workers after their present step."""
        # In a thread: a stalled worker does not answer. Its own thread is busy with the epoch.
        first = self._addresses[:1]
        Thread(
            target=self._client.run,
            args=(placed.stop, self._fit),
            kwargs={"workers": first, "on_error": "ignore"},
            daemon=True,
        ).start()

    def _submit(self, rank: int, function: Any, *arguments: object) -> Future:
        return submit(self._client, self._addresses[rank], function, *arguments)

    def _results(self, futures: list[Future]) -> list[Any]:
        """Wait for all workers, and return their results.

        A worker that loses another ends by itself within the time-out, so only those without a
        sign of life are not waited for.

        Raises
        ------
        WorkerLostError
            If a worker leaves the cluster, gives no sign of life, or loses the others.
        SchedulerLostError
            If the scheduler gives no sign of life.
        """
        self._futures, lost = futures, set[str]()
        while waiting := [each for each in futures if not each.done()]:
            lost.update(self._pulse.lost())
            if {self._addresses[futures.index(each)] for each in waiting} <= lost:
                break
            with suppress(TimeoutError):
                wait(waiting, LOOK, "FIRST_COMPLETED")
        results, reason = [], ""
        for address, each in zip(self._addresses, futures, strict=False):
            try:
                # A result is lost with its worker, and would be waited for without an end.
                results.append(None if address in lost else each.result(timeout=self._timeout))
            except (TimeoutError, CancelledError):
                lost.add(address)
            if results and isinstance(results[-1], WorkerLostError):
                reason = f" ({results[-1]})"
        if not lost and not reason:
            return results
        self._cluster.lost.update(lost)
        places = f"worker {' and '.join(sorted(lost))}" if lost else "a connection between workers"
        raise WorkerLostError(f"{places} was lost{reason}", tuple(sorted(lost)))


def submit(client: Client, address: str, function: Any, *arguments: object) -> Future:
    """Let a worker call a function, once and nowhere else."""
    return client.submit(
        function,
        *arguments,
        workers=[address],
        allow_other_workers=False,
        pure=False,
        retries=0,
    )
