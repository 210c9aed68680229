"""Number of mutants of a fuzzer, their first seed, and the time limit of each.

`LAMINA_FUZZ_MUTANTS` is the number for each fuzzer; `LAMINA_FUZZ_SEED` is a whole number, or
'random'. By default both are fixed, so that a test run is the same every time.
"""

from __future__ import annotations

import os
import random
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

SECONDS_A_MUTANT = 20


def n_mutants(default: int) -> int:
    """Return the number of mutants to make."""
    return int(os.environ.get("LAMINA_FUZZ_MUTANTS", default))


def first_seed() -> int:
    """Return the seed of the first mutant; each following mutant has the next seed."""
    chosen = os.environ.get("LAMINA_FUZZ_SEED", "0")
    return random.SystemRandom().randrange(2**40) if chosen == "random" else int(chosen)


@contextmanager
def time_limit(seconds: float = SECONDS_A_MUTANT) -> Iterator[None]:
    """Raise TimeoutError in the main thread if a mutant takes longer, where signals allow it."""
    has_timer = hasattr(signal, "setitimer")
    if not has_timer or threading.current_thread() is not threading.main_thread():
        yield
        return

    def give_up(number: int, frame: object) -> None:
        raise TimeoutError(f"a mutant took more than {seconds} s")

    earlier = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, earlier)
