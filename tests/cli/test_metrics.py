"""Each task is measured with its own metrics, and their values are right."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin

from lamina.cli.metrics import fit_constants, measure, measure_constants

X = pd.DataFrame({"x": [0, 1, 2, 3]})


class KnownProbabilities(ClassifierMixin, BaseEstimator):
    classes_ = np.array(["no", "so", "yes"])

    def predict_proba(self, X):
        return np.array([[0.5, 0.25, 0.25], [0.5, 0.25, 0.25], [0.25, 0.25, 0.5], [1.0, 0.0, 0.0]])


class KnownValues(RegressorMixin, BaseEstimator):
    def predict(self, X):
        return np.array([1.0, 2.0, 3.0, 8.0])


def test_classes_have_accuracy_log_loss_and_metrics_for_each_class():
    figures = measure(KnownProbabilities(), X, np.array(["no", "yes", "yes", "no"]))
    assert figures["rows"] == 4
    assert figures["accuracy"] == 0.75
    assert figures["brier"] == pytest.approx((0.375 + 0.875 + 0.375 + 0) / 4)
    assert figures["macro_f1"] == pytest.approx((0.8 + 2 / 3) / 2)
    assert "auc" not in figures
    assert figures["log_loss"] == pytest.approx(np.log([2, 4, 2, 1]).mean())
    assert figures["classes"]["no"] == pytest.approx(
        {"precision": 2 / 3, "recall": 1.0, "f1": 0.8, "rows": 2}
    )
    assert figures["classes"]["so"] == {"precision": 0.0, "recall": 0.0, "f1": 0.0, "rows": 0}


def test_values_are_measured_by_their_errors():
    figures = measure(KnownValues(), X, np.array([1.0, 2.0, 3.0, 4.0]))
    assert figures == pytest.approx({"rows": 4, "rmse": 2.0, "mae": 1.0, "r2": -2.2})


class TwoProbabilities(ClassifierMixin, BaseEstimator):
    classes_ = np.array([False, True])

    def predict_proba(self, X):
        return np.array([[0.9, 0.1], [0.2, 0.8], [0.4, 0.6], [0.7, 0.3]])


def test_two_classes_have_an_auc_where_both_occur():
    assert measure(TwoProbabilities(), X, np.array([False, True, False, True]))["auc"] == 0.75
    assert "auc" not in measure(TwoProbabilities(), X, np.array([True] * 4))


def test_class_frequencies_of_the_training_rows_have_the_same_metrics_as_the_model():
    model, y = TwoProbabilities(), np.array([False, True, True, True])
    constants = fit_constants(model, y)
    assert constants == [{"frequencies": [0.25, 0.75]}]
    figures = measure_constants(model, constants, y)
    assert figures["accuracy"] == 0.75
    assert figures["log_loss"] == pytest.approx(-0.25 * np.log(0.25) - 0.75 * np.log(0.75))
    assert figures.keys() == measure(model, X, y).keys()


def test_the_mean_is_measured_by_squared_errors_and_the_median_by_absolute_errors():
    y = np.array([0.0, 0.0, 0.0, 4.0])
    constants = fit_constants(KnownValues(), y)
    figures = measure_constants(KnownValues(), constants, y)
    assert figures == pytest.approx({"rows": 4, "rmse": np.sqrt(3), "mae": 1.0, "r2": 0.0})


def test_one_row_has_no_r2():
    class One(KnownValues):
        def predict(self, X):
            return np.array([1.0])

    assert measure(One(), X, np.array([3.0])) == {"rows": 1, "rmse": 2.0, "mae": 2.0}


def test_predictions_that_are_not_finite_have_infinite_errors():
    class Broken(KnownValues):
        def predict(self, X):
            return np.array([1.0, np.nan, np.inf, 0.0])

    figures = measure(Broken(), X, np.zeros(4))
    assert figures == {"rows": 4, "rmse": np.inf, "mae": np.inf, "r2": -np.inf}
