"""Measure the time of `import lamina` beyond scikit-learn, in fresh alternating interpreters."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from statistics import median

TARGETS = ("sklearn.neural_network", "lamina")
_CODE = "import time; t = time.perf_counter(); import {0}; print(time.perf_counter() - t)"


def import_seconds(rounds: int, progress: Callable[[str], None]) -> dict[str, float]:
    """Return the median import time of each of TARGETS, after one warm-up round."""
    seconds: dict[str, list[float]] = {target: [] for target in TARGETS}
    for _ in range(rounds + 1):
        for target in TARGETS:
            progress(f"import {target}")
            command = [sys.executable, "-c", _CODE.format(target)]
            run = subprocess.run(command, check=True, capture_output=True, text=True)
            seconds[target].append(float(run.stdout))
    return {target: median(measured[1:]) for target, measured in seconds.items()}
