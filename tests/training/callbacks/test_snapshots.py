"""Snapshots keep the parameters of a fit within a memory limit, and restore its models."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_iris
from sklearn.preprocessing import StandardScaler

from lamina import MLPClassifier, MLPRegressor
from lamina.training.callbacks import Snapshots

X, Y = load_iris(return_X_y=True)
X = StandardScaler().fit_transform(X)
WAYS: dict[str, Any] = {"tol": 0, "n_iter_no_change": 1000, "random_state": 0, "batch_size": 50}

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.usefixtures("fits_by_engine"),
]


def fitted(snapshots: Snapshots, max_iter: int = 10, **ways: Any) -> MLPClassifier:
    return MLPClassifier((4,), max_iter=max_iter, callbacks=snapshots, **WAYS, **ways).fit(X, Y)


def test_each_snapshot_predicts_like_a_fit_of_that_length() -> None:
    snapshots = Snapshots(every=3)
    fitted(snapshots)
    assert snapshots.epochs == [0, 3, 6, 9, 10]
    for epoch in snapshots.epochs[1:]:
        shorter = fitted(Snapshots(), max_iter=epoch)
        then = snapshots.get_model(epoch)
        np.testing.assert_array_equal(then.predict_proba(X), shorter.predict_proba(X))
        assert then.loss_curve_ == shorter.loss_curve_
        assert then.history_["learning_rate"] == shorter.history_["learning_rate"]
    assert snapshots.losses[1:] == [fitted(Snapshots(), max_iter=n).loss_ for n in (3, 6, 9, 10)]


def test_the_first_snapshot_has_the_initial_parameters() -> None:
    snapshots = Snapshots()
    fitted(snapshots)
    begun = fitted(Snapshots(), max_iter=1, learning_rate_init=1e-300)
    np.testing.assert_array_equal(snapshots.get_model(0).coefs_[0], begun.coefs_[0])
    assert np.isnan(snapshots.losses[0])


def test_snapshots_change_no_bit_of_the_model() -> None:
    snapshots = Snapshots(every=4)
    watched = fitted(snapshots)
    plain = MLPClassifier((4,), max_iter=10, **WAYS).fit(X, Y)
    np.testing.assert_array_equal(watched.coefs_[0], plain.coefs_[0])
    np.testing.assert_array_equal(snapshots.get_model(-1).coefs_[1], plain.coefs_[1])
    assert snapshots.get_model(-1).callbacks is None


def test_memory_is_bounded_by_dropping_every_other_snapshot() -> None:
    snapshots = Snapshots(max_megabytes=8 * 35 * 10 / 1e6)
    fitted(snapshots, max_iter=50)
    size = sum(parameters.nbytes for parameters in snapshots.parameters)
    assert size <= snapshots.max_megabytes * 1e6
    assert snapshots.epochs == [0, 8, 16, 24, 32, 40, 48, 50]
    assert len(snapshots.losses) == len(snapshots) == len(snapshots.parameters)


def test_the_first_and_the_last_snapshot_stay_with_hardly_any_memory() -> None:
    snapshots = Snapshots(max_megabytes=1e-9)
    fitted(snapshots)
    assert snapshots.epochs == [0, 10]


def test_a_warm_start_extends_the_snapshots_and_a_fresh_fit_discards_them() -> None:
    snapshots = Snapshots(every=4)
    model = fitted(snapshots, warm_start=True)
    assert snapshots.epochs == [0, 4, 8, 10]
    model.fit(X, Y)
    assert snapshots.epochs == [0, 4, 8, 12, 16, 20]
    assert snapshots.get_model(20).loss_curve_ == model.loss_curve_
    model.set_params(warm_start=False, max_iter=2).fit(X, Y)
    assert snapshots.epochs == [0, 2]


def test_partial_fits_extend_the_snapshots() -> None:
    snapshots = Snapshots(every=2)
    model = MLPRegressor(hidden_layer_sizes=(3,), random_state=0, callbacks=snapshots)
    for _ in range(5):
        model.partial_fit(X, Y)
    assert snapshots.epochs == [0, 2, 4, 5]
    assert snapshots.losses[1:] == [model.loss_curve_[n - 1] for n in (2, 4, 5)]


def test_a_model_with_a_restored_best_epoch_differs_from_the_last_snapshot() -> None:
    snapshots = Snapshots()
    model = fitted(snapshots, max_iter=40, early_stopping=True, learning_rate_init=0.1)
    best = int(np.argmax(model.validation_scores_)) + 1
    assert best < 40
    np.testing.assert_array_equal(snapshots.get_model(best).coefs_[0], model.coefs_[0])


def test_snapshots_of_normalized_networks_include_their_statistics() -> None:
    snapshots = Snapshots()
    ways = {"normalization": "batch", "activation": "prelu", "average_decay": 0.9}
    model = fitted(snapshots, **ways)
    np.testing.assert_array_equal(snapshots.get_model(10).predict_proba(X), model.predict_proba(X))


def test_ctrl_c_keeps_the_last_complete_epoch() -> None:
    class Interrupt:
        def on_epoch_end(self, fit: Any) -> None:
            if fit.epoch == 3:
                raise KeyboardInterrupt

    snapshots = Snapshots(every=2)
    model = MLPClassifier((4,), callbacks=[snapshots, Interrupt()], **WAYS)
    with pytest.warns(UserWarning, match="interrupted by user"):
        model.fit(X, Y)
    assert snapshots.epochs == [0, 2, 3]
    np.testing.assert_array_equal(snapshots.get_model(3).coefs_[0], model.coefs_[0])


def test_a_clone_has_its_own_snapshots() -> None:
    snapshots = Snapshots(every=2)
    model = clone(fitted(snapshots))
    assert model.callbacks is not snapshots
    assert (model.callbacks.every, len(model.callbacks), len(snapshots)) == (2, 0, 6)
    regressor = MLPRegressor(hidden_layer_sizes=(3,), max_iter=4, callbacks=snapshots, **WAYS)
    held = TransformedTargetRegressor(regressor, transformer=StandardScaler()).fit(X, Y)
    assert held.regressor_.callbacks.epochs == [0, 2, 4]


def test_an_epoch_that_was_not_kept_is_refused_with_the_nearest() -> None:
    snapshots = Snapshots(every=4)
    fitted(snapshots)
    with pytest.raises(ValueError, match=r"epoch=7 was not kept; the nearest kept epoch is 8"):
        snapshots.get_model(7)


def test_snapshots_without_a_fit_have_no_models() -> None:
    with pytest.raises(ValueError, match="no models yet: pass the snapshots as callbacks="):
        Snapshots().get_model(0)


@pytest.mark.parametrize("wrong", [{"every": 0}, {"every": 1.5}, {"max_megabytes": 0}])
def test_numbers_that_are_not_positive_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(wrong))}="):
        Snapshots(**wrong)


def test_snapshots_are_read_only() -> None:
    snapshots = Snapshots()
    fitted(snapshots)
    with pytest.raises(ValueError, match="read-only"):
        snapshots.parameters[0][0] = 1.0
    snapshots.get_model(0).coefs_[0][0, 0] = 1.0


def test_the_repr_of_snapshots_describes_their_content() -> None:
    snapshots = Snapshots(every=5)
    assert repr(snapshots) == "<Snapshots every 5 epochs: none yet>"
    fitted(snapshots)
    assert repr(snapshots) == "<Snapshots every 5 epochs: 3 kept, of epochs 0 to 10>"
