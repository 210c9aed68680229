"""The curves along which one quantity grows, and the measurement of their points.

Every point is the time of an epoch in float32, the best of several fits of one epoch each, because
delays by other processes must not hide the growth.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from time import perf_counter
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from benchmarks.machine import describe_machine
from benchmarks.speed.cases import Case, Work
from benchmarks.speed.peers import Peer
from benchmarks.speed.peers.lamina import Lamina
from benchmarks.speed.peers.scikit_learn import ScikitLearn
from benchmarks.speed.rows import SEED
from lamina.engines.threads import usable_cores
from lamina.formulas.table import RecordTable

RESULTS = Path(__file__).parents[1] / "results"
LEAST_SECONDS = 0.3
MOST_FITS = 5
# If a point takes a peer longer than this, larger points are skipped.
LONGEST = 15.0


@dataclass(frozen=True)
class Shape:
    """The sizes of the network and its data; a curve varies one of them."""

    rows: int
    features: int = 20
    width: int = 64
    depth: int = 1
    batch: int = 200
    threads: int | None = None


@dataclass(frozen=True)
class Curve:
    """The quantity that grows, its values, and the other sizes.

    Attributes
    ----------
    name : str
        The field of `Shape` that grows.
    values : tuple of int
    start : Shape
    slope : int
        The exponent of the value by which the arithmetic grows.
    """

    name: str
    values: tuple[int, ...]
    start: Shape
    slope: int

    def shapes(self) -> list[Shape]:
        """Return the shapes of all points."""
        return [replace(self.start, **{self.name: value}) for value in self.values]


_ROWS = (1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000, 3_000_000, 10_000_000)
CURVES = RecordTable(
    "curve",
    Curve("rows", _ROWS, Shape(rows=0), slope=1),
    Curve("width", (16, 32, 64, 128, 256, 512, 1024, 2048), Shape(2048, 64, depth=2), slope=2),
    Curve("depth", (1, 2, 4, 8, 16, 32), Shape(4096, 64), slope=1),
    Curve("batch", (8, 16, 32, 64, 128, 256, 512, 1024, 2048), Shape(16_384), slope=0),
    Curve(
        "threads",
        tuple(sorted({1, *(2**i for i in range(1, 9) if 2**i < usable_cores()), usable_cores()})),
        Shape(4096, 256, width=1024, depth=2, batch=1024),
        slope=-1,
    ),
)


@dataclass
class Measured:
    """The seconds of an epoch by curve, peer and value, with the machine and its other load."""

    machine: dict[str, Any] = field(default_factory=describe_machine)
    seconds: dict[str, dict[str, dict[str, float]]] = field(default_factory=dict)
    others_fraction: float | None = None

    def save(self, path: Path) -> None:
        """Write the measurements as JSON."""
        path.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the measurements from a file."""
        return cls(**json.loads(path.read_text(encoding="utf-8")))

    def points(self, curve: str, peer: str) -> list[tuple[int, float]]:
        """Return the values and seconds of one line."""
        line = self.seconds.get(curve, {}).get(peer, {})
        return [(int(value), seconds) for value, seconds in line.items()]


def measure_curve(curve: Curve, progress: Callable[[str], None]) -> dict[str, dict[str, float]]:
    """Return the seconds of lamina and scikit-learn by value, as JSON keys."""
    lines: dict[str, dict[str, float]] = {"lamina": {}, "scikit-learn": {}}
    for value, shape in zip(curve.values, curve.shapes(), strict=True):
        work = _work(shape)
        for name, line in lines.items():
            if line and max(line.values()) > LONGEST:
                continue
            if curve.name == "threads" and name != "lamina":
                continue
            progress(f"{curve.name} {value:,}: {name}")
            line[str(value)] = _seconds(_peer(name, shape), work)
    return {name: line for name, line in lines.items() if line}


def _peer(name: str, shape: Shape) -> Peer:
    return ScikitLearn() if name == "scikit-learn" else Lamina(n_threads=shape.threads)


def _work(shape: Shape) -> Work:
    hidden = (shape.width,) * shape.depth
    case = Case("scaling", "regression", hidden, min(shape.batch, shape.rows), 1, _no_rows)
    generator = np.random.default_rng(SEED)
    X = generator.standard_normal((shape.rows, shape.features), dtype=np.float32)
    return Work(case, X, X @ generator.standard_normal(shape.features, dtype=np.float32))


def _no_rows() -> tuple[NDArray[Any], NDArray[Any]]:
    raise NotImplementedError("the rows of a shape are drawn with it, in float32 at once")


def _seconds(peer: Peer, work: Work) -> float:
    """Return the best of several fits, in each peer's faster configuration."""
    spent, best, fits = 0.0, float("inf"), 0
    while fits == 0 or (spent < LEAST_SECONDS and fits < MOST_FITS):
        for way in peer.ways():
            with way.surroundings():
                training = peer.prepare(work, way)
                start = perf_counter()
                training.run()
                seconds = perf_counter() - start
            best, spent = min(best, seconds), spent + seconds
        fits += 1
    return best
