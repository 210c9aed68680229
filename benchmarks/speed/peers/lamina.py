"""lamina as a peer: its estimators, with the threads that they choose, on one, and on all."""

from __future__ import annotations

from contextlib import nullcontext
from inspect import signature
from typing import Any

import lamina
from benchmarks.speed.cases import Work
from benchmarks.speed.peers.estimator import estimator_prediction, estimator_training
from benchmarks.speed.peers.peer import Training, Way
from lamina.engines.threads import usable_cores

ONE_THREAD, ALL_THREADS = "lamina on one thread", "lamina on all threads"
BFLOAT16 = "lamina in bfloat16"


class Lamina:
    """`lamina.MLPClassifier` and `lamina.MLPRegressor`.

    Parameters
    ----------
    name : str
    **parameters
        What the estimators are told besides.
    """

    def __init__(self, name: str = "lamina", **parameters: Any) -> None:
        self.name = name
        self.parameters = parameters

    def takes(self, work: Work) -> bool:
        # Its goal is of this case alone.
        return self.name != BFLOAT16 or (work.case.name, work.dtype) == ("wide", "float32")

    def ways(self) -> list[Way]:
        return [Way("as it comes", nullcontext)]

    def prepare(self, work: Work, way: Way) -> Training:
        kinds = lamina.MLPClassifier, lamina.MLPRegressor
        return estimator_training(*kinds, work, **self.parameters)

    def prepare_prediction(self, work: Work, way: Way) -> Training:
        return estimator_prediction(lamina.MLPRegressor, work, **self.parameters)


def laminas() -> list[Lamina]:
    """lamina as it comes, and with threads set by hand, to hold its choice against."""
    peers = [
        Lamina(),
        Lamina(ONE_THREAD, n_threads=1),
        Lamina(ALL_THREADS, n_threads=usable_cores()),
    ]
    return [*peers, Lamina(BFLOAT16, precision="bfloat16")] if knows_bfloat16() else peers


def knows_bfloat16() -> bool:
    """Whether the estimators can be told to compute in bfloat16."""
    return "precision" in signature(lamina.MLPClassifier).parameters
