"""scikit-learn's tools support the estimators for tables, on data frames with text."""

import numpy as np
import pandas as pd
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.inspection import partial_dependence, permutation_importance
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

import lamina
from lamina import TabularClassifier


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"size": rng.normal(size=160), "kind": rng.choice(["a", "b"], 160)})
    return table, np.where(table["size"] + (table["kind"] == "a") > 0.5, "yes", "no")


@pytest.fixture(scope="module")
def model(table):
    return TabularClassifier(quality="fast", random_state=0).fit(*table)


def unfitted():
    return TabularClassifier(quality="fast", random_state=0)


def test_cross_validation_and_pipelines_learn(table):
    X, y = table
    assert cross_val_score(unfitted(), X, y, cv=2).mean() > 0.8
    assert make_pipeline(FunctionTransformer(), unfitted()).fit(X, y).score(X, y) > 0.8


def test_a_search_and_a_calibration_by_folds_predict(table):
    X, y = table
    search = GridSearchCV(unfitted(), {"class_weight": [None, "balanced"]}, cv=2).fit(X, y)
    assert search.best_score_ > 0.8
    calibrated = CalibratedClassifierCV(unfitted(), cv=2).fit(X, y)
    assert calibrated.predict_proba(X).sum(axis=1) == pytest.approx(np.ones(len(X)))


def test_importances_and_partial_dependence_find_what_matters(table, model):
    X, y = table
    found = permutation_importance(model, X, y, n_repeats=2, random_state=0)
    assert found.importances_mean.min() > 0.05
    [average] = partial_dependence(model, X, ["size"], grid_resolution=5)["average"]
    assert average[0] < 0.2 < 0.8 < average[-1]


def test_a_saved_model_predicts_and_explains_the_same(table, model, tmp_path):
    X, _ = table
    lamina.save(model, tmp_path / "model.lamina")
    again = lamina.load(tmp_path / "model.lamina")
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))
    rows = X.iloc[:3]
    np.testing.assert_array_equal(
        again.explain(rows).contributions, model.explain(rows).contributions
    )
