"""Displayed fits of a regression agree with NumPy and scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

from lamina.formulas import LOSSES
from lamina.workbench.views.frames import decode
from lamina.workbench.views.views import MOST_POINTS_DRAWN, Watch

REGRESSION = {"data": {"name": "hills"}}


@pytest.fixture
def learned(session, until):
    """Return `learned(patch)`, a session trained on a regression for three epochs."""

    def make(patch=None):
        made = session(REGRESSION)
        made.do({"do": "set", "experiment": patch or {}})
        made.do({"do": "step", "epochs": 3})
        until(lambda: made.run.controller.latest.epoch == 3)
        made.watch = Watch(fit=True)
        return made

    return make


def frame(session):
    return decode(session.frame(session.snapshot))


@pytest.mark.parametrize("scale_target", [False, True])
@pytest.mark.parametrize("target_scaled", [False, True])
def test_predictions_and_residuals_are_in_the_units_of_the_data(
    target_scaled, scale_target, learned
):
    made = learned({"target_scaled": target_scaled, "model": {"scale_target": scale_target}})
    header, arrays = frame(made)
    prepared, model = made.run.prepared, made.run.get_model(made.snapshot)
    for part, X, y in (
        ("train", prepared.X_train, prepared.targets_train),
        ("test", prepared.X_test, prepared.targets_test),
    ):
        predicted = prepared.in_units_of_target(model.predict(X))
        np.testing.assert_array_equal(arrays[f"{part}_predictions"], predicted.astype(np.float32))
        np.testing.assert_array_equal(arrays[f"{part}_residuals"], (y - predicted).astype("f4"))
        said = header["fit"][part]
        assert said["r2"] == pytest.approx(r2_score(y, predicted), rel=1e-9)
        assert said["rmse"] == pytest.approx(root_mean_squared_error(y, predicted), rel=1e-9)
        assert said["mae"] == pytest.approx(mean_absolute_error(y, predicted), rel=1e-9)


CASES = [
    ({"loss": "squared_error"}, "the mean", 0),
    ({"loss": "absolute_error"}, "the median", 0),
    ({"loss": "quantile", "quantile": 0.9}, "the 0.9 quantile", 0),
    ({"loss": "quantile", "quantile": [0.1, 0.5, 0.9]}, "the median", 1),
    ({"loss": "gaussian_nll"}, "the mean", 0),
]


@pytest.mark.parametrize(("model", "words", "column"), CASES, ids=str)
def test_each_loss_shows_one_named_number_per_row(model, words, column, learned):
    made = learned({"model": model})
    header, arrays = frame(made)
    found = made.run.get_model(made.snapshot).predict(made.run.prepared.X_test)
    expected = found.reshape(len(found), -1)[:, column].astype(np.float32)
    np.testing.assert_array_equal(arrays["test_predictions"], expected)
    assert header["fit"]["predicts"] == words


def test_every_regression_loss_names_its_predicted_statistic():
    for loss in LOSSES.values():
        assert loss.task == "classification" or loss.aim


def test_the_absolute_error_predicts_the_median():
    y = np.array([[0.0], [1.0], [1.0], [9.0]])
    for name, constant in (("absolute_error", np.median(y)), ("squared_error", np.mean(y))):
        loss = LOSSES[name]
        best = loss.value(np.full_like(y, constant), y, {}).mean()
        for other in (constant - 0.3, constant + 0.3):
            assert loss.value(np.full_like(y, other), y, {}).mean() > best


def test_drawn_rows_are_limited_and_errors_use_all_rows(session):
    made = session({"data": {"name": "hills", "n_samples": 6000}})
    made.watch = Watch(fit=True)
    header, arrays = frame(made)
    assert len(arrays["train_predictions"]) == len(arrays["test_residuals"]) == MOST_POINTS_DRAWN
    prepared, model = made.run.prepared, made.run.get_model(made.snapshot)
    expected = r2_score(prepared.targets_test, model.predict(prepared.X_test))
    assert header["fit"]["test"]["r2"] == pytest.approx(expected, rel=1e-9)


def test_a_classification_has_no_fit(session):
    made = session()
    made.watch = Watch(fit=True)
    header, arrays = frame(made)
    assert "fit" not in header
    assert not any("residuals" in name for name in arrays)
