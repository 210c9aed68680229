"""All measurements of `make bench` by name, in the order of the table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from benchmarks.speed.bfloat16 import Accuracy, measure_accuracy
from benchmarks.speed.cases import CASES
from benchmarks.speed.limit import measure_products
from benchmarks.speed.memory import Footprint, measure_memory
from benchmarks.speed.peers import Peer
from benchmarks.speed.prediction import PREDICTIONS, measure_prediction
from benchmarks.speed.result import Result
from benchmarks.speed.search import measure_search
from benchmarks.speed.timing import Patience
from benchmarks.speed.training import measure_training
from lamina.formulas.table import RecordTable

Measured: TypeAlias = Result | Footprint | Accuracy
Progress: TypeAlias = Callable[[str], None]


@dataclass(frozen=True)
class Measurement:
    """A name for `--case`, and the function that yields its figures."""

    name: str
    run: Callable[[list[Peer], Patience, Progress], Iterator[Measured]]


def _training(name: str) -> Measurement:
    case = CASES[name]
    return Measurement(name, partial(measure_training, case))


def _prediction(name: str) -> Measurement:
    case = PREDICTIONS[name]
    return Measurement(name, partial(measure_prediction, case))


MEASUREMENTS = RecordTable(
    "case",
    *map(_training, CASES),
    *map(_prediction, PREDICTIONS),
    Measurement("search", lambda peers, patience, progress: measure_search(patience, progress)),
    Measurement("products", lambda peers, patience, progress: measure_products(patience, progress)),
    Measurement("memory", lambda peers, patience, progress: measure_memory(progress)),
    Measurement("bfloat16", lambda peers, patience, progress: measure_accuracy(progress)),
)
