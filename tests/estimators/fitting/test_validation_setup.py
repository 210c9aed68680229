"""Validation data, metrics, the history, and a time limit."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import (
    accuracy_score,
    f1_score,
    get_scorer,
    log_loss,
    make_scorer,
    mean_squared_error,
)
from sklearn.preprocessing import StandardScaler

from lamina import MLPClassifier, MLPRegressor
from lamina.estimators.settings.loss_parameters import REGRESSION_LOSSES

X, Y = load_iris(return_X_y=True)
X = StandardScaler().fit_transform(X)
ORDER = np.random.RandomState(0).permutation(len(Y))
LEARNED, HELD = ORDER[:100], ORDER[100:]
DATA, VALIDATION = (X[LEARNED], Y[LEARNED]), (X[HELD], Y[HELD])

Estimator = Callable[..., Any]
both = pytest.mark.parametrize("estimator", [MLPClassifier, MLPRegressor])

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture(autouse=True)
def serve(fits_by_engine: str) -> None:
    """Run every test with each engine."""


def coefficients(model: Any) -> np.ndarray:
    return np.concatenate([part.ravel() for part in (*model.coefs_, *model.intercepts_)])


@both
def test_validation_data_are_measured_and_do_not_change_training(estimator: Estimator) -> None:
    plain = estimator(max_iter=15, random_state=0).fit(*DATA)
    model = estimator(max_iter=15, random_state=0).fit(*DATA, validation_data=VALIDATION)
    np.testing.assert_array_equal(coefficients(model), coefficients(plain))
    assert model.loss_curve_ == plain.loss_curve_
    assert len(model.validation_loss_curve_) == len(model.validation_scores_) == 15
    assert model.validation_scores_[-1] == pytest.approx(model.score(*VALIDATION), rel=1e-12)
    assert plain.validation_loss_curve_ is None
    assert plain.validation_scores_ is None


def test_the_validation_loss_is_scikit_learns_log_loss_without_the_penalty() -> None:
    model = MLPClassifier(max_iter=5, alpha=10.0, random_state=0)
    model.fit(*DATA, validation_data=VALIDATION)
    assert model.validation_loss_curve_[-1] == pytest.approx(
        log_loss(Y[HELD], model.predict_proba(X[HELD])), rel=1e-9
    )


def test_weights_count_in_the_validation() -> None:
    weight = np.random.RandomState(1).uniform(0, 2, len(HELD))
    model = MLPRegressor(max_iter=5, random_state=0, monitor="neg_mean_squared_error")
    model.fit(*DATA, validation_data=(*VALIDATION, weight))
    expected = mean_squared_error(Y[HELD], model.predict(X[HELD]), sample_weight=weight)
    assert model.history_["neg_mean_squared_error"][-1] == pytest.approx(-expected)
    assert model.validation_loss_curve_[-1] == pytest.approx(expected / 2)


def test_early_stopping_uses_the_validation_data_and_holds_out_no_samples() -> None:
    model = MLPClassifier(early_stopping=True, random_state=0, learning_rate_init=0.01)
    model.fit(*DATA, validation_data=VALIDATION)
    assert model.t_ == 100 * model.n_iter_
    assert model.best_validation_score_ == max(model.validation_scores_)
    assert model.score(*VALIDATION) == model.best_validation_score_


@pytest.mark.parametrize(
    "monitor", ["neg_log_loss", "f1_macro", make_scorer(f1_score, average="macro")]
)
def test_any_scorer_of_scikit_learn_can_be_monitored(monitor: Any) -> None:
    model = MLPClassifier(monitor=monitor, random_state=0, learning_rate_init=0.05, max_iter=60)
    model.fit(*DATA, validation_data=VALIDATION)
    scorer = get_scorer(monitor) if isinstance(monitor, str) else monitor
    assert model.best_validation_score_ == max(model.validation_scores_)
    assert scorer(model, *VALIDATION) == pytest.approx(model.best_validation_score_)
    assert model.best_loss_ is None


def test_the_first_of_several_metrics_decides_and_all_are_kept() -> None:
    def errors(model: Any, X: Any, y: Any) -> float:
        return -float(np.sum(model.predict(X) != y))

    model = MLPClassifier(monitor=["roc_auc_ovr", errors, "accuracy"], max_iter=20, random_state=0)
    model.fit(*DATA, validation_data=VALIDATION)
    history = model.history_
    assert history["roc_auc_ovr"] == model.validation_scores_
    fractions = 1 + np.array(history["errors"]) / len(HELD)
    np.testing.assert_allclose(history["accuracy"], fractions)
    assert max(history["roc_auc_ovr"]) == model.best_validation_score_


def test_monitoring_the_validation_loss_restores_its_best_epoch() -> None:
    model = MLPRegressor(
        monitor="validation_loss", random_state=0, learning_rate_init=0.05, max_iter=80
    ).fit(*DATA, validation_data=VALIDATION)
    best = min(model.validation_loss_curve_)
    assert mean_squared_error(Y[HELD], model.predict(X[HELD])) / 2 == pytest.approx(best)


def test_data_frames_with_names_have_the_same_scores() -> None:
    frame = pd.DataFrame(X, columns=list("abcd"))
    model = MLPClassifier(monitor="accuracy", max_iter=3, random_state=0)
    model.fit(frame.iloc[LEARNED], Y[LEARNED], validation_data=(frame.iloc[HELD], Y[HELD]))
    assert model.validation_scores_[-1] <= 1
    with pytest.raises(ValueError, match="feature names should match"):
        model.fit(frame, Y, validation_data=(frame.rename(columns={"a": "z"}), Y))


def test_the_best_epoch_by_training_loss_is_restored_on_request() -> None:
    ways: dict[str, Any] = {"solver": "sgd", "learning_rate_init": 0.9, "max_iter": 40}
    model = MLPRegressor((30,), restore_best=True, random_state=1, **ways)
    model.set_params(loss="squared_error", hidden_layer_sizes=(30,)).fit(*DATA)
    losses, best = model.loss_curve_, int(np.argmin(model.loss_curve_))
    assert best < len(losses) - 1
    again = MLPRegressor("squared_error", (30,), random_state=1, **(ways | {"max_iter": best + 1}))
    np.testing.assert_array_equal(coefficients(model), coefficients(again.fit(*DATA)))


def test_early_stopping_keeps_the_last_epoch_without_restore_best() -> None:
    ways: dict[str, Any] = {"random_state": 0, "early_stopping": True, "learning_rate_init": 0.03}
    kept = MLPClassifier(restore_best=False, **ways).fit(X, Y)
    best = MLPClassifier(**ways).fit(X, Y)
    assert kept.loss_curve_ == best.loss_curve_
    assert (coefficients(kept) != coefficients(best)).any()


@pytest.mark.parametrize("watch", [False, True])
def test_the_gradient_norm_is_measured_on_request(watch: bool) -> None:
    class Watch:
        def on_step(self, fit: Any) -> None: ...

    ways: dict[str, Any] = {"max_iter": 5, "random_state": 0, "batch_size": 30, "alpha": 0.0}
    plain = MLPRegressor(**ways).fit(*DATA)
    ways |= {"solver": "sgd", "momentum": 0.0, "batch_size": 100, "max_iter": 1}
    model = MLPRegressor(monitor="gradient_norm", callbacks=Watch() if watch else None, **ways)
    model.fit(*DATA)
    moved = MLPRegressor(**(ways | {"learning_rate_init": 1e-12})).fit(*DATA)
    norm = np.linalg.norm(coefficients(model) - coefficients(moved)) / 0.001
    assert model.history_["gradient_norm"] == pytest.approx([norm], rel=1e-6)
    assert np.isnan(plain.history_["gradient_norm"]).all()
    together = MLPRegressor(monitor="gradient_norm", max_iter=8, random_state=0).fit(*DATA)
    assert len(set(together.history_["gradient_norm"])) == 8
    assert len(set(together.history_["seconds"])) == 1
    both_of = MLPClassifier(monitor=["gradient_norm", "accuracy"], max_iter=3)
    both_of.fit(*DATA, validation_data=VALIDATION)
    assert both_of.best_validation_score_ == max(both_of.history_["accuracy"])
    assert np.isfinite(both_of.history_["gradient_norm"]).all()


def test_a_monitored_score_without_held_out_samples_is_refused() -> None:
    for monitor in ("accuracy", "validation_loss", ["f1_macro", "loss"]):
        with pytest.raises(ValueError, match=r"Pass validation_data=.* or set early_stopping=True"):
            MLPClassifier(monitor=monitor).fit(X, Y)
    MLPClassifier(monitor="loss", max_iter=2).fit(X, Y)


@pytest.mark.parametrize(
    ("monitor", "message"),
    [
        ("acuracy", "Did you mean 'accuracy'"),
        ([], "is empty"),
        (["accuracy", "accuracy"], "a metric called 'accuracy'"),
        ([lambda model, X, y: 1.0, "loss"], None),
    ],
)
def test_an_invalid_metric_is_refused(monitor: Any, message: str | None) -> None:
    model = MLPClassifier(monitor=monitor, max_iter=2)
    if message is None:
        model.fit(*DATA, validation_data=VALIDATION)
        return
    with pytest.raises(ValueError, match=message):
        model.fit(*DATA, validation_data=VALIDATION)


def test_validation_data_must_match_the_training_data() -> None:
    model = MLPClassifier(max_iter=2)
    wrong: list[tuple[Any, str]] = [
        ((X[HELD, :3], Y[HELD]), "has 3 features"),
        ((X[HELD], Y[HELD] + 7), r"classes that are not in y: \[.*8"),
        ((X[HELD],), "must be"),
        (X[HELD], "must be"),
        ((X[HELD], Y[:3]), "inconsistent numbers of samples"),
        ((np.full_like(X[HELD], np.nan), Y[HELD]), "NaN"),
    ]
    for validation, message in wrong:
        with pytest.raises(ValueError, match=message):
            model.fit(*DATA, validation_data=validation)
    assert not hasattr(model, "coefs_")
    with pytest.raises(ValueError, match="has 2 outputs, and y has 1"):
        MLPRegressor().fit(*DATA, validation_data=(X, np.column_stack([Y, Y])))


def test_the_history_converts_to_a_data_frame() -> None:
    model = MLPClassifier(max_iter=6, random_state=0, learning_rate="exponential")
    model.fit(*DATA, validation_data=VALIDATION)
    frame = pd.DataFrame(model.history_)
    assert list(frame.epoch) == [1, 2, 3, 4, 5, 6]
    assert list(frame.loss) == model.loss_curve_
    assert list(frame.validation_loss) == model.validation_loss_curve_
    assert list(frame.accuracy) == model.validation_scores_
    np.testing.assert_allclose(frame.learning_rate, 0.001 * 0.95 ** np.arange(6))
    assert (frame.seconds > 0).all()


def test_epochs_that_run_in_one_call_share_its_time() -> None:
    model = MLPRegressor(max_iter=8, random_state=0, n_iter_no_change=10).fit(*DATA)
    assert set(model.history_) == {"epoch", "loss", "learning_rate", "gradient_norm", "seconds"}
    assert len(set(model.history_["seconds"])) == 1


def test_warm_starts_and_partial_fits_extend_the_history() -> None:
    model = MLPRegressor(max_iter=3, warm_start=True, random_state=0).fit(*DATA)
    model.fit(*DATA, validation_data=VALIDATION)
    model.partial_fit(*DATA)
    history = pd.DataFrame(model.history_)
    assert list(history.epoch) == list(range(1, 8))
    assert list(history.validation_loss.isna()) == [True] * 3 + [False] * 3 + [True]
    assert not hasattr(MLPRegressor(), "history_")
    by_scipy = MLPRegressor(solver="lbfgs", engine="reference").fit(*DATA)
    assert not hasattr(by_scipy, "history_")


def test_a_schedule_continues_over_partial_fits_and_restarts_with_a_fit() -> None:
    model = MLPRegressor(learning_rate="exponential", max_iter=3, warm_start=True)
    for _ in range(3):
        model.partial_fit(*DATA)
    model.fit(*DATA)
    rates = np.array(model.history_["learning_rate"])
    np.testing.assert_allclose(rates, 0.001 * 0.95 ** np.array([0, 1, 2, 0, 1, 2]))


@pytest.mark.parametrize("solver", ["adam", "sgd"])
def test_adam_follows_only_new_schedules_and_other_solvers_follow_all(solver: str) -> None:
    def loss_of(**ways: Any) -> list[float]:
        model = MLPRegressor(solver=solver, max_iter=5, random_state=0, **ways)
        return list(model.fit(*DATA).loss_curve_)

    assert loss_of(learning_rate="exponential", learning_rate_options={"decay": 0.1}) != loss_of()
    assert (loss_of(learning_rate="invscaling") == loss_of()) == (solver == "adam")
    assert loss_of(warmup=3) != loss_of()


@pytest.mark.filterwarnings("error")
def test_a_schedule_that_ends_with_max_iter_gives_no_convergence_warning() -> None:
    for schedule in ("one_cycle", "cosine", "polynomial"):
        assert MLPRegressor(learning_rate=schedule, max_iter=5).fit(*DATA).n_iter_ == 5
    with pytest.warns(ConvergenceWarning, match="Maximum iterations"):
        MLPRegressor(learning_rate="exponential", max_iter=5).fit(*DATA)


def test_partial_fit_refuses_parameters_that_compare_epochs() -> None:
    for name, value in {"monitor": "loss", "restore_best": True}.items():
        with pytest.raises(ValueError, match=f"partial_fit does not support {name}="):
            MLPRegressor(**{name: value}).partial_fit(*DATA)


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_a_time_limit_ends_the_fit_in_the_middle_of_a_long_epoch(solver: str) -> None:
    random = np.random.RandomState(0)
    rows, targets = random.standard_normal((40_000, 50)), random.standard_normal(40_000)
    ways: dict[str, Any] = {"solver": solver, "max_iter": 10_000, "tol": 0.0, "max_fun": 10**9}
    model = MLPRegressor("squared_error", (60, 60), batch_size=50, max_seconds=0.3, **ways)
    model.set_params(random_state=0).fit(rows, targets)
    assert model.n_iter_ < 10_000
    assert np.isfinite(model.predict(rows[:5])).all()
    if solver == "adam":
        assert model._optimizer_step > 0
        assert len(model.history_["loss"]) == model.n_iter_


def test_a_spent_time_limit_leaves_a_working_model() -> None:
    model = MLPClassifier(max_seconds=1e-9, random_state=0).fit(*DATA)
    assert model.n_iter_ == 0
    assert math.isinf(model.loss_)
    assert 0 <= accuracy_score(Y, model.predict(X)) <= 1


LOSSES_OF_NUMBERS: list[Any] = sorted(REGRESSION_LOSSES)


@pytest.mark.parametrize("loss", LOSSES_OF_NUMBERS)
def test_the_validation_loss_is_that_of_training_for_every_loss(loss: str) -> None:
    y = np.random.RandomState(3).uniform(0.5, 2.0, 100)
    ways: dict[str, Any] = {"alpha": 0.0, "solver": "sgd", "batch_size": 100, "random_state": 0}
    model = MLPRegressor(loss, (5,), max_iter=4, momentum=0.0, **ways)
    model.fit(X[:100], y, validation_data=(X[:100], y))
    # A full batch's loss is measured before its step, the validation loss after it.
    np.testing.assert_allclose(model.validation_loss_curve_[:-1], model.loss_curve_[1:], rtol=1e-9)
