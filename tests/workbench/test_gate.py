"""The gate of a fit: what passes, when, and what is left behind for those who look."""

import threading

import numpy as np
import pytest

from lamina import MLPClassifier
from lamina.datasets import make_xor
from lamina.workbench.gate import Abandoned, Gate

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
    """A fit behind a gate, in a thread of its own."""

    def __init__(self):
        self.told = threading.Event()
        self.model = MLPClassifier(**SETTINGS)
        first = MLPClassifier(**SETTINGS)._assignment(X, y, None, True)
        self.gate, self.error = Gate(first.start, self.told.set, BATCHES), None
        self.model.set_params(callbacks=self.gate)
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self):
        try:
            self.model.fit(X, y)
        except Abandoned as error:
            self.error = error


@pytest.fixture
def fit(until):
    """A fit that waits at its gate."""
    running = Fit()
    until(running.told.is_set)
    yield running
    running.gate.abandon()
    running.thread.join()


def test_nothing_passes_a_closed_gate_and_the_first_network_is_seen(fit):
    assert fit.gate.epoch == 0
    moment = fit.gate.latest
    assert moment.epoch == 0
    assert moment.parameters.shape == (3 * 2 + 3 + 3 + 1,)
    assert np.isnan(moment.loss)


def test_so_many_epochs_pass_as_are_let(fit, until):
    fit.gate.let_pass(4)
    until(lambda: fit.gate.latest.epoch == 4)
    fit.gate.let_pass(1)
    until(lambda: fit.gate.latest.epoch == 5)
    fit.thread.join(0.05)
    assert fit.gate.epoch == 5


def test_what_is_seen_is_what_a_fit_without_a_gate_has_then(fit, until):
    fit.gate.let_pass(7)
    until(lambda: fit.gate.latest.epoch == 7)
    alone = MLPClassifier(**{**SETTINGS, "max_iter": 7})
    with pytest.warns(match="Maximum iterations"):
        alone.fit(X, y)
    seen = np.concatenate([part.ravel() for part in (*alone.coefs_, *alone.intercepts_)])
    np.testing.assert_array_equal(fit.gate.latest.parameters, seen)
    assert fit.gate.latest.loss == alone.loss_
    np.testing.assert_array_equal(fit.gate.curves.columns()["loss"], alone.loss_curve_)


def test_a_fit_behind_an_open_gate_comes_to_its_end_without_a_warning(fit):
    fit.gate.let_pass(np.inf)
    fit.thread.join(20)
    assert not fit.thread.is_alive()
    assert fit.model.n_iter_ == 30


def test_a_gate_that_closes_holds_what_comes_after_the_epoch_under_way(fit, until):
    fit.gate.set_pace(200)
    fit.gate.let_pass(np.inf)
    until(lambda: fit.gate.epoch >= 2)
    fit.gate.let_pass(0)
    until(lambda: fit.gate.latest.epoch == fit.gate.epoch)
    held = fit.gate.epoch
    fit.thread.join(0.05)
    assert fit.gate.epoch in (held, held + 1)


def test_a_rate_that_is_set_serves_from_the_next_epoch_on_and_is_noted(fit, until):
    fit.gate.let_pass(2)
    until(lambda: fit.gate.latest.epoch == 2)
    fit.gate.set_rate(0.5)
    fit.gate.let_pass(2)
    until(lambda: fit.gate.latest.epoch == 4)
    assert fit.gate.changes == [(2, 0.5)]
    assert fit.gate.curves.columns()["learning_rate"].tolist() == [0.001, 0.001, 0.5, 0.5]


def test_a_fit_that_is_abandoned_ends_wherever_it_waits(fit):
    fit.gate.abandon()
    fit.thread.join(20)
    assert not fit.thread.is_alive()
    assert isinstance(fit.error, Abandoned)


def test_whoever_wants_news_is_told_of_an_epoch_that_passes(fit, until):
    fit.told.clear()
    fit.gate.set_pace(None)
    fit.gate.want_news()
    fit.gate.let_pass(3)
    until(fit.told.is_set)
    assert fit.gate.latest.epoch >= 1


def stands_at(fit, epoch, batch):
    """Whether that is what is seen."""
    latest = fit.gate.latest
    return (latest.epoch, latest.batch) == (epoch, batch)


def test_batches_pass_one_by_one_and_into_the_next_epoch(fit, until):
    for epoch, batch in ((0, 1), (0, 2), (0, 3), (1, 0), (1, 1)):
        before = fit.gate.latest.parameters
        fit.gate.let_batches_pass(1)
        until(lambda epoch=epoch, batch=batch: stands_at(fit, epoch, batch))
        assert not np.array_equal(fit.gate.latest.parameters, before)
        assert np.isfinite(fit.gate.latest.batch_loss) == (batch > 0)
    fit.gate.let_batches_pass(5)
    until(lambda: stands_at(fit, 2, 2))


def test_epochs_that_went_batch_by_batch_are_the_same_epochs(fit, until):
    fit.gate.let_batches_pass(6)
    until(lambda: stands_at(fit, 1, 2))
    fit.gate.let_pass(2)
    until(lambda: stands_at(fit, 3, 0))
    alone = MLPClassifier(**{**SETTINGS, "max_iter": 3})
    with pytest.warns(match="Maximum iterations"):
        alone.fit(X, y)
    np.testing.assert_array_equal(fit.gate.curves.columns()["loss"], alone.loss_curve_)
    seen = np.concatenate([part.ravel() for part in (*alone.coefs_, *alone.intercepts_)])
    np.testing.assert_array_equal(fit.gate.latest.parameters, seen)


def test_a_fit_is_abandoned_between_batches_too(fit, until):
    fit.gate.let_batches_pass(1)
    until(lambda: stands_at(fit, 0, 1))
    fit.gate.abandon()
    fit.thread.join(20)
    assert isinstance(fit.error, Abandoned)
