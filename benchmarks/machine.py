"""Describe the machine of a measurement: processor, system, and versions of the libraries."""

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
    """Return the machine and its libraries as plain strings, numbers, lists and dicts."""
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


# Up to this fraction of other processes a machine counts as quiet.
QUIET = 0.05


class OthersFraction:
    """Measure the fraction of the machine's time that other processes take.

    The measurement begins with the object. A large fraction makes figures useless.
    """

    def __init__(self) -> None:
        self._start = perf_counter(), _busy_seconds()

    def read(self) -> float | None:
        """Return the fraction from 0 to 1, or None if the system doesn't provide it."""
        (begin, before), now = self._start, _busy_seconds()
        if before is None or now is None:
            return None
        available = (perf_counter() - begin) * (os.cpu_count() or 1)
        return min(1.0, max(0.0, (now - before) / available))


def _busy_seconds() -> float | None:
    """Return the seconds that all cores spent on other processes than this and its children."""
    stat = Path("/proc/stat")
    if not stat.is_file():
        return None
    user, nice, system, _, _, *interrupts_and_steal = map(
        int, stat.read_text().partition("\n")[0].split()[1:9]
    )
    all_ticks = user + nice + system + sum(interrupts_and_steal)
    return all_ticks / os.sysconf("SC_CLK_TCK") - sum(os.times()[:4])


def processor() -> str:
    """Return the processor's name, as detailed as the system provides it."""
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
