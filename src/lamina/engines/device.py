"""Record of a device, the names of devices, and the errors about them."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from lamina.errors import DeviceError, suggestion

CPU, AUTO = "cpu", "auto"
# Kinds of devices, from the best one for training to the slowest.
KINDS = ("cuda", "mps", CPU)
NAMES = (AUTO, CPU, "cuda", "mps")
NUMBERED = re.compile(r"cuda:\d{1,3}")
GIBIBYTE = 1024**3
INSTALL = 'pip install "lamina[torch]"'


@dataclass(frozen=True)
class Device:
    """Device that can run a fit.

    Attributes
    ----------
    name : str
        Value for `device=`: 'cpu', 'cuda:0' or 'mps'.
    description : str
        Name of the hardware.
    memory : int or None
        Size of its memory in bytes; None if the system hides it.
    has_tf32 : bool
        True if it computes products with `precision='tf32'`.
    """

    name: str
    description: str
    memory: int | None = None
    has_tf32: bool = False

    def __str__(self) -> str:
        size = "" if self.memory is None else f", {self.memory / GIBIBYTE:.1f} GiB"
        return f"{self.name}: {self.description}{size}"


class Devices(tuple[Device, ...]):
    """Devices from the best one to the CPU; they print as lines.

    Attributes
    ----------
    remark : str
        One sentence with the reason if no GPU can be used, else ''.
    """

    remark: str

    def __new__(cls, devices: Sequence[Device], remark: str = "") -> Devices:
        found = super().__new__(cls, devices)
        found.remark = remark
        return found

    def __repr__(self) -> str:
        return "\n".join([*map(str, self), *([self.remark] if self.remark else [])])

    @property
    def names(self) -> list[str]:
        """Names of the devices."""
        return [device.name for device in self]


def is_device_name(value: object) -> bool:
    """Return True for a name that some machine may have, such as 'cuda:1'.

    Examples
    --------
    >>> is_device_name("cuda:1"), is_device_name("gpu")
    (True, False)
    """
    return isinstance(value, str) and (value in NAMES or NUMBERED.fullmatch(value) is not None)


def require_device_name(value: object) -> None:
    """Raise DeviceError for a text that is no device's name, with the nearest match."""
    if not is_device_name(value):
        raise DeviceError(
            f"device={value!r} is not the name of a device.{suggestion(value, NAMES)} Allowed: "
            f"{', '.join(map(repr, NAMES))}, and a number as in 'cuda:1'."
        )


def processor() -> Device:
    """Return the record of this machine's CPU."""
    cores = os.cpu_count() or 1
    counted = f"{cores} core{'' if cores == 1 else 's'}"
    return Device(CPU, f"{_processor_name()}, {counted}", installed_memory())


@cache
def installed_memory() -> int | None:
    """Return the size of this machine's memory in bytes, or None if the system hides it."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # no such question on Windows
        return None


@cache
def _processor_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine() or "CPU"
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine() or "CPU"
