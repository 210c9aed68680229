"""Training and prediction with scikit-learn's interface, for lamina and scikit-learn."""

from __future__ import annotations

import warnings
from typing import Any

from sklearn.exceptions import ConvergenceWarning

from benchmarks.speed.cases import ALPHA, LEARNING_RATE, VALIDATION_FRACTION, Work
from benchmarks.speed.peers.peer import Training
from benchmarks.speed.rows import SEED, plain


def estimator_training(classifier: Any, regressor: Any, work: Work, **parameters: Any) -> Training:
    """Return a fit of exactly the case's epochs, without early stopping by stalls."""
    case = work.case
    kind = classifier if case.task == "classification" else regressor
    model = kind(
        hidden_layer_sizes=case.hidden,
        solver=case.solver,
        alpha=ALPHA,
        batch_size=case.batch_size,
        learning_rate_init=LEARNING_RATE,
        max_iter=case.epochs,
        tol=0.0,
        n_iter_no_change=case.epochs + 1,
        early_stopping=case.early_stopping,
        validation_fraction=VALIDATION_FRACTION,
        random_state=SEED,
        **parameters,
    )

    def train() -> float:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(work.X, work.y)
        if model.n_iter_ != case.epochs:
            raise RuntimeError(f"{case.name} ended after {model.n_iter_} of {case.epochs} epochs")
        return float(model.loss_)

    return Training(train, is_repeatable=True)


def estimator_prediction(regressor: Any, work: Work, **parameters: Any) -> Training:
    """Return a prediction by a regressor with the initial weights that all peers use."""
    X, y = (array.astype(work.dtype) for array in plain(200, work.X.shape[1]))
    smallest_rate = 1e-12
    model = regressor(
        hidden_layer_sizes=work.case.hidden,
        learning_rate_init=smallest_rate,
        max_iter=1,
        random_state=SEED,
        **parameters,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(X, y)
    return Training(lambda: float(model.predict(work.X).mean()), is_repeatable=True)
