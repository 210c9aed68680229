"""Recognise PyTorch's errors about a device, without importing PyTorch."""

from __future__ import annotations

from enum import Enum


class Failure(Enum):
    """Kind of a device's failure."""

    MEMORY = "memory"
    LOST = "lost"


# Fragments of messages, in lower case; older versions raise a plain RuntimeError.
OF_MEMORY = ("out of memory", "can't allocate memory", "alloc_failed")
OF_LOSS = ("cuda error", "cudnn_status", "cublas_status", "nccl", "command buffer", "mps backend")


def recognise_failure(error: BaseException) -> Failure | None:
    """Return the failure of a device that an error reports, or None for any other error.

    Examples
    --------
    >>> recognise_failure(RuntimeError("CUDA error: unspecified launch failure"))
    <Failure.LOST: 'lost'>
    >>> recognise_failure(RuntimeError("mat1 and mat2 shapes cannot be multiplied")) is None
    True
    """
    if not isinstance(error, RuntimeError):
        return None
    names = {cls.__name__ for cls in type(error).__mro__ if cls.__module__.startswith("torch")}
    text = str(error).lower()
    if "OutOfMemoryError" in names or any(part in text for part in OF_MEMORY):
        return Failure.MEMORY
    if "AcceleratorError" in names or any(part in text for part in OF_LOSS):
        return Failure.LOST
    return None
