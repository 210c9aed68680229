"""An observer receives every epoch, only in the thread or task that set it."""

from __future__ import annotations

import threading
from itertools import pairwise

import numpy as np
import pytest

from lamina import MLPClassifier, MLPRegressor
from lamina.training import EpochRecord, observe_fits

X, Y = np.arange(12.0).reshape(6, 2) / 12, np.array([0, 1, 0, 1, 1, 0])

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def heard_by(model: MLPClassifier | MLPRegressor) -> list[EpochRecord]:
    records: list[EpochRecord] = []
    with observe_fits(records.append):
        model.fit(X, Y)
    return records


def test_an_observer_receives_the_numbers_of_every_epoch() -> None:
    model = MLPClassifier((3,), max_iter=4, learning_rate_init=0.5)
    records = heard_by(model)
    assert [record.epoch for record in records] == [1, 2, 3, 4]
    assert [record.loss for record in records] == model.loss_curve_
    assert [record.rows_seen for record in records] == [6, 12, 18, 24]
    assert {record.learning_rate for record in records} == {0.5}
    assert {record.max_epochs for record in records} == {4}
    assert {record.validation_score for record in records} == {None}


def test_an_observer_receives_the_validation_score_if_there_is_one() -> None:
    model = MLPRegressor("squared_error", (3,), max_iter=3, early_stopping=True)
    model.set_params(validation_fraction=0.5)
    assert [record.validation_score for record in heard_by(model)] == model.validation_scores_


def test_an_observer_receives_the_learning_rate_of_the_epoch() -> None:
    model = MLPClassifier((3,), solver="sgd", learning_rate="invscaling", max_iter=3, power_t=1)
    rates = [record.learning_rate for record in heard_by(model)]
    assert rates == [0.001, 0.001 / 7, 0.001 / 13]


def test_an_observer_receives_the_iterations_of_lbfgs() -> None:
    model = MLPRegressor("squared_error", (3,), solver="lbfgs", max_iter=5, tol=0, random_state=0)
    records = heard_by(model)
    assert [record.epoch for record in records] == [1, 2, 3, 4, 5]
    assert records[-1].loss == model.loss_
    # The step of the line search, where the engine minimises; SciPy does not report it.
    assert all(not record.learning_rate <= 0 for record in records)
    assert all(a.rows_seen < b.rows_seen for a, b in pairwise(records))


def test_an_observer_receives_nothing_after_the_block_even_after_an_error() -> None:
    records: list[EpochRecord] = []
    with pytest.raises(RuntimeError), observe_fits(records.append):
        raise RuntimeError
    MLPClassifier((3,), max_iter=2).fit(X, Y)
    assert records == []


def test_the_innermost_observer_replaces_the_outer_one_in_its_block() -> None:
    outer: list[EpochRecord] = []
    inner: list[EpochRecord] = []
    model = MLPClassifier((3,), max_iter=2)
    with observe_fits(outer.append):
        with observe_fits(inner.append):
            model.fit(X, Y)
        model.fit(X, Y)
    assert (len(outer), len(inner)) == (2, 2)


def test_an_observer_does_not_receive_fits_in_other_threads() -> None:
    records: list[EpochRecord] = []
    with observe_fits(records.append):
        thread = threading.Thread(target=MLPClassifier((3,), max_iter=2).fit, args=(X[:, :1], Y))
        thread.start()
        thread.join()
    assert records == []


def test_an_error_in_the_observer_ends_the_fit_and_keeps_the_model() -> None:
    def refuse(record: EpochRecord) -> None:
        raise RuntimeError("enough")

    model = MLPClassifier((3,), max_iter=2, warm_start=True, random_state=0).fit(X, Y)
    before = [weights.copy() for weights in model.coefs_]
    with pytest.raises(RuntimeError, match="enough"), observe_fits(refuse):
        model.fit(X, Y)
    for weights, weights_before in zip(model.coefs_, before, strict=True):
        np.testing.assert_array_equal(weights, weights_before)
    assert len(model.loss_curve_) == 2
