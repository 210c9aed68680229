"""What figures say in a sentence: each fault by a rule, and nothing where there is none."""

import pytest

from lamina.cli.verdicts import failure, skill, verdicts


def said(held_out, training, constant=2.0, key="rmse"):
    best = {"held_out": {key: constant}, "training": {key: constant}}
    return list(verdicts({key: held_out}, {key: training}, best))


def test_a_model_that_is_as_good_on_other_rows_gets_no_remark():
    assert said(1.0, 0.9) == []
    assert said(0.3, 0.28, 0.6, "log_loss") == []


@pytest.mark.parametrize(("key", "held_out", "training"), [("rmse", 1, 0.2), ("log_loss", 1, 0.5)])
def test_a_model_that_is_far_better_on_its_own_rows_overfits(key, held_out, training):
    (remark,) = said(held_out, training, key=key)
    assert remark.startswith("the model overfits: ")
    assert (
        f"1 on the rows held out, {training} on the training rows, and 2 for predicting" in remark
    )
    assert "--set alpha=1" in remark


def test_a_model_that_is_no_better_than_the_constant_is_called_so():
    (remark,) = said(2.1, 1.95)
    assert remark.startswith("the model is no better than predicting the mean: RMSE 2.1 on the")


def test_both_faults_are_one_remark():
    (remark,) = said(0.7, 0.1, 0.6, "log_loss")
    assert remark.startswith(
        "the model overfits and is no better than predicting the class frequencies: log loss 0.7"
    )


@pytest.mark.parametrize("rmse", [float("inf"), float("nan"), 1e200, 7.0])
def test_a_fit_that_is_far_worse_than_the_mean_on_its_own_rows_has_failed(rmse):
    assert "the fit has failed: on its own training rows its RMSE is" in (
        failure({"rmse": rmse}, {"rmse": 2.0})
    )


@pytest.mark.parametrize("rmse", [0.0, 2.0, 4.0])
def test_a_fit_that_is_merely_bad_has_not_failed(rmse):
    assert failure({"rmse": rmse}, {"rmse": 2.0}) is None


def test_skill_is_that_of_the_best_constant_where_there_is_no_loss_to_lower():
    assert skill({"rmse": 0.0}, {"rmse": 0.0}) == 0
    assert skill({"rmse": 1.0}, {"rmse": 0.0}) == -float("inf")
