"""lamina as a peer: its estimators, as they come."""

from __future__ import annotations

from contextlib import nullcontext

import lamina
from benchmarks.speed.cases import Work
from benchmarks.speed.peers.estimator import estimator_training
from benchmarks.speed.peers.peer import Training, Way


class Lamina:
    """`lamina.MLPClassifier` and `lamina.MLPRegressor`."""

    name = "lamina"

    def ways(self) -> list[Way]:
        return [Way("as it comes", nullcontext, {})]

    def prepare(self, work: Work, way: Way) -> Training:
        return estimator_training(lamina.MLPClassifier, lamina.MLPRegressor, work)
