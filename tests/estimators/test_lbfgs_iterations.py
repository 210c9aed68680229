"""A fit by L-BFGS has a history, validation, callbacks and checkpoints, as one by minibatches."""

from __future__ import annotations

import math
import signal
import threading
from itertools import pairwise
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPRegressor as TheirRegressor
from sklearn.preprocessing import StandardScaler
from tests.engines.local_engines import LOCAL_ENGINES

from lamina import MLPClassifier, MLPRegressor
from lamina.errors import CheckpointError
from lamina.members import Independent
from lamina.solvers import LBFGS
from lamina.training import observe_fits

if "native" not in LOCAL_ENGINES:
    pytest.skip("the native extension is not built", allow_module_level=True)

X, Y = load_iris(return_X_y=True)
X = StandardScaler().fit_transform(X)
ORDER = np.random.RandomState(0).permutation(len(Y))
LEARNED, HELD = ORDER[:100], ORDER[100:]
DATA, VALIDATION = (X[LEARNED], Y[LEARNED]), (X[HELD], Y[HELD])
SETTINGS: dict[str, Any] = {
    "hidden_layer_sizes": (6, 4),
    "activation": "tanh",
    "solver": "lbfgs",
    "alpha": 0.01,
    "tol": 0,
    "max_iter": 40,
    "engine": "native",
    "random_state": 0,
}
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def classifier(**settings: Any) -> MLPClassifier:
    return MLPClassifier(**(SETTINGS | settings))


def weights_of(model: Any) -> np.ndarray:
    return np.concatenate([part.ravel() for part in (*model.coefs_, *model.intercepts_)])


def test_the_history_holds_every_iteration() -> None:
    records: list[float] = []
    with observe_fits(lambda record: records.append(record.loss)):
        model = classifier().fit(*DATA)
    assert model.n_iter_ == len(model.loss_curve_) == 40
    assert model.loss_curve_ == model.history_["loss"] == records
    assert model.loss_ == model.best_loss_ == min(model.loss_curve_) == model.loss_curve_[-1]
    assert all(a > b for a, b in pairwise(model.loss_curve_))
    # The step of the line search is that of H's direction, which needs no scaling most of the time.
    assert model.history_["learning_rate"].count(1.0) > 20
    assert model.history_["epoch"] == [*range(1, 41)]


def test_neither_reports_nor_their_absence_change_a_bit() -> None:
    class Watcher:
        def on_step(self, fit: Any) -> None:
            pass

        def on_epoch_end(self, fit: Any) -> None:
            assert fit.loss == fit.row["loss"]

    plain = classifier().fit(*DATA)
    watched = classifier(callbacks=Watcher(), monitor=["loss", "gradient_norm", "accuracy"])
    watched.fit(*DATA, validation_data=VALIDATION)
    np.testing.assert_array_equal(weights_of(watched), weights_of(plain))
    assert watched.loss_curve_ == plain.loss_curve_


def test_validation_data_are_measured_after_every_iteration() -> None:
    model = classifier().fit(*DATA, validation_data=VALIDATION)
    assert len(model.validation_loss_curve_) == len(model.validation_scores_) == model.n_iter_ == 40
    assert model.validation_scores_[-1] == pytest.approx(model.score(*VALIDATION))


def test_a_monitor_stops_the_fit_and_restores_the_best_iterate() -> None:
    model = classifier(monitor="validation_loss", n_iter_no_change=5, max_iter=400)
    model.fit(*DATA, validation_data=VALIDATION)
    assert model.n_iter_ < 400
    best = int(np.argmin(model.validation_loss_curve_)) + 1
    assert best < model.n_iter_
    np.testing.assert_array_equal(
        weights_of(model), weights_of(classifier(max_iter=best).fit(*DATA))
    )


def test_a_monitor_without_validation_data_is_refused() -> None:
    with pytest.raises(ValueError, match=r"measured on held-out .* Pass validation_data"):
        classifier(monitor="accuracy", early_stopping=True).fit(*DATA)


def test_early_stopping_is_ignored_as_in_scikit_learn() -> None:
    plain, stopping = classifier(), classifier(early_stopping=True, n_iter_no_change=1)
    np.testing.assert_array_equal(weights_of(stopping.fit(*DATA)), weights_of(plain.fit(*DATA)))
    assert stopping.validation_scores_ is None


def test_the_norm_of_the_gradient_is_measured() -> None:
    model = classifier(monitor="gradient_norm").fit(*DATA)
    norms = model.history_["gradient_norm"]
    assert all(map(math.isfinite, norms))
    assert norms[-1] < norms[0]


@pytest.mark.parametrize("event", ["on_epoch_end", "on_step"])
def test_a_callback_stops_the_fit(event: str) -> None:
    class Stopper:
        endings: list[str]

        def on_fit_end(self, fit: Any) -> None:
            self.endings = [fit.ending]

    def stop(self: Stopper, fit: Any) -> None:
        if fit.epoch + (event == "on_step") == 7:
            fit.stop()

    setattr(Stopper, event, stop)
    stopper = Stopper()
    model = classifier(callbacks=stopper).fit(*DATA)
    assert model.n_iter_ == 7 - (event == "on_step")
    assert stopper.endings == ["a callback"]


def test_a_callback_that_sets_the_parameters_restarts_the_curvature() -> None:
    seen: list[tuple[float, float]] = []

    class Jump:
        def on_epoch_end(self, fit: Any) -> None:
            if fit.epoch == 10:
                fit.parameters = 0.5 * fit.parameters
            if fit.epoch > 10:
                seen.append((fit.loss, float(np.abs(fit.parameters).max())))

    model = classifier(callbacks=Jump()).fit(*DATA)
    assert model.n_iter_ == 40
    assert all(a[0] > b[0] for a, b in pairwise(seen))
    assert seen[-1][0] < model.loss_curve_[9]


def test_verbose_prints_every_iteration(capsys: pytest.CaptureFixture[str]) -> None:
    model = classifier(max_iter=3, verbose=True).fit(*DATA)
    lines = capsys.readouterr().out.splitlines()
    assert lines == [f"Iteration {i + 1}, loss = {model.loss_curve_[i]:.8f}" for i in range(3)]


class Crash:
    """Callback that ends the fit with an error after a number of iterations."""

    def __init__(self, epochs: int) -> None:
        self.epochs = epochs

    def on_epoch_end(self, fit: Any) -> None:
        if fit.epoch == self.epochs:
            raise RuntimeError("power cut")


@pytest.mark.parametrize("estimator", [MLPClassifier, MLPRegressor])
@pytest.mark.parametrize("stop", [1, 5, 11, 25])
@pytest.mark.parametrize("n_threads", [1, 2])
def test_a_fit_resumes_with_the_same_bits(
    tmp_path: Path, estimator: Any, stop: int, n_threads: int
) -> None:
    settings = SETTINGS | {"n_threads": n_threads, "monitor": ["loss", "gradient_norm"]}
    whole = estimator(**settings).fit(*DATA)
    path = tmp_path / "fit.checkpoint"
    crashing = estimator(**settings, checkpoint=path, callbacks=Crash(stop + 1))
    with pytest.raises(RuntimeError, match="power cut"):
        crashing.fit(*DATA)
    resumed = estimator(**settings).fit(*DATA, resume=path)
    np.testing.assert_array_equal(weights_of(resumed), weights_of(whole))
    assert resumed.loss_curve_ == whole.loss_curve_
    assert resumed.history_["gradient_norm"] == whole.history_["gradient_norm"]
    assert resumed.n_iter_ == whole.n_iter_


def test_the_limit_of_evaluations_counts_those_before_the_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "fit.checkpoint"
    limited = classifier(max_fun=20).fit(*DATA)
    with pytest.raises(RuntimeError, match="power cut"):
        classifier(max_fun=20, checkpoint=path, callbacks=Crash(6)).fit(*DATA)
    assert classifier(max_fun=20).fit(*DATA, resume=path).n_iter_ == limited.n_iter_ < 25


def test_another_fit_does_not_resume_from_the_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "fit.checkpoint"
    classifier(checkpoint=path, max_iter=5).fit(*DATA)
    with pytest.raises(CheckpointError, match=r"made with alpha=0\.01"):
        classifier(alpha=0.1).fit(*DATA, resume=path)
    with pytest.raises(CheckpointError, match="solver"):
        classifier(solver="adam").fit(*DATA, resume=path)


def test_a_warm_start_appends_to_the_history() -> None:
    model = classifier(max_iter=5, warm_start=True).fit(*DATA)
    first = model.loss_curve_[:]
    model.fit(*DATA)
    assert model.n_iter_ == 5
    assert model.loss_curve_[:5] == first
    assert len(model.loss_curve_) == len(model.history_["seconds"]) == 10
    assert model.loss_curve_[5] < first[-1]


def big_problem() -> tuple[MLPRegressor, np.ndarray, np.ndarray]:
    random = np.random.RandomState(0)
    rows, targets = random.standard_normal((60_000, 50)), random.standard_normal(60_000)
    return MLPRegressor(**(SETTINGS | {"hidden_layer_sizes": (150, 150)})), rows, targets


def test_ctrl_c_from_outside_keeps_the_last_iterate() -> None:
    model, rows, targets = big_problem()
    model.set_params(max_iter=10_000)
    timer = threading.Timer(1.5, signal.raise_signal, [signal.SIGINT])
    timer.start()
    try:
        with pytest.warns(UserWarning, match="interrupted by user"):
            model.fit(rows, targets)
    finally:
        timer.join()
    assert model.n_iter_ == len(model.loss_curve_) < 10_000
    assert np.isfinite(model.predict(rows[:5])).all()


def test_a_time_limit_keeps_the_last_iterate() -> None:
    model, rows, targets = big_problem()
    began = perf_counter()
    model.set_params(max_seconds=1.0, max_iter=10_000).fit(rows, targets)
    assert perf_counter() - began >= 1.0
    assert model.n_iter_ == len(model.loss_curve_) < 10_000


def test_a_loss_that_is_flat_from_the_start_needs_no_iteration() -> None:
    model = MLPRegressor(hidden_layer_sizes=(), solver="lbfgs", tol=1e9, engine="native")
    model.fit(*DATA)
    theirs = TheirRegressor(hidden_layer_sizes=(), solver="lbfgs", tol=1e9).fit(*DATA)
    assert model.n_iter_ == theirs.n_iter_ == 0
    assert model.loss_curve_ == []
    assert 0 < model.loss_ < math.inf


@pytest.mark.parametrize(
    ("limit", "reason"), [({"max_iter": 4}, "ITERATIONS"), ({"max_fun": 6}, "EVALUATIONS")]
)
def test_a_limit_warns_with_its_reason(limit: dict[str, int], reason: str) -> None:
    with pytest.warns(ConvergenceWarning, match=rf"failed to converge after \d+ .*{reason}"):
        classifier(**limit).fit(*DATA)


SCIPY_ALONE: dict[str, Any] = {
    "callbacks": [Crash(1)],
    "checkpoint": "fit.checkpoint",
    "monitor": "accuracy",
    "restore_best": True,
    "verbose": "bar",
}


@pytest.mark.parametrize("parameter", SCIPY_ALONE)
@pytest.mark.parametrize("way", [{"engine": "reference"}, {"members": Independent(2)}], ids=str)
def test_a_minimisation_in_one_call_refuses_what_acts_after_iterations(
    parameter: str, way: dict[str, Any]
) -> None:
    model = classifier(**way, **{parameter: SCIPY_ALONE[parameter]})
    with pytest.raises(ValueError, match=rf"{parameter}=.*(after every iteration|several).*\. "):
        model.fit(*DATA)
    assert not hasattr(model, "coefs_")


def test_scipy_refuses_validation_data_and_resuming() -> None:
    model = classifier(engine="reference")
    with pytest.raises(ValueError, match=r"validation_data acts after .* engine='native'"):
        model.fit(*DATA, validation_data=VALIDATION)
    with pytest.raises(ValueError, match=r"resume='.*' acts after .* engine='native'"):
        model.fit(*DATA, resume="fit.checkpoint")


@pytest.mark.parametrize("estimator", [MLPClassifier, MLPRegressor])
@pytest.mark.parametrize("solver", ["lbfgs", LBFGS(max_fun=40)])
def test_the_fit_is_that_of_scipy(estimator: Any, solver: Any) -> None:
    models = [
        estimator(**(SETTINGS | {"solver": solver, "engine": engine, "max_iter": 15})).fit(*DATA)
        for engine in ("native", "reference")
    ]
    np.testing.assert_allclose(weights_of(models[0]), weights_of(models[1]), rtol=1e-7)
    assert models[0].n_iter_ == models[1].n_iter_
    assert models[0].loss_ == pytest.approx(models[1].loss_, rel=1e-9)


class FailingLoss:
    """A squared error that fails in a later evaluation."""

    def __init__(self, calls: int) -> None:
        self.calls = calls

    def value_and_delta(self, logits: Any, y: Any, sample_weight: Any) -> tuple[Any, Any]:
        self.calls -= 1
        if self.calls < 0:
            raise RuntimeError("the sensor is off")
        return ((logits - y) ** 2 / 2).ravel(), logits - y


def test_an_error_of_a_custom_loss_leaves_the_iterations_and_is_raised() -> None:
    model = MLPRegressor(FailingLoss(7), (4,), solver="lbfgs", random_state=0, n_threads=2)
    with pytest.raises(RuntimeError, match="the sensor is off"):
        model.fit(X, Y.astype(float))


def test_weights_that_cancel_are_refused_before_the_first_iteration() -> None:
    weight = np.resize([1.0, -1.0], len(Y))
    with pytest.raises(ZeroDivisionError):
        MLPClassifier((4,), solver="lbfgs").fit(X, Y, sample_weight=weight)
