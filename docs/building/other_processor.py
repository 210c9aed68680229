"""Run a command as on an old processor: `python -m docs.building.other_processor COMMAND`.

NumPy, BLAS and the C library choose their code by the processor, and their last bits depend on it.
Here they use the code for the oldest processors. Outputs of pages and assertions of examples must
hold with it too.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys

# OpenBLAS's names; an unknown name is an error.
OLDEST = {"x86_64": "Nehalem", "AMD64": "Nehalem", "aarch64": "ARMV8", "arm64": "ARMV8"}
KINDS = """
import numpy, scipy.linalg
from threadpoolctl import threadpool_info
print(sorted({each["architecture"] for each in threadpool_info() if "architecture" in each}))
"""


def environment() -> dict[str, str]:
    """Return environment variables that make the libraries use their oldest code.

    NumPy refuses to disable features that it was not built with, so the list comes from NumPy.
    """
    from numpy._core._multiarray_umath import __cpu_dispatch__

    variables = {"NPY_DISABLE_CPU_FEATURES": " ".join(__cpu_dispatch__)}
    if platform.machine() in OLDEST:
        variables["OPENBLAS_CORETYPE"] = OLDEST[platform.machine()]
    if platform.machine() == "x86_64":
        variables["GLIBC_TUNABLES"] = "glibc.cpu.hwcaps=-AVX2,-FMA,-FMA4"
    return variables


def kinds_of_blas(variables: dict[str, str]) -> str:
    """Return the processors that BLAS detects."""
    return subprocess.run(
        [sys.executable, "-c", KINDS],
        env={**os.environ, **variables},
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()


if __name__ == "__main__":
    chosen = environment()
    print(f"BLAS for {kinds_of_blas(chosen)} in place of {kinds_of_blas({})}; {chosen}", flush=True)
    sys.exit(subprocess.run(sys.argv[1:], env={**os.environ, **chosen}, check=False).returncode)
