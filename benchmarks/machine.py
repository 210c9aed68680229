"""What a figure was measured on: the processor, the system, and the versions of what ran."""

from __future__ import annotations

import os
import platform
import re
from importlib import metadata
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_info

from lamina.engines import available_engines

VERSIONS_OF = ("lamina", "numpy", "scipy", "scikit-learn", "torch")


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
