"""lamina as a peer: its estimators with the default number of threads, with one, and with all."""

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
        Further parameters of the estimators.
    """

    def __init__(self, name: str = "lamina", **parameters: Any) -> None:
        self.name = name
        self.parameters = parameters

    def takes(self, work: Work) -> bool:
        # Only this case has a goal for it.
        return self.name != BFLOAT16 or (work.case.name, work.dtype) == ("wide", "float32")

    def ways(self) -> list[Way]:
        return [Way("default", nullcontext)]

    def prepare(self, work: Work, way: Way) -> Training:
        kinds = lamina.MLPClassifier, lamina.MLPRegressor
        return estimator_training(*kinds, work, **self.parameters)

    def prepare_prediction(self, work: Work, way: Way) -> Training:
        return estimator_prediction(lamina.MLPRegressor, work, **self.parameters)


def laminas() -> list[Lamina]:
    """Return lamina with its default number of threads, and with one thread and all."""
    peers = [
        Lamina(),
        Lamina(ONE_THREAD, n_threads=1),
        Lamina(ALL_THREADS, n_threads=usable_cores()),
    ]
    return [*peers, Lamina(BFLOAT16, precision="bfloat16")] if knows_bfloat16() else peers


def knows_bfloat16() -> bool:
    """Return True if the estimators support bfloat16."""
    return "precision" in signature(lamina.MLPClassifier).parameters
