"""Take arrays of any library on a device without a copy, by DLPack."""

from __future__ import annotations

from typing import Any

import torch
import torch.utils.dlpack

from lamina.engines.device_matrix import DeviceMatrix

FLOATS = (torch.float32, torch.float64)


def adopt(array: Any, device: torch.device) -> DeviceMatrix | None:
    """Return a matrix of floats that is on the device already, or None for any other array.

    Parameters
    ----------
    array : array of PyTorch, CuPy, JAX or another library with `__dlpack__`
    device : torch.device
    """
    try:
        tensor = array if isinstance(array, torch.Tensor) else torch.utils.dlpack.from_dlpack(array)
    except (BufferError, RuntimeError, TypeError, ValueError):
        return None
    is_matrix = tensor.layout == torch.strided and tensor.ndim == 2 and tensor.numel() > 0
    if not is_matrix or tensor.dtype not in FLOATS or not _is_same(tensor.device, device):
        return None
    return DeviceMatrix(tensor.detach())


def _is_same(found: torch.device, device: torch.device) -> bool:
    return found.type == device.type and (found.index or 0) == (device.index or 0)
