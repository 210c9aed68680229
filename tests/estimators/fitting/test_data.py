"""Arrays that skip scikit-learn's validation equal its result, and all others go through it."""

import numpy as np
import pandas as pd
import pytest

from lamina import MLPClassifier
from lamina.estimators.fitting.data import are_plain_rows, are_plain_targets

FLOATS = [np.dtype(np.float64), np.dtype(np.float32)]
X = np.random.RandomState(0).standard_normal((30, 3))
y = np.arange(30) % 2
MODEL = MLPClassifier((2,), tol=10, random_state=0)


@pytest.mark.parametrize("rows", [X, X.astype(np.float32), X[:1]], ids=["f64", "f32", "one"])
def test_plain_inputs_are_arrays_in_the_engines_layout(rows):
    assert are_plain_rows(rows, FLOATS)


@pytest.mark.parametrize(
    "rows",
    [
        X.tolist(),
        X[0],
        X[:0],
        X[:, :0],
        X[::2, ::2],
        np.asfortranarray(X),
        X.astype(np.float16),
        X.astype(">f8"),
        X.astype(int),
        np.ma.masked_array(X),
        pd.DataFrame(X),
    ],
    ids=[
        "list",
        "vector",
        "empty",
        "featureless",
        "strided",
        "fortran",
        "half",
        "foreign",
        "int",
        "masked",
        "frame",
    ],
)
def test_other_inputs_are_not_plain(rows):
    assert not are_plain_rows(rows, FLOATS)


@pytest.mark.parametrize("dtype", [np.int64, np.uint8, bool, np.float64, np.float32])
def test_plain_targets_are_finite_numbers_one_per_sample(dtype):
    targets = y.astype(dtype)
    assert are_plain_targets(targets, 30)
    assert not are_plain_targets(targets, 29)
    assert not are_plain_targets(targets[:, np.newaxis], 30)
    assert not are_plain_targets(targets.tolist(), 30)


@pytest.mark.parametrize(
    "targets",
    [np.where(y == 1, np.nan, 0), np.full(30, np.inf), y.astype(str), y.astype(object), y + 1j],
    ids=["nan", "infinite", "strings", "objects", "complex"],
)
def test_targets_that_need_validation_are_not_plain(targets):
    assert not are_plain_targets(targets, 30)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_infinite_numbers_raise_scikit_learns_error(bad):
    rows = X.copy()
    rows[3, 1] = bad
    with pytest.raises(ValueError, match="Input X contains"):
        MODEL.fit(rows, y)


def test_a_plain_fit_removes_the_feature_names_of_the_previous_fit():
    model = MLPClassifier((2,), tol=10, random_state=0)
    model.fit(pd.DataFrame(X[:, :2], columns=["a", "b"]), y)
    model.fit(X, y)
    assert model.n_features_in_ == 3
    assert not hasattr(model, "feature_names_in_")


def test_plain_inputs_of_another_width_or_without_names_get_the_usual_message():
    model = MLPClassifier((2,), tol=10, random_state=0).fit(X, y)
    with pytest.raises(ValueError, match="X has 2 features, but MLPClassifier is expecting 3"):
        model.partial_fit(np.ascontiguousarray(X[:, :2]), y)
    named = MLPClassifier((2,), tol=10, random_state=0)
    named.fit(pd.DataFrame(X, columns=["a", "b", "c"]), y)
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        named.partial_fit(X, y)


def test_a_plain_fit_equals_a_fit_with_full_validation():
    plain = MLPClassifier((2,), tol=10, random_state=0).fit(X, y)
    long = MLPClassifier((2,), tol=10, random_state=0).fit(X.tolist(), y.tolist())
    np.testing.assert_array_equal(plain.coefs_[0], long.coefs_[0])
    assert plain.loss_curve_ == long.loss_curve_
