"""Measure the memory of a fit: the growth of a fresh process at its peak, without the data.

The process runs this module: `python -m benchmarks.speed.memory lamina wide float32`.
"""

from __future__ import annotations

import gc
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks.speed import rows
from benchmarks.speed.cases import CASES, Case, Work
from benchmarks.speed.peers.lamina import Lamina
from benchmarks.speed.peers.peer import Training
from benchmarks.speed.peers.scikit_learn import ScikitLearn
from lamina.formulas.table import RecordTable

MIB = 2**20
SLACK = 64 * MIB
TIMES_PARAMETERS = 5

TALL = Case("tall", "regression", (50,), 1024, 1, partial(rows.plain, 2_000_000, 20))
MEMORY_CASES = RecordTable("case", *CASES.values(), TALL)

_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


@dataclass(frozen=True)
class Footprint:
    """The memory of one fit, in bytes.

    Attributes
    ----------
    data : int
        The size of X and y.
    parameters : int
    growth : dict of str to int
        By peer: the peak during the fit minus the resident memory before.
    """

    case: str
    dtype: str
    data: int
    parameters: int
    growth: dict[str, int]

    @property
    def allowed(self) -> int:
        """The goal: the size of the data, five times the parameters, and 64 MiB."""
        return self.data + TIMES_PARAMETERS * self.parameters + SLACK

    @property
    def is_met(self) -> bool:
        """True if lamina stays below the goal."""
        return self.growth["lamina"] <= self.allowed

    def plain(self) -> dict[str, Any]:
        """Return the footprint as plain values."""
        return asdict(self)


def measure_memory(progress: Callable[[str], None]) -> Iterator[Footprint]:
    """Measure one epoch of every case in lamina and scikit-learn."""
    if not _CLEAR.exists():
        return
    for case in MEMORY_CASES.values():
        for dtype in case.dtypes:
            growth: dict[str, int] = {}
            sizes: dict[str, int] = {}
            for peer in ("lamina", "scikit-learn"):
                progress(f"{case.name} {dtype}: {peer}")
                sizes = _in_fresh_process(peer, case.name, dtype)
                growth[peer] = sizes.pop("growth")
            yield Footprint(case.name, dtype, **sizes, growth=growth)


def _in_fresh_process(*arguments: str) -> dict[str, int]:
    command = [sys.executable, "-m", __spec__.name, *arguments]
    run = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    sizes: dict[str, int] = json.loads(run.stdout)
    return sizes


def main(peer: str, case_name: str, dtype: str) -> None:
    """Fit, and print the bytes of data, parameters and growth as JSON."""
    case = MEMORY_CASES[case_name]
    work = Work.from_case(replace(case, epochs=min(case.epochs, 2)), dtype)
    training = _training(peer, work)
    gc.collect()
    before = _resident("VmRSS")
    forget_peak = "5"
    _CLEAR.write_text(forget_peak)
    training.run()
    n_parameters = sum((fan_in + 1) * fan_out for fan_in, fan_out in pairwise(work.widths))
    sizes = {
        "data": _bytes(work.X) + work.y.nbytes,
        "parameters": n_parameters * work.X.dtype.itemsize,
        "growth": _resident("VmHWM") - before,
    }
    print(json.dumps(sizes))


def _training(peer: str, work: Work) -> Training:
    chosen = {"lamina": Lamina, "scikit-learn": ScikitLearn}[peer]()
    return chosen.prepare(work, chosen.ways()[-1])


def _bytes(X: Any) -> int:
    arrays = (X.data, X.indices, X.indptr) if hasattr(X, "nnz") else (X,)
    return sum(array.nbytes for array in arrays)


def _resident(what: str) -> int:
    """Return the bytes that are resident now (VmRSS) or were at the peak (VmHWM)."""
    found = re.search(rf"^{what}:\s+(\d+) kB$", _STATUS.read_text(), re.MULTILINE)
    if found is None:
        raise RuntimeError(f"{_STATUS} has no {what}")
    return int(found[1]) * 1024


if __name__ == "__main__":
    main(*sys.argv[1:])
