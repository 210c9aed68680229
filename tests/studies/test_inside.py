"""The perceptron inside any estimator is found, or the error gives the cure."""

import numpy as np
import pytest
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import FixedThresholdClassifier, GridSearchCV
from sklearn.neural_network import MLPClassifier as ScikitMLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

import lamina
from lamina.studies import perceptron_inside

X, y = load_iris(return_X_y=True)
BRIEF = {"max_iter": 9, "tol": 10, "n_iter_no_change": 2, "random_state": 0}


def test_a_perceptron_is_returned_itself():
    model = lamina.MLPClassifier(**BRIEF).fit(X, y)
    assert perceptron_inside(model) == (inside := perceptron_inside(model))
    assert inside.model is model
    assert inside.rows(X) is X


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_perceptron_of_scikit_learn_is_converted_with_its_numbers():
    theirs = ScikitMLPClassifier(**BRIEF).fit(X, y)
    ours = perceptron_inside(theirs).model
    assert isinstance(ours, lamina.MLPClassifier)
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), rtol=1e-12)


def test_the_steps_of_nested_pipelines_are_in_order():
    network = lamina.MLPClassifier(**BRIEF)
    inner = make_pipeline(MinMaxScaler(), "passthrough", network)
    model = make_pipeline(StandardScaler(), inner).fit(X, y)
    inside = perceptron_inside(model)
    assert inside.model is model[-1][-1]
    np.testing.assert_array_equal(inside.rows(X), model[-1][0].transform(model[0].transform(X)))


@pytest.mark.parametrize(
    "holder",
    [
        GridSearchCV(lamina.MLPClassifier(**BRIEF), {"alpha": [0.1, 1.0]}, cv=2),
        FixedThresholdClassifier(lamina.MLPClassifier(**BRIEF)),
        TransformedTargetRegressor(lamina.MLPRegressor(**BRIEF), transformer=StandardScaler()),
    ],
    ids=lambda holder: type(holder).__name__,
)
def test_meta_estimators_are_unwrapped(holder):
    with pytest.raises(NotFittedError, match=f"this {type(holder).__name__} has no .*call fit"):
        perceptron_inside(holder)
    holder.fit(X[:100], y[:100])
    assert hasattr(perceptron_inside(holder).model, "coefs_")


def test_a_search_without_a_refitted_model_is_rejected():
    search = GridSearchCV(lamina.MLPClassifier(**BRIEF), {"alpha": [0.1, 1.0]}, cv=2, refit=False)
    with pytest.raises(NotFittedError, match="refit=True"):
        perceptron_inside(search.fit(X, y))


@pytest.mark.parametrize(
    ("estimator", "error", "message"),
    [
        (lamina.MLPRegressor(), NotFittedError, "this MLPRegressor has no weights yet: call fit"),
        (ScikitMLPClassifier(), NotFittedError, "this MLPClassifier has no weights yet"),
        (make_pipeline(StandardScaler(), lamina.MLPRegressor()), NotFittedError, "call fit first"),
        (LogisticRegression(), TypeError, "no multi-layer perceptron in a LogisticRegression"),
    ],
)
def test_the_error_without_a_fitted_perceptron_gives_the_cure(estimator, error, message):
    with pytest.raises(error, match=message):
        perceptron_inside(estimator)


def test_targets_are_those_of_the_perceptrons_fit():
    y_2d = np.column_stack([y, y**2])
    scaled = StandardScaler().fit_transform(y_2d)
    for targets, expected in ((y_2d, scaled), (y_2d[:, 0], scaled[:, 0])):
        held = TransformedTargetRegressor(
            make_pipeline(StandardScaler(), lamina.MLPRegressor(**BRIEF)),
            transformer=StandardScaler(),
        ).fit(X, targets)
        np.testing.assert_allclose(perceptron_inside(held).targets(targets), expected)
    model = lamina.MLPClassifier(**BRIEF).fit(X, y)
    assert perceptron_inside(model).targets(y) is y
