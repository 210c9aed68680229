"""The GPUs that PyTorch can use, with their names and memory."""

from __future__ import annotations

import platform

import torch

from lamina.engines.device import Device, installed_memory


def list_devices() -> list[Device]:
    """Return the GPUs of this machine: 'cuda:0', 'cuda:1' and so on, and 'mps'."""
    found = [_cuda(i) for i in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        # Apple's chips share one memory between CPU and GPU.
        chip = platform.processor() or "Apple"
        found.append(Device("mps", f"{chip} GPU, float32 only", installed_memory()))
    return found


def _cuda(index: int) -> Device:
    properties = torch.cuda.get_device_properties(index)
    # Tensor cores have TF32 since Ampere; torch.version.hip is that of AMD.
    has_tf32 = torch.version.hip is None and properties.major >= 8
    memory = int(properties.total_memory)
    return Device(f"cuda:{index}", str(properties.name), memory, has_tf32)
