"""Samples that stay in this process's memory: batches copied to the device while it computes.

A thread gathers the next batch into one of two pinned buffers and starts its copy on a stream of
its own, while the device works on the present batch. So X may be larger than the device's memory,
memory-mapped, or sparse: then the elements of a batch are copied, and it becomes dense on the
device.
"""

from __future__ import annotations

import weakref
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse

from lamina.engines.device import installed_memory
from lamina.engines.pytorch.tensors import torch_type
from lamina.formulas.table import AnyArray, Matrix

N_BUFFERS = 2
# Largest X that is kept on a device, as a fraction of the free memory: batches, activations and
# the state of the optimizer need the rest.
LARGEST_FRACTION = 0.7


def has_room(X: Matrix, device: torch.device) -> bool:
    """Return True if X as a dense matrix can be kept on the device."""
    free = free_memory(device)
    n_samples, n_features = X.shape
    itemsize = torch_type(X.dtype, device).itemsize
    return free is None or n_samples * n_features * itemsize <= LARGEST_FRACTION * free


def free_memory(device: torch.device) -> int | None:
    """Return the free bytes of a device; of shared memory the whole; None if it is hidden."""
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        # Memory that PyTorch holds and does not use is free for this process.
        unused = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return int(free + unused)
    return installed_memory()


class HostSamples:
    """Samples in this process's memory, whose batches are copied to a device ahead of their use.

    Parameters
    ----------
    X : ndarray or csr matrix of shape (n_samples, n_features)
    device : torch.device
    """

    def __init__(self, X: Matrix, device: torch.device) -> None:
        self._X: Any = sparse.csr_array(X) if sparse.issparse(X) else X
        self._device, self._dtype = device, torch_type(X.dtype, device)
        self._stream = torch.cuda.Stream(device) if device.type == "cuda" else None
        self._buffers: list[torch.Tensor] = []
        self._copied: list[Any] = [None] * N_BUFFERS
        self._worker = ThreadPoolExecutor(1, "lamina-batches")
        weakref.finalize(self, self._worker.shutdown, wait=False)
        self._begun: deque[tuple[NDArray[np.int64], Future[torch.Tensor]]] = deque()
        self._left: Iterator[NDArray[np.int64]] = iter(())
        self._n_gathered = 0

    def begin(self, order: NDArray[np.int64], batch_size: int) -> None:
        """Start to copy the batches of an epoch, in this order."""
        self._drop_batches_ahead()
        starts = range(0, len(order), batch_size)
        self._left = (order[start : start + batch_size] for start in starts)
        self._begin_next()

    def batch(self, chosen: NDArray[np.int64]) -> torch.Tensor:
        """Return the samples with these indices, dense, on the device.

        Batches in the order of `begin` are there already; any other is copied now.
        """
        if not self._begun or not np.array_equal(self._begun[0][0], chosen):
            self._drop_batches_ahead()
            return self._worker.submit(self._copy, chosen).result()
        _, copied = self._begun.popleft()
        tensor = copied.result()
        self._begin_next()
        if self._stream is not None:
            present = torch.cuda.current_stream(self._device)
            present.wait_stream(self._stream)
            # Its memory must not be given to another copy before the present step has read it.
            tensor.record_stream(present)
        return tensor

    def buffer(self, n_samples: int) -> torch.Tensor:
        """Return memory on the device for the largest batch."""
        shape = n_samples, self._X.shape[1]
        return torch.zeros(shape, dtype=self._dtype, device=self._device)

    def _begin_next(self) -> None:
        if (chosen := next(self._left, None)) is not None:
            self._begun.append((chosen, self._worker.submit(self._copy, chosen)))

    def _drop_batches_ahead(self) -> None:
        self._left = iter(())
        while self._begun:
            self._begun.popleft()[1].result()

    def _copy(self, chosen: NDArray[np.int64]) -> torch.Tensor:
        """Gather samples in a pinned buffer and return their copy; runs in the thread."""
        if sparse.issparse(self._X):
            return self._copy_sparse(self._X[chosen])
        place = self._n_gathered % N_BUFFERS
        self._n_gathered += 1
        if self._copied[place] is not None:
            self._copied[place].synchronize()
        buffer = self._buffer(place, len(chosen))
        self._gather(chosen, buffer.numpy())
        if self._stream is None:
            return buffer.clone() if self._device.type == "cpu" else buffer.to(self._device)
        with torch.cuda.stream(self._stream):
            tensor = buffer.to(self._device, non_blocking=True)
            self._copied[place] = torch.cuda.Event()
            self._copied[place].record(self._stream)
        return tensor

    def _copy_sparse(self, batch: Any) -> torch.Tensor:
        """Return a dense copy of a csr array; elements of one place are added, as SciPy does."""
        n_samples, n_features = batch.shape
        starts = np.arange(n_samples, dtype=np.int64) * n_features
        places = np.repeat(starts, np.diff(batch.indptr)) + batch.indices
        parts = torch.from_numpy(places), torch.from_numpy(batch.data).to(self._dtype)
        options = {"dtype": self._dtype, "device": self._device}
        if self._stream is None:
            dense = torch.zeros(n_samples * n_features, **options)
            dense.index_add_(0, *(part.to(self._device) for part in parts))
            return dense.view(n_samples, n_features)
        with torch.cuda.stream(self._stream):
            dense = torch.zeros(n_samples * n_features, **options)
            copied = (part.pin_memory().to(self._device, non_blocking=True) for part in parts)
            dense.index_add_(0, *copied)
        return dense.view(n_samples, n_features)

    def _buffer(self, place: int, n_samples: int) -> torch.Tensor:
        """Return rows of a buffer, which is made or enlarged if it is too small."""
        if len(self._buffers) <= place or len(self._buffers[place]) < n_samples:
            shape = n_samples, self._X.shape[1]
            # Pinned memory is copied by the device itself, while this process goes on.
            pinned = self._stream is not None
            made = torch.empty(shape, dtype=self._dtype, pin_memory=pinned)
            self._buffers[place : place + 1] = [made]
        return self._buffers[place][:n_samples]

    def _gather(self, chosen: NDArray[np.int64], out: AnyArray) -> None:
        if out.dtype == self._X.dtype:
            # The indices are in range, and mode='raise' would gather in another buffer first.
            np.take(self._X, chosen, axis=0, out=out, mode="clip")
        else:
            out[...] = self._X[chosen]
