"""The measures are the ones that the task is judged by, and are right."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin

from lamina.cli.metrics import measure

X = pd.DataFrame({"x": [0, 1, 2, 3]})


class KnownProbabilities(ClassifierMixin, BaseEstimator):
    classes_ = np.array(["no", "so", "yes"])

    def predict_proba(self, X):
        return np.array([[0.5, 0.25, 0.25], [0.5, 0.25, 0.25], [0.25, 0.25, 0.5], [1.0, 0.0, 0.0]])


class KnownValues(RegressorMixin, BaseEstimator):
    def predict(self, X):
        return np.array([1.0, 2.0, 3.0, 8.0])


def test_classes_are_judged_by_accuracy_log_loss_and_each_on_its_own():
    figures = measure(KnownProbabilities(), X, np.array(["no", "yes", "yes", "no"]))
    assert figures["rows"] == 4
    assert figures["accuracy"] == 0.75
    assert figures["log_loss"] == pytest.approx(np.log([2, 4, 2, 1]).mean())
    assert figures["classes"]["no"] == pytest.approx(
        {"precision": 2 / 3, "recall": 1.0, "f1": 0.8, "rows": 2}
    )
    assert figures["classes"]["so"] == {"precision": 0.0, "recall": 0.0, "f1": 0.0, "rows": 0}


def test_values_are_judged_by_their_errors():
    figures = measure(KnownValues(), X, np.array([1.0, 2.0, 3.0, 4.0]))
    assert figures == pytest.approx({"rows": 4, "rmse": 2.0, "mae": 1.0, "r2": -2.2})
