"""Ctrl-C during a fit gives a warning and a working model, with every engine."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.preprocessing import StandardScaler

import lamina
from lamina import MLPClassifier, MLPRegressor
from lamina.training import EpochRecord, observe_fits

X, Y = load_iris(return_X_y=True)
X = StandardScaler().fit_transform(X)

both = pytest.mark.parametrize("estimator", [MLPClassifier, MLPRegressor])
every_solver = pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])

Estimator = Callable[..., Any]


@pytest.fixture(autouse=True)
def serve(fits_by_engine: str) -> None:
    """Run every test with each engine."""


def interrupt_in(epoch: int) -> Callable[[EpochRecord], None]:
    def observer(record: EpochRecord) -> None:
        if record.epoch == epoch:
            signal.raise_signal(signal.SIGINT)

    return observer


@both
@every_solver
def test_ctrl_c_ends_a_fit_with_a_warning_and_a_model_that_works(
    estimator: Estimator, solver: str
) -> None:
    model = estimator(solver=solver, tol=0, random_state=0)
    with observe_fits(interrupt_in(4)), pytest.warns(UserWarning, match="interrupted by user"):
        model.fit(X, Y)
    assert model.n_iter_ == 4
    assert np.isfinite(model.loss_)
    assert model.score(X, Y) > -10
    if solver != "lbfgs":
        assert model.t_ == 4 * 150
    # Every solver keeps a history, but for a minimisation by SciPy.
    assert len(getattr(model, "loss_curve_", range(4))) == 4


@both
def test_ctrl_c_during_early_stopping_restores_the_best_weights(estimator: Estimator) -> None:
    model = estimator(early_stopping=True, random_state=0)
    with observe_fits(interrupt_in(3)), pytest.warns(UserWarning, match="interrupted by user"):
        model.fit(X, Y)
    assert len(model.validation_scores_) == model.n_iter_ == 3
    assert model.best_validation_score_ == max(model.validation_scores_)


def test_ctrl_c_from_outside_ends_a_long_epoch() -> None:
    random = np.random.RandomState(0)
    rows, targets = random.standard_normal((20_000, 50)), random.standard_normal(20_000)
    model = MLPRegressor("squared_error", (200, 200), batch_size=50, max_iter=10_000)
    timer = threading.Timer(0.3, signal.raise_signal, [signal.SIGINT])
    timer.start()
    try:
        with pytest.warns(UserWarning, match="interrupted by user"):
            model.fit(rows, targets)
    finally:
        timer.join()
    assert model.n_iter_ < 10_000
    assert len(model.loss_curve_) == model.n_iter_
    assert np.isfinite(model.predict(rows[:5])).all()


@pytest.mark.parametrize("epoch", [1, 3])
def test_ctrl_c_during_validation_leaves_a_model_that_can_be_saved(
    epoch: int, tmp_path: Path
) -> None:
    calls = []

    def scorer(model: Any, X: Any, y: Any) -> float:
        calls.append(1)
        if len(calls) == epoch:
            signal.raise_signal(signal.SIGINT)
        return 0.5

    model = MLPClassifier(early_stopping=True, monitor=scorer, random_state=0)
    with pytest.warns(UserWarning, match="interrupted by user"):
        model.fit(X, Y)
    assert model.n_iter_ == epoch - 1
    assert {len(column) for column in model.history_.values()} == {epoch - 1}
    model.monitor = None
    lamina.save(model, tmp_path / "m.lamina")
    np.testing.assert_array_equal(lamina.load(tmp_path / "m.lamina").predict(X), model.predict(X))
