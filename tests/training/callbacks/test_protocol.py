"""Callbacks receive every event, and may stop a fit, set its rate, or read its network."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.preprocessing import StandardScaler

from lamina import MLPClassifier, MLPRegressor

X, Y = load_iris(return_X_y=True)
X = StandardScaler().fit_transform(X)
BATCHES = {"batch_size": 40, "random_state": 0, "learning_rate_init": 0.01}  # Four steps an epoch.

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture(autouse=True)
def serve(fits_by_engine: str) -> None:
    """Run every test with each engine."""


class Diary:
    """Callback that records every event, in order."""

    def __init__(self) -> None:
        self.events: list[str] = []

    def on_fit_begin(self, fit: Any) -> None:
        self.events.append(f"begin of {fit.max_epochs}")

    def on_step(self, fit: Any) -> None:
        self.events.append(f"step {fit.step}")

    def on_epoch_end(self, fit: Any) -> None:
        self.events.append(f"epoch {fit.epoch}")

    def on_fit_end(self, fit: Any) -> None:
        self.events.append(f"end: {fit.ending}")


class At:
    """Callback that acts on one event: `At("on_step", what, when)`."""

    def __init__(self, event: str, what: Callable[[Any], Any], when: int = 1) -> None:
        def act(fit: Any) -> None:
            if (fit.step if event == "on_step" else fit.epoch) == when:
                what(fit)

        setattr(self, event, act)


def coefficients(model: Any) -> np.ndarray:
    return np.concatenate([part.ravel() for part in (*model.coefs_, *model.intercepts_)])


def test_a_callback_receives_every_event_in_order() -> None:
    diary = Diary()
    MLPClassifier(max_iter=2, callbacks=diary, **BATCHES).fit(X, Y)
    steps = [f"step {n}" for n in range(1, 9)]
    assert diary.events == [
        "begin of 2",
        *steps[:4],
        "epoch 1",
        *steps[4:],
        "epoch 2",
        "end: the last epoch that the plan allows",
    ]


def test_several_callbacks_may_have_different_methods() -> None:
    ends: list[int] = []
    callbacks = [At("on_epoch_end", lambda fit: ends.append(fit.epoch)), Diary()]
    MLPClassifier(max_iter=1, callbacks=callbacks, **BATCHES).fit(X, Y)
    assert ends == [1]


@pytest.mark.parametrize(
    "settings",
    [
        {"solver": "adam"},
        {"solver": "sgd"},
        {"dropout": 0.3, "input_noise": 0.1},
        {"normalization": "batch", "solver": "muon"},
        {"average_decay": 0.9, "max_gradient_norm": 1.0},
    ],
    ids="-".join,
)
def test_a_callback_on_every_step_changes_no_weight(settings: dict[str, Any]) -> None:
    ways = {"max_iter": 6, "learning_rate": "one_cycle", **BATCHES, **settings}
    plain = MLPRegressor(**ways).fit(X, Y)
    watched = MLPRegressor(callbacks=Diary(), **ways).fit(X, Y)
    np.testing.assert_array_equal(coefficients(watched), coefficients(plain))
    np.testing.assert_allclose(watched.loss_curve_, plain.loss_curve_, rtol=1e-12)
    assert watched.history_["learning_rate"] == plain.history_["learning_rate"]


def test_a_callback_stops_a_fit_after_an_epoch() -> None:
    diary = Diary()
    stop = At("on_epoch_end", lambda fit: fit.stop(), when=3)
    model = MLPClassifier(callbacks=[stop, diary], **BATCHES).fit(X, Y)
    assert model.n_iter_ == len(model.loss_curve_) == 3
    assert diary.events[-1] == "end: a callback"


def test_a_callback_stops_a_fit_in_the_middle_of_an_epoch() -> None:
    stop = At("on_step", lambda fit: fit.stop(), when=6)
    model = MLPClassifier(callbacks=stop, **BATCHES).fit(X, Y)
    assert (model.n_iter_, model._optimizer_step) == (1, 6)
    assert 0 <= model.score(X, Y) <= 1


def test_a_rate_set_after_an_epoch_applies_from_the_next_epoch_on() -> None:
    def halve(fit: Any) -> None:
        fit.learning_rate = fit.learning_rate / 2

    model = MLPClassifier(max_iter=4, callbacks=At("on_epoch_end", halve, 2), **BATCHES).fit(X, Y)
    np.testing.assert_allclose(model.history_["learning_rate"], [0.01, 0.01, 0.005, 0.005])


def test_a_rate_set_after_a_step_applies_from_the_next_step_on() -> None:
    rates: list[float] = []

    class Set:
        def on_step(self, fit: Any) -> None:
            if fit.step == 2:
                fit.learning_rate = 0.25
            rates.append(fit.learning_rate)

    MLPClassifier(max_iter=1, callbacks=Set(), **BATCHES).fit(X, Y)
    assert rates[:3] == [0.01, 0.25, 0.25]


@pytest.mark.parametrize("schedule", ["exponential", "cosine", "invscaling"])
def test_a_schedule_scales_with_a_rate_that_is_set(schedule: str) -> None:
    def tenfold(fit: Any) -> None:
        fit.learning_rate = 10 * fit.learning_rate

    ways = {"max_iter": 6, "solver": "sgd", "learning_rate": schedule, **BATCHES}
    plain = np.array(MLPRegressor(**ways).fit(X, Y).history_["learning_rate"])
    ways["learning_rate_init"] = 0.0001
    model = MLPRegressor(callbacks=At("on_epoch_end", tenfold, 3), **ways).fit(X, Y)
    expected = plain / 100 * np.where(np.arange(6) < 3, 1, 10)
    np.testing.assert_allclose(model.history_["learning_rate"], expected)


@pytest.mark.parametrize("rate", [0.0, -1.0, np.nan, np.inf])
def test_an_invalid_rate_is_refused(rate: float) -> None:
    def spoil(fit: Any) -> None:
        fit.learning_rate = rate

    with pytest.raises(ValueError, match="must be positive and finite"):
        MLPRegressor(callbacks=At("on_epoch_end", spoil), **BATCHES).fit(X, Y)


def test_a_callback_cannot_set_rates_if_the_schedule_is_a_function() -> None:
    def double(fit: Any) -> None:
        fit.learning_rate *= 2

    model = MLPRegressor(learning_rate=lambda step, epoch: 0.01, max_iter=3)
    with pytest.raises(ValueError, match="a callable learning_rate sets every step's rate"):
        model.set_params(callbacks=At("on_epoch_end", double)).fit(X, Y)


def test_a_callback_can_read_the_network_but_not_write_it() -> None:
    seen: list[np.ndarray] = []

    def look(fit: Any) -> None:
        seen.extend([fit.coefs[0].copy(), fit.intercepts[-1].copy()])
        assert not fit.coefs[0].flags.writeable
        assert fit.coefs[0].base is not None

    model = MLPRegressor(max_iter=4, callbacks=At("on_epoch_end", look, 4), **BATCHES).fit(X, Y)
    np.testing.assert_array_equal(seen[0], model.coefs_[0])
    np.testing.assert_array_equal(seen[1], model.intercepts_[-1])


def test_the_row_is_the_latest_of_the_history() -> None:
    rows: list[dict[str, float]] = []

    class Note:
        def on_fit_begin(self, fit: Any) -> None:
            assert fit.row == {}
            assert np.isnan(fit.loss)

        def on_epoch_end(self, fit: Any) -> None:
            rows.append(fit.row)

    model = MLPRegressor(max_iter=3, callbacks=Note(), **BATCHES).fit(X, Y, validation_data=(X, Y))
    for name, values in model.history_.items():
        np.testing.assert_array_equal([row[name] for row in rows], values)


def test_an_error_in_a_callback_keeps_the_model_and_still_calls_on_fit_end() -> None:
    def fail(fit: Any) -> None:
        raise RuntimeError("no space left")

    diary = Diary()
    model = MLPRegressor(callbacks=[At("on_epoch_end", fail, 2), diary], **BATCHES)
    with pytest.raises(RuntimeError, match="no space left"):
        model.fit(X, Y)
    assert not hasattr(model, "coefs_")
    assert diary.events[-1] == "end: None"


def test_ctrl_c_in_a_callback_ends_the_fit_with_a_working_model() -> None:
    def interrupt(fit: Any) -> None:
        raise KeyboardInterrupt

    for event, when, epochs in (("on_epoch_end", 2, 2), ("on_step", 6, 1)):
        model = MLPRegressor(callbacks=At(event, interrupt, when), **BATCHES)
        with pytest.warns(UserWarning, match="interrupted by user"):
            model.fit(X, Y)
        assert model.n_iter_ == epochs
        assert np.isfinite(model.predict(X)).all()


def test_callbacks_receive_partial_fits() -> None:
    diary = Diary()
    MLPRegressor(callbacks=diary, **BATCHES).partial_fit(X, Y)
    assert diary.events[0] == "begin of 1"
    assert diary.events[-2] == "epoch 1"


def test_a_callback_with_only_on_fit_end_lets_epochs_run_in_one_call() -> None:
    ends: list[float] = []

    class Last:
        def on_fit_end(self, fit: Any) -> None:
            ends.append(fit.row["loss"])

    model = MLPRegressor(max_iter=8, callbacks=Last(), **BATCHES).fit(X, Y)
    assert ends == [model.loss_]
    assert len(set(model.history_["seconds"])) == 1


def test_the_history_during_a_fit_becomes_that_of_the_model() -> None:
    seen: list[dict[str, list[float]]] = []

    class Note:
        def on_epoch_end(self, fit: Any) -> None:
            seen.append(fit.history)

        def on_fit_end(self, fit: Any) -> None:
            seen.append(fit.history)

    model = MLPRegressor(max_iter=3, warm_start=True, callbacks=Note(), **BATCHES)
    model.fit(X, Y).fit(X, Y, validation_data=(X, Y))
    np.testing.assert_equal(seen[-1], model.history_)
    np.testing.assert_equal(seen[-2], model.history_)
    assert seen[0]["epoch"] == [1]


def test_the_parameters_are_one_read_only_vector() -> None:
    seen: list[np.ndarray] = []

    def look(fit: Any) -> None:
        assert not fit.parameters.flags.writeable
        seen.append(fit.parameters.copy())

    model = MLPRegressor(max_iter=4, callbacks=At("on_epoch_end", look, 4), **BATCHES).fit(X, Y)
    np.testing.assert_array_equal(seen[0], coefficients(model))


def _after_two_epochs(replacement: np.ndarray, **settings: Any) -> np.ndarray:
    """Return the weights after two epochs, if they are replaced between them."""

    def replace(fit: Any) -> None:
        fit.parameters = replacement

    callback = At("on_epoch_end", replace)
    model = MLPRegressor(max_iter=2, callbacks=callback, **BATCHES, **settings).fit(X, Y)
    return coefficients(model)


def test_the_next_epoch_continues_from_parameters_that_are_set() -> None:
    settings: dict[str, Any] = {"solver": "sgd", "momentum": 0, "shuffle": False}
    expected = np.random.RandomState(1).uniform(-0.1, 0.1, (X.shape[1] + 2) * 100 + 1)
    model = MLPRegressor(max_iter=1, initializer=expected, **BATCHES, **settings).fit(X, Y)
    np.testing.assert_array_equal(_after_two_epochs(expected, **settings), coefficients(model))


def test_parameters_that_cannot_be_trained_on_are_refused() -> None:
    good = np.zeros((X.shape[1] + 2) * 100 + 1)
    for bad in (good[1:], np.full_like(good, np.nan)):
        with pytest.raises(ValueError, match="must be 601 finite numbers in one vector"):
            _after_two_epochs(bad)
    with pytest.raises(ValueError, match="set average_decay=None"):
        _after_two_epochs(good, average_decay=0.9)


def test_steps_are_reported_only_while_needed_and_change_no_weight() -> None:
    class InTheSecondEpoch:
        needs_steps = False

        def __init__(self) -> None:
            self.heard: list[int] = []

        def on_step(self, fit: Any) -> None:
            self.heard.append(fit.step)

        def on_epoch_end(self, fit: Any) -> None:
            self.needs_steps = fit.epoch == 1

    listener = InTheSecondEpoch()
    watched = MLPRegressor(max_iter=4, callbacks=listener, **BATCHES).fit(X, Y)
    assert listener.heard == [5, 6, 7, 8]
    alone = MLPRegressor(max_iter=4, **BATCHES).fit(X, Y)
    np.testing.assert_array_equal(coefficients(watched), coefficients(alone))
