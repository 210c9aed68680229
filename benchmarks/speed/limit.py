"""The physical limit: the time of the work's necessary operations at the machine's peak rates.

Multiply-adds, square roots and divisions are counted at the rate of the best loop in registers over
all instruction sets and numbers of registers, exponentials and logarithms at the rate of the core's
functions in the first-level cache. The times are added, because the core makes one after the other,
and divided among the threads. The rates are measured in every round like a peer, because a
machine's clock rate varies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from functools import partial

import numpy as np

from benchmarks.speed.operations import Operations
from benchmarks.speed.peers.lamina import ALL_THREADS, ONE_THREAD
from benchmarks.speed.peers.peer import Training
from benchmarks.speed.result import Result
from benchmarks.speed.rows import SEED
from benchmarks.speed.timing import Entry, Patience, Run, measure, timed
from lamina.engines import available_engines
from lamina.engines.threads import usable_cores

LIMIT_ONE, LIMIT_ALL = "limit of one thread", "limit of all threads"
LIMIT_BFLOAT16 = "limit in bfloat16"
SIDE = 1024
ORIENTATIONS = {"A B": (False, False), "Aᵀ B": (True, False), "A Bᵀ": (False, True)}


def limit_entries(operations: Operations, dtype: str) -> list[Entry]:
    """Return entries for the shortest time of the operations, with one thread and with all."""
    if "native" not in available_engines():
        return []
    return [
        _entry(name, operations, "multiply_add", dtype, n_threads)
        for name, n_threads in {LIMIT_ONE: 1, LIMIT_ALL: usable_cores()}.items()
    ]


def bfloat16_limit(operations: Operations) -> list[Entry]:
    """Return the entry for all threads with products in bfloat16; none without a loop of them."""
    if "native" not in available_engines():
        return []
    from lamina.engines.native_measures import operation_rate

    product = "multiply_add_bfloat16"
    if not operation_rate(product, "float32", seconds=0.001):
        return []
    return [_entry(LIMIT_BFLOAT16, operations, product, "float32", usable_cores())]


def _entry(name: str, operations: Operations, product: str, dtype: str, n_threads: int) -> Entry:
    run = partial(_turn, operations, product, dtype, n_threads)
    return Entry(name, "registers only", run, run)


def _turn(operations: Operations, product: str, dtype: str, n_threads: int) -> Run:
    """Return the shortest time; the figure is the rate of floating-point operations."""
    from lamina.engines.native_measures import function_rate, operation_rate

    rate = operation_rate(product, dtype, n_threads, seconds=0.05)
    seconds = operations.multiply_adds / rate
    if operations.updates:
        for each in ("square_root", "divide"):
            seconds += operations.updates / operation_rate(each, dtype, n_threads, seconds=0.01)
    for name, count in (("exp", operations.exponentials), ("log", operations.logarithms)):
        if count:
            seconds += count / (n_threads * function_rate(name, dtype, seconds=0.005))
    return Run(seconds, 2 * rate)


def measure_products(patience: Patience, progress: Callable[[str], None]) -> Iterator[Result]:
    """Time the product of two square matrices in every orientation and precision."""
    if "native" not in available_engines():
        return
    for dtype in ("float32", "float64"):
        for name, orientation in ORIENTATIONS.items():
            entries = _product_entries(dtype, orientation) + limit_entries(
                Operations(SIDE**3), dtype
            )
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
