"""The physical limit: the time of the same work at the machine's multiply-add rate.

The rate is that of a loop in registers, times the number of threads. It is measured in every round
like a peer, because a machine's clock rate varies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from functools import partial

import numpy as np

from benchmarks.speed.peers.lamina import ALL_THREADS, ONE_THREAD
from benchmarks.speed.peers.peer import Training
from benchmarks.speed.result import Result
from benchmarks.speed.rows import SEED
from benchmarks.speed.timing import Entry, Patience, Run, measure, timed
from lamina.engines import available_engines
from lamina.engines.threads import usable_cores

LIMIT_ONE, LIMIT_ALL = "limit of one thread", "limit of all threads"
SIDE = 1024
ORIENTATIONS = {"A B": (False, False), "Aᵀ B": (True, False), "A Bᵀ": (False, True)}


def limit_entries(multiply_adds: int, dtype: str) -> list[Entry]:
    """Return entries for the shortest time of the multiply-adds, with one thread and with all."""
    if "native" not in available_engines():
        return []
    from lamina.engines.native_measures import multiply_add_rate

    def turn(n_threads: int) -> Run:
        rate = multiply_add_rate(dtype, n_threads, seconds=0.05)
        return Run(2 * multiply_adds / rate, rate)

    turns = {LIMIT_ONE: partial(turn, 1), LIMIT_ALL: partial(turn, usable_cores())}
    return [Entry(name, "registers only", run, run) for name, run in turns.items()]


def measure_products(patience: Patience, progress: Callable[[str], None]) -> Iterator[Result]:
    """Time the product of two square matrices in every orientation and precision."""
    if "native" not in available_engines():
        return
    for dtype in ("float32", "float64"):
        for name, orientation in ORIENTATIONS.items():
            entries = _product_entries(dtype, orientation) + limit_entries(SIDE**3, dtype)
            timings = measure(
                entries, patience, lambda what, name=name: progress(f"{name}: {what}")
            )
            yield Result(f"product {name}", dtype, f"{SIDE}³", "product", 1, timings)


def _product_entries(dtype: str, orientation: tuple[bool, bool]) -> list[Entry]:
    from lamina.engines.native_measures import matrix_product

    random_state = np.random.RandomState(SEED)
    A, B = random_state.standard_normal((2, SIDE, SIDE)).astype(dtype)
    transposed = dict(zip(("A_is_transposed", "B_is_transposed"), orientation, strict=True))

    def multiply(n_threads: int) -> float:
        return float(matrix_product(A, B, **transposed, n_threads=n_threads)[0, 0])

    def turn(n_threads: int) -> Run:
        return timed(
            lambda: Training(partial(multiply, n_threads), is_repeatable=True), nullcontext
        )

    counts = zip((ONE_THREAD, ALL_THREADS), (1, usable_cores()), strict=True)
    turns = {name: partial(turn, count) for name, count in counts}
    return [Entry(name, "default", run, run) for name, run in turns.items()]
