"""Goals by case: the minimum ratio of one peer's time to another's.

All goals have this form. A fraction of the machine's limit is the limit's time divided by the
measured time; a speed-up is one thread's time divided by that of two.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from benchmarks.speed.limit import LIMIT_ALL, LIMIT_BFLOAT16, LIMIT_ONE, ORIENTATIONS
from benchmarks.speed.peers.lamina import ALL_THREADS, BFLOAT16, ONE_THREAD
from benchmarks.speed.result import Result

# If the default is one thread, both timings measure the same, and differ by noise.
NOISE = 0.03
MARKS = {True: "✓", False: "✗", None: ""}


@dataclass(frozen=True)
class Pair:
    """Two peers whose times are compared."""

    slower: str
    faster: str
    is_fraction: bool = False
    noise: float = 0.0


SCIKIT_LEARN = Pair("scikit-learn", "lamina")
PYTORCH = Pair("PyTorch", "lamina")
JAX = Pair("JAX", "lamina")
OF_ONE_THREAD = Pair(LIMIT_ONE, ONE_THREAD, is_fraction=True)
OF_ALL_THREADS = Pair(LIMIT_ALL, ALL_THREADS, is_fraction=True)
ALL_AGAINST_ONE = Pair(ONE_THREAD, ALL_THREADS)
CHOICE_AGAINST_ONE = Pair(ONE_THREAD, "lamina", noise=NOISE)
BFLOAT16_AGAINST_FLOAT32 = Pair("lamina", BFLOAT16)
BFLOAT16_AGAINST_PYTORCH = Pair("PyTorch", BFLOAT16)
BFLOAT16_OF_LIMIT = Pair(LIMIT_BFLOAT16, BFLOAT16, is_fraction=True)

_AGAINST_PEERS = {
    "circles": (250, 200, 15),
    "moons": (60, 80, 8),
    "iris": (70, 100, 12),
    "digits": (4.8, 12, 2.8),
    "california": (13, 26, 1.9),
    "mnist-8000": (4.3, 10, 2.6),
    "wide": (2.5, 1.3, 1.3),
    "lbfgs": (5, None, None),
    "sparse": (5, None, None),
    "predict-one": (5, None, None),
    "predict-many": (4, None, None),
    "search": (10, None, None),
}
_OF_LIMIT = {"wide": 0.85, "mnist-8000": 0.7, "digits": 0.7, "predict-many": 0.8}
_ALL_AGAINST_ONE = {"wide": 1.8, "mnist-8000": 1.5}
_PRODUCTS = {f"product {orientation}" for orientation in ORIENTATIONS}


def goals_of(case: str) -> Iterator[tuple[Pair, float]]:
    """Yield the pairs for which the case has a goal, with the smallest ratio that meets it."""
    against = _AGAINST_PEERS.get(case, ())
    for pair, goal in zip((SCIKIT_LEARN, PYTORCH, JAX), against, strict=False):
        if goal is not None:
            yield pair, goal
    if case in _OF_LIMIT:
        yield OF_ONE_THREAD, _OF_LIMIT[case]
        yield OF_ALL_THREADS, _OF_LIMIT[case]
    if case in _PRODUCTS:
        yield OF_ONE_THREAD, 0.85
        yield OF_ALL_THREADS, 0.8
    if case in _ALL_AGAINST_ONE:
        yield ALL_AGAINST_ONE, _ALL_AGAINST_ONE[case]
    if case not in _PRODUCTS:
        yield CHOICE_AGAINST_ONE, 1.0
    if case == "wide":
        yield BFLOAT16_AGAINST_FLOAT32, 1.7
        yield BFLOAT16_AGAINST_PYTORCH, 2.2


@dataclass(frozen=True)
class Standing:
    """The ratio of a pair in a result, and its goal or None."""

    pair: Pair
    value: float
    goal: float | None

    @property
    def is_met(self) -> bool | None:
        """True if the goal is met, None without a goal; a ratio above its limit meets none."""
        if self.goal is None:
            return None
        return self.is_possible and self.value >= self.goal * (1 - self.pair.noise)

    @property
    def is_possible(self) -> bool:
        """False for a fraction of the limit above one, by more than noise."""
        return not self.pair.is_fraction or self.value <= 1 + NOISE

    def __str__(self) -> str:
        if not self.is_possible:
            return f"{self._said(self.value)}: above the limit, which is measured too low"
        if self.goal is None:
            return self._said(self.value)
        return f"{self._said(self.value)} {MARKS[self.is_met]} {self._said(self.goal)}"

    def _said(self, value: float) -> str:
        if self.pair.is_fraction:
            return f"{100 * value:.0f} %"
        return f"{value:.3g}×" if value < 10 else f"{value:.0f}×"


def standing(result: Result, pair: Pair) -> Standing | None:
    """Return the pair's ratio in the result, or None if one of both was not timed."""
    value = result.ratio(pair.slower, pair.faster)
    return None if value is None else Standing(pair, value, dict(goals_of(result.case)).get(pair))


def standings(result: Result) -> list[Standing]:
    """Return the ratios of the pairs that have a goal."""
    found = (standing(result, pair) for pair, _ in goals_of(result.case))
    return [one for one in found if one is not None]


def impossible(results: Iterable[Result]) -> list[str]:
    """Return a sentence for each result that is faster than the machine's limit."""
    return [
        f"{result.case}, {result.dtype}, {pair.faster}: {found}"
        for result in results
        for pair in (OF_ONE_THREAD, OF_ALL_THREADS, BFLOAT16_OF_LIMIT)
        if (found := standing(result, pair)) and not found.is_possible
    ]
