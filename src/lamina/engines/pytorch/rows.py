"""Samples on a device: batches gathered there, or copied from the host where X stays."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse

from lamina.engines.device_matrix import DeviceMatrix
from lamina.engines.engine import Rows
from lamina.engines.pytorch.arrays import TensorArray
from lamina.engines.pytorch.data import HostSamples, has_room
from lamina.engines.pytorch.tensors import to_device
from lamina.formulas.table import Matrix


class DeviceRows:
    """Samples of a fit, on a device.

    Attributes
    ----------
    host : Rows
        The same samples in this process's memory.
    """

    def __init__(self, rows: Rows, device: torch.device) -> None:
        self.host, self._device = rows, device
        self._X: Any = None
        self._streamed: HostSamples | None = None
        if isinstance(rows.X, DeviceMatrix):
            self._X = rows.X.tensor
        elif sparse.issparse(rows.X) or not has_room(rows.X, device):
            self._streamed = HostSamples(rows.X, device)
        else:
            self._X = to_device(rows.X, device)
        self._y = to_device(rows.y, device)
        self._weight = None if rows.weight is None else to_device(rows.weight, device)

    def begin(self, order: NDArray[np.int64], batch_size: int) -> None:
        """Prepare an epoch: batches of this process's memory are copied ahead of their use."""
        if self._streamed is not None:
            self._streamed.begin(order, batch_size)

    def buffer(self, n_samples: int) -> torch.Tensor | None:
        """Return memory for batches of this process's memory; None if the device has all."""
        if self._streamed is None:
            return None
        return self._streamed.buffer(n_samples)

    def copy_batch(self, chosen: NDArray[np.int64], out: torch.Tensor) -> None:
        """Copy the X of a batch from this process's memory into a part of a buffer."""
        if self._streamed is not None:
            out.copy_(self._streamed.batch(chosen))

    def batch(
        self,
        places: torch.Tensor,
        chosen: NDArray[np.int64] | None = None,
        copied: torch.Tensor | None = None,
    ) -> Rows:
        """Return the samples with these indices, on the device and in this process's memory.

        An X of this process's memory is copied now, unless it has been.
        """
        if copied is not None:
            X = TensorArray(copied)
        elif self._streamed is not None:
            assert chosen is not None
            X = TensorArray(self._streamed.batch(chosen))
        else:
            X = TensorArray(self._X[places])
        weight = None if self._weight is None else TensorArray(self._weight[places])
        return Rows(X, TensorArray(self._y[places]), weight)  # type: ignore[arg-type]

    def weights_of(self, chosen: NDArray[np.int64]) -> Rows:
        """Return rows with the weights of these samples, in this process's memory."""
        weight = self.host.weight
        return Rows(chosen, chosen, None if weight is None else weight[chosen])


def dense_on(X: Matrix, device: torch.device) -> Any:
    """Return samples as a dense array on a device."""
    if isinstance(X, DeviceMatrix):
        return TensorArray(X.tensor)
    return TensorArray(to_device(X if isinstance(X, np.ndarray) else X.toarray(), device))
