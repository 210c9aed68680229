"""Copies of arrays between this process's memory and a device, and constants that stay there."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import torch

Tensor: TypeAlias = torch.Tensor

TORCH_TYPES: dict[np.dtype[Any], torch.dtype] = {
    np.dtype(np.float32): torch.float32,
    np.dtype(np.float64): torch.float64,
    np.dtype(np.int32): torch.int32,
    np.dtype(np.int64): torch.int64,
    np.dtype(np.bool_): torch.bool,
}
NUMPY_TYPES: dict[torch.dtype, np.dtype[Any]] = {
    theirs: ours for ours, theirs in TORCH_TYPES.items()
}


def torch_type(dtype: Any, device: torch.device) -> torch.dtype:
    """Return PyTorch's type of these numbers; 'mps' has float32 in place of float64."""
    found = TORCH_TYPES[np.dtype(dtype)]
    return torch.float32 if found == torch.float64 and device.type == "mps" else found


def to_device(values: np.ndarray[Any, Any], device: torch.device) -> Tensor:
    """Return a copy of an array of this process on a device."""
    # PyTorch has no tensors over arrays that are read-only, or with negative strides.
    copied = torch.from_numpy(np.array(values, order="C"))
    return copied.to(device=device, dtype=torch_type(values.dtype, device))


def to_host(tensor: Tensor, dtype: Any = None) -> np.ndarray[Any, Any]:
    """Return a copy of a tensor in this process's memory."""
    values = np.array(tensor.detach().cpu().numpy())
    return values if dtype is None else values.astype(dtype, copy=False)


# A formula makes the same small arrays of numbers in every step, and a graph that is being captured
# must copy nothing from the host, so that they are kept on the device.
_constants: dict[Any, Tensor] = {}
MOST_CONSTANTS = 512


def constants() -> dict[Any, Tensor]:
    """Return the present constants, which a captured graph needs as long as it is replayed."""
    return _constants


def constant_on(values: np.ndarray[Any, Any], device: torch.device) -> Tensor:
    """Return an array on a device, the same tensor for the same numbers."""
    global _constants
    key = values.tobytes(), values.dtype.str, values.shape, device
    if key not in _constants:
        if len(_constants) >= MOST_CONSTANTS:
            # A new one, because a graph may read those of the old.
            _constants = {}
        _constants[key] = to_device(values, device)
    return _constants[key]
