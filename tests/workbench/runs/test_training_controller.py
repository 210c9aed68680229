"""Controller of a fit: which epochs run, when, and which results are visible."""

import threading

import numpy as np
import pytest

from lamina import MLPClassifier
from lamina.datasets import make_xor
from lamina.estimators.fitting.preparing import prepare_fit
from lamina.estimators.settings.fit_settings import resolve_settings
from lamina.workbench.runs.training_controller import Abandoned, TrainingController

X, y = make_xor(40, random_state=0)
BATCHES = 4
SETTINGS = {
    "hidden_layer_sizes": (3,),
    "batch_size": 10,
    "max_iter": 30,
    "n_iter_no_change": 100,
    "random_state": 0,
}


class Fit:
    """A fit with a controller, in its own thread."""

    def __init__(self):
        self.told = threading.Event()
        self.model = MLPClassifier(**SETTINGS)
        first = prepare_fit(self.model, resolve_settings(self.model), X, y, fresh=True)
        self.controller, self.error = TrainingController(first.start, self.told.set, BATCHES), None
        self.model.set_params(callbacks=self.controller)
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self):
        try:
            self.model.fit(X, y)
        except Abandoned as error:
            self.error = error


@pytest.fixture
def fit(until):
    """A fit that its controller holds."""
    running = Fit()
    until(running.told.is_set)
    yield running
    running.controller.abandon()
    running.thread.join()


def test_a_held_controller_runs_no_epoch_and_has_the_initial_network(fit):
    assert fit.controller.epoch == 0
    snapshot = fit.controller.latest
    assert snapshot.epoch == 0
    assert snapshot.parameters.shape == (3 * 2 + 3 + 3 + 1,)
    assert np.isnan(snapshot.loss)


def test_the_allowed_number_of_epochs_runs(fit, until):
    fit.controller.allow_epochs(4)
    until(lambda: fit.controller.latest.epoch == 4)
    fit.controller.allow_epochs(1)
    until(lambda: fit.controller.latest.epoch == 5)
    fit.thread.join(0.05)
    assert fit.controller.epoch == 5


def test_a_controlled_fit_has_the_same_networks(fit, until):
    fit.controller.allow_epochs(7)
    until(lambda: fit.controller.latest.epoch == 7)
    alone = MLPClassifier(**{**SETTINGS, "max_iter": 7})
    with pytest.warns(match="Maximum iterations"):
        alone.fit(X, y)
    seen = np.concatenate([part.ravel() for part in (*alone.coefs_, *alone.intercepts_)])
    np.testing.assert_array_equal(fit.controller.latest.parameters, seen)
    assert fit.controller.latest.loss == alone.loss_
    np.testing.assert_array_equal(fit.controller.curves.columns()["loss"], alone.loss_curve_)


def test_a_controlled_fit_ends_without_a_warning(fit):
    fit.controller.allow_epochs(np.inf)
    fit.thread.join(20)
    assert not fit.thread.is_alive()
    assert fit.model.n_iter_ == 30


def test_holding_takes_effect_after_the_epoch_in_progress(fit, until):
    fit.controller.set_pace(200)
    fit.controller.allow_epochs(np.inf)
    until(lambda: fit.controller.epoch >= 2)
    fit.controller.allow_epochs(0)
    until(lambda: fit.controller.latest.epoch == fit.controller.epoch)
    held = fit.controller.epoch
    fit.thread.join(0.05)
    assert fit.controller.epoch in (held, held + 1)


def test_a_set_learning_rate_applies_from_the_next_epoch(fit, until):
    fit.controller.allow_epochs(2)
    until(lambda: fit.controller.latest.epoch == 2)
    fit.controller.set_rate(0.5)
    fit.controller.allow_epochs(2)
    until(lambda: fit.controller.latest.epoch == 4)
    assert fit.controller.changes == [(2, 0.5)]
    assert fit.controller.curves.columns()["learning_rate"].tolist() == [0.001, 0.001, 0.5, 0.5]


def test_an_abandoned_fit_ends_while_waiting(fit):
    fit.controller.abandon()
    fit.thread.join(20)
    assert not fit.thread.is_alive()
    assert isinstance(fit.error, Abandoned)


def test_requested_updates_are_announced(fit, until):
    fit.told.clear()
    fit.controller.set_pace(None)
    fit.controller.request_update()
    fit.controller.allow_epochs(3)
    until(fit.told.is_set)
    assert fit.controller.latest.epoch >= 1


def stands_at(fit, epoch, batch):
    """Return True if that epoch and batch are visible."""
    latest = fit.controller.latest
    return (latest.epoch, latest.batch) == (epoch, batch)


def test_batches_run_one_by_one_across_epochs(fit, until):
    for epoch, batch in ((0, 1), (0, 2), (0, 3), (1, 0), (1, 1)):
        before = fit.controller.latest.parameters
        fit.controller.allow_batches(1)
        until(lambda epoch=epoch, batch=batch: stands_at(fit, epoch, batch))
        assert not np.array_equal(fit.controller.latest.parameters, before)
        assert np.isfinite(fit.controller.latest.batch_loss) == (batch > 0)
    fit.controller.allow_batches(5)
    until(lambda: stands_at(fit, 2, 2))


def test_epochs_run_batch_by_batch_are_equal(fit, until):
    fit.controller.allow_batches(6)
    until(lambda: stands_at(fit, 1, 2))
    fit.controller.allow_epochs(2)
    until(lambda: stands_at(fit, 3, 0))
    alone = MLPClassifier(**{**SETTINGS, "max_iter": 3})
    with pytest.warns(match="Maximum iterations"):
        alone.fit(X, y)
    np.testing.assert_array_equal(fit.controller.curves.columns()["loss"], alone.loss_curve_)
    seen = np.concatenate([part.ravel() for part in (*alone.coefs_, *alone.intercepts_)])
    np.testing.assert_array_equal(fit.controller.latest.parameters, seen)


def test_a_fit_can_be_abandoned_between_batches(fit, until):
    fit.controller.allow_batches(1)
    until(lambda: stands_at(fit, 0, 1))
    fit.controller.abandon()
    fit.thread.join(20)
    assert isinstance(fit.error, Abandoned)
