"""Verdicts on metrics: each fault has a rule, and a good model gets no sentence."""

import pytest

from lamina.cli.verdicts import ensemble_verdicts, failure, skill, verdicts


def remarks_on(held_out, training, constant=2.0, key="rmse"):
    best = {"held_out": {key: constant}, "training": {key: constant}}
    return list(verdicts({key: held_out}, {key: training}, best))


def ensemble_remarks(held_out, out_of_fold, gain=9.0, by=None):
    best = {"held_out": {"rmse": 2.0}, "training": {"rmse": 2.0}}
    found = ensemble_verdicts({"rmse": held_out}, {"rmse": out_of_fold}, best, gain=gain, by=by)
    return list(found)


def test_a_model_that_is_as_good_on_new_rows_gets_no_remark():
    assert remarks_on(1.0, 0.9) == []
    assert remarks_on(0.3, 0.28, 0.6, "log_loss") == []


@pytest.mark.parametrize(("key", "held_out", "training"), [("rmse", 1, 0.2), ("log_loss", 1, 0.5)])
def test_a_model_that_is_far_better_on_training_rows_overfits(key, held_out, training):
    (remark,) = remarks_on(held_out, training, key=key)
    assert remark.startswith("the model overfits: ")
    assert (
        f"1 on the held-out rows, {training} on the training rows, and 2 for predicting" in remark
    )
    assert "--set alpha=1" in remark


def test_a_model_that_is_no_better_than_the_constant_is_reported():
    (remark,) = remarks_on(2.1, 1.95)
    assert remark.startswith("the model is no better than predicting the mean: RMSE 2.1 on the")


def test_both_faults_share_one_remark():
    (remark,) = remarks_on(0.7, 0.1, 0.6, "log_loss")
    assert remark.startswith(
        "the model overfits and is no better than predicting the class frequencies: log loss 0.7"
    )


@pytest.mark.parametrize(
    ("by", "cause"), [("groups", "The held-out groups may differ"), ("time", "The last rows may")]
)
def test_worse_held_out_groups_or_times_are_not_called_overfitting(by, cause):
    (remark,) = ensemble_remarks(1.5, 0.5, by=by)
    assert remark.startswith("the model is much worse on the held-out rows: RMSE 1.5 on the ")
    assert f"0.5 out of fold, and 2 for predicting the mean. {cause}" in remark
    assert "overfits" not in remark


def test_an_ensemble_that_is_useless_only_on_the_held_out_rows_is_reported():
    (remark,) = ensemble_remarks(2.5, 0.5)
    assert remark.startswith("the model is no better than predicting the mean on the held-out rows")
    assert "The rows are held out at random, so this may be chance" in remark


@pytest.mark.parametrize("gain", [-0.4, 0.0, 1.9])
def test_an_ensemble_that_may_be_better_than_the_constant_by_chance_is_reported(gain):
    (remark,) = ensemble_remarks(1.9, 1.98, gain)
    assert remark.startswith("the model is hardly better than predicting the mean: RMSE 1.9 on the")
    assert f"better by {gain} standard errors, which may be chance" in remark
    (remark,) = ensemble_remarks(2.1, 1.98, gain)
    assert remark.startswith("the model is no better than predicting the mean: RMSE 2.1")


def test_an_ensemble_with_good_metrics_gets_no_remark():
    assert ensemble_remarks(1.1, 1.0) == []
    assert ensemble_remarks(1.0, 1.1, by="time") == []
    # Random splits differ only by chance.
    assert ensemble_remarks(1.5, 0.5) == []


@pytest.mark.parametrize("rmse", [float("inf"), float("nan"), 1e200, 7.0])
def test_a_fit_that_is_far_worse_than_the_mean_on_training_rows_has_failed(rmse):
    assert "the fit has failed: on its own training rows its RMSE is" in (
        failure({"rmse": rmse}, {"rmse": 2.0})
    )


@pytest.mark.parametrize("rmse", [0.0, 2.0, 4.0])
def test_a_fit_that_is_merely_bad_has_not_failed(rmse):
    assert failure({"rmse": rmse}, {"rmse": 2.0}) is None


def test_skill_beside_a_constant_without_loss_is_zero_or_minus_infinity():
    assert skill({"rmse": 0.0}, {"rmse": 0.0}) == 0
    assert skill({"rmse": 1.0}, {"rmse": 0.0}) == -float("inf")
