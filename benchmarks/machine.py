"""What a figure was measured on: the processor, the system, and the versions of what ran."""

from __future__ import annotations

import os
import platform
import re
from importlib import metadata
from pathlib import Path
from time import perf_counter
from typing import Any

from threadpoolctl import threadpool_info

from lamina.engines import available_engines

VERSIONS_OF = ("lamina", "numpy", "scipy", "scikit-learn", "torch", "jax")


def describe_machine() -> dict[str, Any]:
    """The machine and its libraries as plain strings, numbers, lists and dicts."""
    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": {name: version for name in VERSIONS_OF if (version := _version(name))},
        "engines": available_engines(),
        "instruction_set": _instruction_set(),
        "blas": sorted({f"{p['internal_api']} {p['version']}" for p in threadpool_info()}),
    }


# The most that others may take of a machine whose figures are called true.
QUIET = 0.05


class OthersFraction:
    """The part of the machine's time that other processes take, from its making to its reading.

    Where it is large, what was measured meanwhile is the machine's traffic and not its speed.
    """

    def __init__(self) -> None:
        self._start = perf_counter(), _busy_seconds()

    def read(self) -> float | None:
        """From 0 to 1; None where the system doesn't tell."""
        (begin, before), now = self._start, _busy_seconds()
        if before is None or now is None:
            return None
        available = (perf_counter() - begin) * (os.cpu_count() or 1)
        return min(1.0, max(0.0, (now - before) / available))


def _busy_seconds() -> float | None:
    """What all cores have spent on other than this process and its ended children."""
    stat = Path("/proc/stat")
    if not stat.is_file():
        return None
    user, nice, system, _, _, *interrupts_and_steal = map(
        int, stat.read_text().partition("\n")[0].split()[1:9]
    )
    all_ticks = user + nice + system + sum(interrupts_and_steal)
    return all_ticks / os.sysconf("SC_CLK_TCK") - sum(os.times()[:4])


def processor() -> str:
    """The processor's name, as far as the system tells it."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        named = re.search(r"^model name\s*:\s*(.+)$", cpuinfo.read_text(), re.MULTILINE)
        if named:
            return named[1].strip()
    return platform.processor() or platform.machine()


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def _instruction_set() -> str | None:
    if "native" not in available_engines():
        return None
    from lamina import _native

    return str(_native.instruction_set())
