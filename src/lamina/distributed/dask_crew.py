"""Workers in the processes of a Dask cluster.

Dask places one ShardWorker in a process of each of its workers, gives it its samples, and carries
the requests and reports between epochs. In an epoch the workers exchange numbers by
torch.distributed alone, and a worker that does not answer is an error within the time-out.
"""

from __future__ import annotations

import math
from contextlib import suppress
from threading import Thread
from time import monotonic
from typing import Any
from uuid import uuid4

from distributed import Client, Future, wait

from lamina.distributed import placed
from lamina.distributed.crew import Crew, MakePart
from lamina.distributed.pulse import Pulse, cluster_workers
from lamina.errors import WorkerLostError

# Seconds between looks at the cluster, and for the others to answer once one has failed.
LOOK, GRACE = 0.25, 5.0
# Seconds in which a process must import PyTorch, during which it may give no sign of life.
PREPARATION = 300.0


def choose_workers(
    client: Client, n_workers: int | None, n_shards: int, timeout: float
) -> list[str]:
    """Return the addresses of the workers of a fit: the largest power of two that there is.

    Raises
    ------
    ValueError
        If the cluster has fewer workers than `n_workers`, or none.
    """
    found = sorted(cluster_workers(client, timeout))
    if len(found) < (n_workers or 1):
        raise ValueError(
            f"n_workers={n_workers}: the cluster at {client.scheduler.address} has {len(found)} "
            "workers. Start more, or leave n_workers out."
        )
    most = min(len(found), n_shards if n_workers is None else n_workers)
    return found[: 1 << (most.bit_length() - 1)]


class DaskCrew(Crew):
    """Workers of one fit, each in a process of a Dask cluster.

    Parameters
    ----------
    client : Client
    addresses : list of str
        Addresses of the Dask workers, in the order of the ranks; their number is a power of two.
    timeout : float
        Seconds after which a worker that does not answer is lost.
    """

    def __init__(self, client: Client, addresses: list[str], timeout: float) -> None:
        self.was_interrupted = False
        self._client, self._addresses, self._timeout = client, addresses, timeout
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
            self._results([self._submit(i, placed.prepare) for i in range(size)], PREPARATION)
            host = self._addresses[0].split("://")[-1].rsplit(":", 1)[0]
            arguments = self._fit, host, size, self._timeout
            (place,) = self._results([self._submit(0, placed.open_meeting, *arguments)])
        self._results(
            [
                self._submit(rank, placed.begin, self._fit, rank, size, place, self._timeout, part)
                for rank, part in enumerate(parts)
            ]
        )

    def call(self, method: str, *arguments: object) -> list[Any]:
        self.was_interrupted = False
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
        return self._client.submit(
            function,
            *arguments,
            workers=[self._addresses[rank]],
            allow_other_workers=False,
            pure=False,
            retries=0,
        )

    def _results(self, futures: list[Future], timeout: float | None = None) -> list[Any]:
        """Wait for all futures, and return their results; a time-out replaces that of the fit.

        Raises
        ------
        WorkerLostError
            If a worker leaves the cluster, gives no sign of life, or loses the others.
        SchedulerLostError
            If the scheduler gives no sign of life.
        """
        self._futures = futures
        deadline = math.inf
        while not all(each.done() for each in futures) and monotonic() < deadline:
            if deadline == math.inf and (self._pulse.lost(timeout) or self._errors(futures)):
                deadline = monotonic() + GRACE
            with suppress(TimeoutError):
                wait([each for each in futures if not each.done()], LOOK, "FIRST_COMPLETED")
        if all(each.status == "finished" for each in futures):
            results: list[Any] = self._client.gather(futures)
            return results
        raise self._loss_of(futures)

    def _errors(self, futures: list[Future]) -> list[BaseException]:
        """Return the errors of the workers; raise the first one that is not the loss of another."""
        errors = [each.exception() for each in futures if each.status == "error"]
        for error in errors:
            if not isinstance(error, WorkerLostError):
                raise error
        return errors

    def _loss_of(self, futures: list[Future]) -> WorkerLostError:
        """Return the error for the workers that did not finish."""
        errors = self._errors(futures)
        lost = self._pulse.lost()
        lost += [
            address
            for address, each in zip(self._addresses, futures, strict=False)
            if not each.done() and address not in lost
        ]
        places = f"worker {' and '.join(lost)}" if lost else "a connection between workers"
        reason = f" ({errors[0]})" if errors else ""
        return WorkerLostError(f"{places} was lost{reason}", tuple(lost))
