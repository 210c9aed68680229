"""The one way in which lamina's and scikit-learn's estimators, alike as they are, get trained."""

from __future__ import annotations

import warnings
from typing import Any

from sklearn.exceptions import ConvergenceWarning

from benchmarks.speed.cases import ALPHA, LEARNING_RATE, SEED, Work
from benchmarks.speed.peers.peer import Training


def estimator_training(classifier: Any, regressor: Any, work: Work) -> Training:
    """A fit of exactly the case's epochs: no stall ends it early."""
    case = work.case
    kind = classifier if case.task == "classification" else regressor
    model = kind(
        hidden_layer_sizes=case.hidden,
        solver="adam",
        alpha=ALPHA,
        batch_size=case.batch_size,
        learning_rate_init=LEARNING_RATE,
        max_iter=case.epochs,
        tol=0.0,
        n_iter_no_change=case.epochs + 1,
        random_state=SEED,
    )

    def train() -> float:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(work.X, work.y)
        return float(model.loss_curve_[-1])

    return train
