"""Runs: the estimator's own fit in a thread, its end, failures, and intermediate networks."""

import warnings

import numpy as np
import pytest
from sklearn.base import clone

from lamina.estimators.fitting.fitted_network import get_parameters
from lamina.workbench.runs.run import BY_EPOCHS_END, Run


@pytest.fixture
def run(session):
    """Return `run(patch)`, the run of a small patched experiment, without pacing."""
    return lambda patch=None: session(patch).run


def fitted_alone(run, **changes):
    """Return the same estimator, fitted without the workbench."""
    prepared = run.prepared
    model = clone(prepared.model).set_params(**changes)
    held_out = {"validation_data": (prepared.X_test, prepared.y_test)} if run.is_minibatch else {}
    return model.fit(prepared.X_train, prepared.y_train, **held_out)


def test_a_run_starts_from_the_initial_parameters_of_fit(run):
    first = run()
    prepared = first.prepared
    model = clone(prepared.model).set_params(learning_rate_init=1e-300, solver="sgd", max_iter=1)
    with pytest.warns(match="Maximum iterations"):
        model.fit(prepared.X_train, prepared.y_train)
    np.testing.assert_array_equal(first.controller.latest.parameters, get_parameters(model))


@pytest.mark.parametrize(
    "patch",
    [
        {},
        {"data": {"kind": "made", "name": "plane"}},
        {"model": {"alpha": 0.5, "penalty": "elasticnet", "monitor": "f1_macro"}},
    ],
    ids=["classes", "numbers", "penalty and a scorer"],
)
def test_epoch_0_has_the_losses_and_scores_of_the_initial_parameters(patch, run, until):
    first = run(patch)
    row = first.controller.latest.row
    assert row == first.controller.curves.first
    # A full-batch step too small to change any bit leaves the loss unchanged.
    again = fitted_once(first)
    assert row["loss"] == pytest.approx(again.loss_curve_[0], rel=1e-9)
    later = {name: column[0] for name, column in again.history_.items()}
    assert set(row) == set(later) - {"learning_rate", "gradient_norm", "seconds"}
    for name in set(row) - {"epoch", "loss"}:
        assert row[name] == pytest.approx(later[name], rel=1e-9)
    first.step(2)
    until(lambda: first.controller.latest.epoch == 2)
    drawn = first.controller.curves.drawn()
    assert drawn["epoch"].tolist() == [0, 1, 2]
    assert drawn["loss"].tolist() == [row["loss"], *first.controller.curves.losses()]
    assert drawn["validation_loss"][0] == row["validation_loss"]


def fitted_once(run):
    """Fit of one step that changes nothing."""
    still = {"solver": "sgd", "learning_rate_init": 1e-300, "batch_size": 10_000, "max_iter": 1}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return fitted_alone(run, **still)


def test_epoch_0_of_a_solver_without_epochs_has_its_loss(run):
    assert set(run({"model": {"solver": "lbfgs"}}).controller.latest.row) == {"epoch", "loss"}


def test_a_run_ends_as_fit_does(run, until):
    ended = run({"model": {"max_iter": 300, "n_iter_no_change": 2, "tol": 1e-2}})
    ended.play()
    until(lambda: ended.status == "ended")
    alone = fitted_alone(ended)
    assert ended.ending == "no more progress"
    assert ended.controller.latest.epoch == alone.n_iter_ < 300
    assert ended.controller.latest.loss == alone.loss_
    np.testing.assert_array_equal(ended.controller.latest.parameters, get_parameters(alone))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_run_ends_with_its_last_epoch(run, until):
    ended = run({"model": {"max_iter": 4}})
    ended.play()
    until(lambda: ended.status == "ended")
    assert ended.ending == BY_EPOCHS_END
    np.testing.assert_array_equal(
        ended.controller.latest.parameters, get_parameters(fitted_alone(ended))
    )


def test_a_run_ends_with_the_best_network_if_fit_restores_it(run, until):
    ended = run({"model": {"early_stopping": True, "n_iter_no_change": 3, "max_iter": 200}})
    ended.play()
    until(lambda: ended.status == "ended")
    np.testing.assert_array_equal(
        ended.controller.latest.parameters, get_parameters(fitted_alone(ended))
    )


def test_a_failed_fit_has_a_message_and_keeps_its_history(run, until):
    failed = run({"scaled": False, "model": {"learning_rate_init": 1e200, "solver": "sgd"}})
    failed.play()
    until(lambda: failed.status == "failed")
    assert "non-finite" in failed.message
    assert np.isfinite(failed.controller.latest.parameters).all()


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_networks_of_lbfgs_iterations_equal_those_of_fit(run, until):
    at_once = run({"model": {"solver": "lbfgs", "max_iter": 30}})
    for iteration in (1, 2, 5):
        at_once.step(iteration - at_once.controller.epoch)
        until(lambda iteration=iteration: at_once.controller.latest.epoch == iteration)
        alone = fitted_alone(at_once, max_iter=iteration)
        np.testing.assert_array_equal(at_once.controller.latest.parameters, get_parameters(alone))
        assert at_once.controller.latest.loss == alone.loss_
    at_once.play()
    until(lambda: at_once.status == "ended")
    np.testing.assert_array_equal(
        at_once.controller.latest.parameters, get_parameters(fitted_alone(at_once))
    )


def test_an_abandoned_run_ends_its_thread(run):
    unwanted = run({"model": {"solver": "lbfgs"}})
    unwanted.abandon()
    unwanted.wait(20)
    assert not unwanted._thread.is_alive()
    assert unwanted.ending is None


def test_the_model_of_a_snapshot_predicts_like_its_network(run, until):
    learning = run()
    learning.step(3)
    until(lambda: learning.controller.latest.epoch == 3)
    snapshot = learning.controller.snapshots.nearest(2)
    model = learning.get_model(snapshot)
    np.testing.assert_array_equal(get_parameters(model), snapshot.parameters)
    assert model.n_iter_ == 2
    assert set(model.predict(learning.prepared.X_test)) <= {0, 1}


def test_every_run_has_a_unique_id(session):
    made = session()
    assert isinstance(made.run, Run)
    before = made.run.id
    made.do({"do": "reset"})
    assert made.run.id > before
