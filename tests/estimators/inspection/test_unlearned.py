"""Findings about fits that have learned nothing, and none about those that have."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, make_classification
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import StandardScaler

from lamina import MLPClassifier, MLPRegressor
from lamina.errors import StalledAccuracyWarning, UnscaledTargetWarning, WorseThanConstantWarning
from lamina.formulas import INVERSE_LINKS, LOSSES

DIABETES = load_diabetes(return_X_y=True)
X = StandardScaler().fit_transform(DIABETES[0])
Y = DIABETES[1]
UNIT = (Y - Y.mean()) / Y.std()
RARE_X, RARE_Y = make_classification(
    3000, 20, n_informative=4, weights=[0.95], class_sep=0.6, flip_y=0.02, random_state=0
)
LOSSES_OF_SCALE = sorted(
    n
    for n, o in LOSSES.items()
    if o.task == "regression" and INVERSE_LINKS[o.inverse_link].follows_scale
)

ignore_convergence = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@ignore_convergence
@pytest.mark.parametrize("y", [1e6 * Y, 1e-6 * Y, UNIT + 1000], ids=["large", "small", "far"])
@pytest.mark.parametrize("loss", LOSSES_OF_SCALE)
def test_an_unreachable_target_is_reported_with_its_cure(loss: str, y: Any) -> None:
    model = MLPRegressor(loss, (20,), random_state=0).fit(X, y)
    assert model.score(X, y) < 0
    assert len(model.diagnoses_) == 1
    assert "The target is not scaled (mean " in model.diagnoses_[0]
    assert "Set scale_target=True" in model.diagnoses_[0]
    cured = model.set_params(scale_target=True, max_iter=300).fit(X, y)
    assert cured.diagnoses_ == []
    assert cured.score(X, y) > 0.3


def test_the_finding_is_part_of_the_convergence_warning() -> None:
    with pytest.warns(ConvergenceWarning, match="Set scale_target=True"):
        MLPRegressor(random_state=0).fit(X, 1e6 * Y)
    with pytest.warns(UnscaledTargetWarning, match=r"R² on the training samples is -4\.46e\+05"):
        MLPRegressor(random_state=0, diagnostics=True).fit(X, 1e-6 * Y)


@ignore_convergence
def test_a_target_that_was_reached_is_no_finding() -> None:
    assert MLPRegressor(solver="lbfgs", random_state=0).fit(X, Y).diagnoses_ == []
    assert MLPRegressor(random_state=0).fit(X, UNIT).diagnoses_ == []
    assert MLPRegressor("poisson", random_state=0).fit(X, Y / Y.mean()).diagnoses_ == []


@ignore_convergence
@pytest.mark.parametrize("weighted", [False, True])
def test_a_fit_worse_than_a_constant_is_reported(weighted: bool) -> None:
    weight = np.linspace(0.1, 2, len(Y)) if weighted else None
    model = MLPRegressor(random_state=0, learning_rate_init=1e-9, max_iter=10).fit(X, UNIT, weight)
    assert model.score(X, UNIT) < 0
    assert [each.partition(":")[0] for each in model.diagnoses_] == [
        "The network has learned nothing"
    ]
    with pytest.warns(WorseThanConstantWarning, match="Raise max_iter"):
        model.set_params(diagnostics=True).fit(X, UNIT, weight)


@ignore_convergence
@pytest.mark.parametrize("scale_target", [False, True])
def test_memorised_noise_is_no_finding(scale_target: bool) -> None:
    noise = np.random.RandomState(0).standard_normal(len(X))
    model = MLPRegressor(random_state=0, scale_target=scale_target).fit(X, noise)
    assert model.diagnoses_ == []


def test_early_stopping_by_the_accuracy_of_unbalanced_classes_is_reported() -> None:
    model = MLPClassifier(early_stopping=True, random_state=0, max_iter=500).fit(RARE_X, RARE_Y)
    assert roc_auc_score(RARE_Y, model.predict_proba(RARE_X)[:, 1]) < 0.7
    assert len(model.diagnoses_) == 1
    assert "Early stopping monitored accuracy, which stayed at 0.937" in model.diagnoses_[0]
    cured = model.set_params(monitor="neg_log_loss").fit(RARE_X, RARE_Y)
    assert cured.diagnoses_ == []
    assert roc_auc_score(RARE_Y, cured.predict_proba(RARE_X)[:, 1]) > 0.8
    with pytest.warns(StalledAccuracyWarning, match="Set monitor='neg_log_loss'"):
        model.set_params(monitor=None, diagnostics=True).fit(RARE_X, RARE_Y)


@ignore_convergence
@pytest.mark.parametrize("early_stopping", [False, True])
def test_balanced_classes_that_were_learned_are_no_finding(early_stopping: bool) -> None:
    model = MLPClassifier(early_stopping=early_stopping, random_state=0)
    assert model.fit(X, (np.median(Y) < Y).astype(int)).diagnoses_ == []
    balanced = MLPClassifier(early_stopping=early_stopping, class_weight="balanced", random_state=0)
    assert balanced.fit(RARE_X, RARE_Y).diagnoses_ == []
