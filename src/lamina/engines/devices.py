"""The devices of this machine, and the choice of one; PyTorch is imported only if it is needed."""

from __future__ import annotations

import os
import platform
from importlib.util import find_spec

from lamina.engines.device import (
    AUTO,
    CPU,
    INSTALL,
    KINDS,
    Device,
    Devices,
    processor,
    require_device_name,
)
from lamina.errors import DeviceError, TorchMissingError
from lamina.formulas.precisions import TF32

# NVIDIA, the same below Windows, AMD.
DRIVERS_ON_LINUX = ("/proc/driver/nvidia", "/dev/nvidiactl", "/dev/dxg", "/dev/kfd")
ABSENT = f"PyTorch is not installed, and GPUs need it: {INSTALL}"


def devices() -> Devices:
    """Return the devices that `device=` can name on this machine, the best one first.

    Returns
    -------
    Devices
        A tuple of records with name, description and memory. It prints as lines, with a sentence
        where no GPU can be used.

    Examples
    --------
    >>> import lamina
    >>> lamina.devices()[-1].name
    'cpu'
    """
    try:
        found = _torch_devices()
    except TorchMissingError as error:
        return Devices([processor()], str(error))
    found = sorted(found, key=lambda device: KINDS.index(kind_of(device.name)))
    remark = "" if found else "PyTorch finds no GPU on this machine."
    return Devices([*found, processor()], remark)


def choose_device(name: str, *, float64: bool = False) -> str:
    """Return the full name of a device that is present: 'cpu', 'cuda:0', 'mps'.

    Parameters
    ----------
    name : str
        'auto' chooses the best device, and 'cuda' the first one of its kind.
    float64 : bool
        True if the fit computes in float64, which 'mps' does not support; 'auto' then passes it by.

    Raises
    ------
    DeviceError
        For a name that is none, and for a device that is absent; it is a ValueError.
    TorchMissingError
        If the device needs PyTorch, which is not installed; it is an ImportError.

    Examples
    --------
    >>> choose_device("cpu")
    'cpu'
    """
    require_device_name(name)
    if name == CPU:
        return CPU
    found = devices()
    if name == AUTO:
        return next(each for each in found.names if not (float64 and each == "mps"))
    for each in found.names:
        if each == name or kind_of(each) == name:
            return each
    if not is_torch_installed():
        raise TorchMissingError(f"device={name!r} needs PyTorch: {INSTALL}. {_present(found)}")
    reason = found.remark if found.remark.startswith("PyTorch cannot") else ""
    raise DeviceError(
        f"device={name!r} is not on this machine. {reason or _present(found)} device='auto' "
        "chooses the best one."
    )


def require_tf32(name: str) -> None:
    """Raise DeviceError if the device with this full name has no products in TF32.

    Examples
    --------
    >>> require_tf32("cpu")
    Traceback (most recent call last):
        ...
    lamina.errors.DeviceError: precision='tf32' needs an NVIDIA GPU with tensor cores ...
    """
    device = next(each for each in devices() if each.name == name)
    if not device.has_tf32:
        raise DeviceError(
            f"precision={TF32!r} needs an NVIDIA GPU with tensor cores (Ampere or newer), and the "
            f"device is {name!r}, {device.description}. Set precision=None."
        )


def kind_of(name: str) -> str:
    """Return the kind of a device: 'cuda' for 'cuda:1'.

    Examples
    --------
    >>> kind_of("cuda:1"), kind_of("cpu")
    ('cuda', 'cpu')
    """
    return name.partition(":")[0]


def is_torch_installed() -> bool:
    """Return True if PyTorch is installed, without importing it."""
    try:
        return find_spec("torch") is not None
    except ValueError:  # sys.modules["torch"] is None, as in tests without it
        return False


def may_have_gpu() -> bool:
    """Return False if this machine surely has no GPU that PyTorch can use.

    This reads only whether a driver is there, while `devices` imports PyTorch, which takes seconds.
    """
    if not is_torch_installed():
        return False
    if platform.system() == "Linux":
        return any(map(os.path.exists, DRIVERS_ON_LINUX))
    return True


def require_torch(feature: str) -> None:
    """Raise TorchMissingError if PyTorch, which a feature needs, is not installed."""
    if not is_torch_installed():
        raise TorchMissingError(f"{feature} needs PyTorch: {INSTALL}")


def _present(found: Devices) -> str:
    return f"Present: {', '.join(map(repr, found.names))}."


def _torch_devices() -> list[Device]:
    if not is_torch_installed():
        raise TorchMissingError(ABSENT)
    try:
        from lamina.engines.pytorch.devices import list_devices
    except (ImportError, OSError) as error:
        raise TorchMissingError(f"PyTorch cannot be imported: {error}") from error
    return list_devices()
