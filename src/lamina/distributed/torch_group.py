"""Group of workers in PyTorch: torch.distributed carries the numbers, by gloo."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import torch
import torch.distributed as torch_distributed

from lamina.distributed.group import ConnectionBroken, Group
from lamina.formulas.table import Array


class TorchGroup(Group):
    """Workers in the default process group of torch.distributed.

    Parameters
    ----------
    store : torch.distributed.Store
        Store through which the workers find each other.
    rank, size : int
    timeout : float
        Seconds after which a message that does not arrive is an error.
    """

    def __init__(
        self, store: torch_distributed.Store, rank: int, size: int, timeout: float
    ) -> None:
        self.rank, self.size = rank, size
        limit = timedelta(seconds=timeout)
        with _broken():
            torch_distributed.init_process_group(
                "gloo", store=store, rank=rank, world_size=size, timeout=limit
            )

    def exchange(self, partner: int, sent: list[Array], received: list[Array]) -> None:
        tensors = enumerate(zip(map(_tensor, sent), map(_tensor, received), strict=True))
        works = []
        with _broken():
            for tag, (to_partner, from_partner) in tensors:
                works.append(torch_distributed.isend(to_partner, partner, tag=tag))
                works.append(torch_distributed.irecv(from_partner, partner, tag=tag))
            for work in works:
                work.wait()

    def leave(self) -> None:
        if torch_distributed.is_initialized():
            torch_distributed.destroy_process_group()


def open_store(
    host: str, port: int, size: int, timeout: float, *, opens: bool
) -> torch_distributed.TCPStore:
    """Return the store at an address; `opens` for the worker that hosts it, on any port if 0."""
    with _broken():
        return torch_distributed.TCPStore(
            host,
            port,
            size,
            is_master=opens,
            timeout=timedelta(seconds=timeout),
            wait_for_workers=False,
        )


@contextmanager
def _broken() -> Iterator[None]:
    """Turn the errors of torch.distributed, which are RuntimeErrors, into ConnectionBroken."""
    try:
        yield
    except RuntimeError as error:
        raise ConnectionBroken(_reason(str(error))) from None


def _tensor(array: Array) -> torch.Tensor:
    return torch.from_numpy(array)


def _reason(text: str) -> str:
    """Return the first sentence of a message of gloo, without the place in its source."""
    return text.splitlines()[0].split("] ", 1)[-1].split(". ")[0]
