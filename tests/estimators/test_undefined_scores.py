"""Monitors that return NaN: refused in the first epoch, and no progress in later ones."""

from __future__ import annotations

import math
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_iris

from lamina import MLPClassifier
from lamina.errors import UndefinedScoreWarning
from lamina.estimators.inspection.unlearned import undefined_scores
from lamina.training import Monitor

X, Y = load_iris(return_X_y=True)
SETTINGS: dict[str, Any] = {"hidden_layer_sizes": (8,), "learning_rate_init": 0.01}

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.UndefinedMetricWarning"),
]


def plays(*values: float) -> Callable[[Any, Any, Any], float]:
    """Return a scorer that returns these values in turn, then repeats the last."""
    left = list(values)
    return lambda model, X, y: left.pop(0) if len(left) > 1 else left[0]


def fitted(monitor: Any, **settings: Any) -> MLPClassifier:
    model = MLPClassifier(**{**SETTINGS, "max_iter": 12, "random_state": 0, **settings})
    return model.set_params(monitor=monitor).fit(X, Y, validation_data=(X, Y))


@pytest.mark.parametrize("restore_best", [None, True, False])
@pytest.mark.parametrize("early_stopping", [True, False])
def test_a_score_of_nan_in_the_first_epoch_is_refused(
    restore_best: bool | None, early_stopping: bool
) -> None:
    with pytest.raises(ValueError, match=r"the scorer '<lambda>' returned NaN for the 150"):
        fitted(plays(math.nan), restore_best=restore_best, early_stopping=early_stopping)


def test_roc_auc_on_a_validation_set_of_one_class_is_refused_by_name() -> None:
    model, one = MLPClassifier(monitor="roc_auc", **SETTINGS), Y == 0
    with pytest.raises(
        ValueError, match=r"monitor='roc_auc'.*samples of one class.*Pass validation"
    ):
        model.fit(X[Y < 2], Y[Y < 2], validation_data=(X[one], Y[one]))
    assert not hasattr(model, "coefs_")


def test_a_later_nan_is_no_progress_and_the_best_epoch_is_restored() -> None:
    model = fitted(plays(0.5, 0.9, math.nan), n_iter_no_change=3)
    best = fitted(plays(0.5, 0.9), max_iter=2)
    assert model.n_iter_ == 6
    assert model.best_validation_score_ == 0.9
    np.testing.assert_array_equal(model.coefs_[0], best.coefs_[0])


def test_without_a_best_epoch_the_last_weights_stay_and_a_finding_reports_it() -> None:
    model = fitted(plays(-math.inf), n_iter_no_change=3)
    last = MLPClassifier(**SETTINGS, random_state=0, max_iter=model.n_iter_).fit(X, Y)
    assert model.n_iter_ == 4
    np.testing.assert_array_equal(model.coefs_[0], last.coefs_[0])
    assert any("the weights are those of the last epoch" in each for each in model.diagnoses_)


def test_a_second_metric_may_be_nan() -> None:
    def undefined(model: Any, X: Any, y: Any) -> float:
        return math.nan

    model = fitted(["accuracy", undefined])
    assert np.isnan(model.history_["undefined"]).all()
    assert model.diagnoses_ == []


def test_a_warm_start_whose_scores_are_nan_keeps_its_last_weights() -> None:
    model = fitted("accuracy", warm_start=True, max_iter=3)
    last = deepcopy(model).set_params(monitor=None).fit(X, Y)
    model.set_params(monitor=plays(math.nan)).fit(X, Y, validation_data=(X, Y))
    np.testing.assert_array_equal(model.coefs_[0], last.coefs_[0])
    assert any("was NaN or infinite in each of the 3 epochs" in each for each in model.diagnoses_)


@pytest.mark.parametrize("decides", Monitor)
def test_the_finding_is_about_the_monitored_curve(decides: Monitor) -> None:
    nothing, numbers = [math.nan, math.inf], [math.nan, 0.5]
    curves = (nothing, numbers) if decides is Monitor.SCORE else (numbers, nothing)
    found = undefined_scores(*curves, decides)
    assert [type(each) for each in found] == [UndefinedScoreWarning] * (decides is not Monitor.LOSS)
    assert undefined_scores(numbers, numbers, decides) == []


@pytest.mark.parametrize("monitor", ["roc_auc", "f1", "precision"])
def test_the_error_for_a_binary_scorer_suggests_its_multiclass_variant(monitor: str) -> None:
    relative = {"roc_auc": "roc_auc_ovr"}.get(monitor, f"{monitor}_macro")
    with pytest.raises(ValueError, match=rf"monitor='{monitor}': .*set monitor='{relative}'\."):
        fitted(monitor)
