"""scikit-learn as a peer: its estimators, with BLAS on one thread and on all."""

from __future__ import annotations

from contextlib import nullcontext
from functools import partial

from sklearn.neural_network import MLPClassifier, MLPRegressor
from threadpoolctl import threadpool_limits

from benchmarks.speed.cases import Work
from benchmarks.speed.peers.estimator import estimator_prediction, estimator_training
from benchmarks.speed.peers.peer import Training, Way


class ScikitLearn:
    """`sklearn.neural_network.MLPClassifier` and `MLPRegressor`."""

    name = "scikit-learn"

    def takes(self, work: Work) -> bool:
        return True

    def ways(self) -> list[Way]:
        return [
            Way("one thread", partial(threadpool_limits, 1)),
            Way("all threads", nullcontext),
        ]

    def prepare(self, work: Work, way: Way) -> Training:
        return estimator_training(MLPClassifier, MLPRegressor, work)

    def prepare_prediction(self, work: Work, way: Way) -> Training:
        return estimator_prediction(MLPRegressor, work)
