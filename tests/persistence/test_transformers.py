"""Every allowed transformer is restored from a file bit for bit."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.decomposition import PCA
from sklearn.ensemble import BaggingClassifier
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.impute import MissingIndicator
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV, RandomizedSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from tests.persistence.transformers import (
    NUMBERS,
    SMALL,
    TARGET_CASES,
    TRANSFORMER_CASES,
    TWO,
    fitted_pipeline,
    fitted_target,
)

import lamina
from lamina import MLPClassifier
from lamina.persistence.models import MODULES
from lamina.persistence.transformers import TRANSFORMERS

pytestmark = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning", "ignore:Features .* are constant"
)


def there_and_back(model: Any, folder: Path) -> Any:
    lamina.save(model, folder / "model.lamina")
    return lamina.load(folder / "model.lamina")


def assert_same_bits(found: Any, expected: Any) -> None:
    assert type(found) is type(expected)
    if sparse.issparse(expected):
        found, expected = found.toarray(), expected.toarray()
    if hasattr(expected, "columns"):
        assert list(found.columns) == list(expected.columns)
    ours, theirs = np.asarray(found), np.asarray(expected)
    assert ours.dtype == theirs.dtype
    np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("name", TRANSFORMER_CASES)
def test_the_output_of_a_restored_transformer_is_bit_identical(name: str, tmp_path: Path) -> None:
    model, rows = fitted_pipeline(name)
    loaded = there_and_back(model, tmp_path)
    assert_same_bits(loaded[0].transform(rows), model[0].transform(rows))
    assert_same_bits(loaded.predict_proba(rows), model.predict_proba(rows))
    assert repr(loaded[0]) == repr(model[0])
    for attribute in ("feature_names_in_", "n_features_in_"):
        if hasattr(model[0], attribute):
            found, expected = getattr(loaded[0], attribute), getattr(model[0], attribute)
            np.testing.assert_array_equal(found, expected)
    if hasattr(model[0], "get_feature_names_out"):
        assert_same_names(loaded[0], model[0])


def assert_same_names(found: Any, expected: Any) -> None:
    try:
        names = expected.get_feature_names_out().tolist()
    except (AttributeError, ValueError) as error:
        with pytest.raises(type(error)):
            found.get_feature_names_out()
        return
    assert found.get_feature_names_out().tolist() == names


@pytest.mark.parametrize("name", TRANSFORMER_CASES)
def test_a_loaded_transformer_is_saved_to_the_same_bytes(name: str, tmp_path: Path) -> None:
    model, _ = fitted_pipeline(name)
    loaded = there_and_back(model, tmp_path)
    lamina.save(loaded, tmp_path / "again.lamina")
    first, second = ((tmp_path / f"{n}.lamina").read_bytes() for n in ("model", "again"))
    assert first == second


@pytest.mark.parametrize("name", TRANSFORMER_CASES)
def test_every_attribute_of_a_transformer_has_a_check(name: str) -> None:
    model, _ = fitted_pipeline(name)
    for each in parts_of(model[0]):
        if type(each).__name__ in TRANSFORMERS and hasattr(each, "n_features_in_"):
            fields = TRANSFORMERS[type(each).__name__].fields(each, each.n_features_in_)
            attributes = vars(each).keys() - each.get_params(deep=False).keys()
            assert attributes <= fields.keys() | {
                "n_features_in_",
                "feature_names_in_",
                "_sklearn_output_config",
            }


def parts_of(estimator: Any) -> list[Any]:
    """Return an estimator and all estimators inside it."""
    held = [value for value in vars(estimator).values() if hasattr(value, "fit")]
    for triples in ("steps", "transformer_list", "transformers_"):
        held += [part[1] for part in vars(estimator).get(triples, []) if hasattr(part[1], "fit")]
    return [estimator, *(below for each in held for below in parts_of(each))]


def edges(*inner: float) -> np.ndarray:
    """Return the edges of three bins for each of three columns."""
    found = np.empty(3, dtype=object)
    found[:] = [np.array([-1.0, *inner])] * 3
    return found


@pytest.mark.parametrize(
    ("name", "attribute", "value"),
    [
        ("StandardScaler", "scale_", np.ones(2)),
        ("StandardScaler", "mean_", None),
        ("PCA", "components_", np.full((2, 3), np.inf)),
        ("PCA", "n_components_", 3),
        ("PolynomialFeatures", "n_output_features_", 2**40),
        ("PolynomialFeatures", "degree", 10**9),
        ("QuantileTransformer", "quantiles_", np.arange(21.0)[::-1].reshape(7, 3)),
        ("QuantileTransformer", "quantiles_", np.array([[np.inf] * 3] * 3 + [[-np.inf] * 3] * 4)),
        ("SplineTransformer", "bsplines_", []),
        ("KBinsDiscretizer", "n_bins_", np.array([3, 3, 2])),
        ("KBinsDiscretizer", "bin_edges_", edges(0.0, np.inf, -np.inf)),
        ("KBinsDiscretizer", "bin_edges_", edges(0.0, np.nan, 1.0)),
        ("KNNImputer", "_fit_X", np.ones((4, 2))),
        ("KNNImputer", "indicator_", None),
        ("SimpleImputer", "indicator_", None),
        (
            "SimpleImputer",
            "indicator_",
            MissingIndicator().fit([[np.nan, 0.0, 1.0], [1.0, 2.0, 3.0]]),
        ),
        ("SimpleImputer constant", "statistics_", np.array([-1.0, -1.0, [None]], dtype=object)),
        ("SimpleImputer constant", "statistics_", np.array([-1.0, -1.0, "x"], dtype=object)),
        ("SimpleImputer", "missing_values", None),
        ("SimpleImputer", "missing_values", "x"),
        ("MinMaxScaler", "feature_range", ()),
        ("SelectKBest", "scores_", np.ones(2)),
        ("OneHotEncoder", "categories_", [np.array(["u", "u"], dtype=object), np.arange(4)]),
        ("OneHotEncoder", "dtype", "v"),
        ("OneHotEncoder infrequent", "_infrequent_indices", [np.array([9]), None]),
        ("OrdinalEncoder", "_missing_indices", {0: 1}),
        ("TargetEncoder", "encodings_", [np.ones(1), np.ones(4)]),
        ("TargetEncoder", "_infrequent_enabled", True),
        ("ColumnTransformer", "output_indices_", {"n": slice(0, 9)}),
        ("ColumnTransformer", "_transformer_to_input_indices", {"c": [3], "d": [4], "none": []}),
        ("ColumnTransformer", "transformer_weights", {"n": "x"}),
        ("ColumnTransformer for pandas", "_sklearn_output_config", {"transform": None}),
        ("ColumnTransformer for pandas", "_sklearn_output_config", {"fit": "pandas"}),
        ("ColumnTransformer for pandas", "sparse_output_", True),
        ("set_output", "_sklearn_output_config", {"transform": None}),
        ("FeatureUnion", "n_jobs", 10**9),
        ("FeatureUnion", "transformer_weights", {"s": "x"}),
        ("FeatureUnion", "transformer_weights", {"x": 1.0}),
    ],
)
def test_an_attribute_that_does_not_fit_is_refused(
    name: str, attribute: str, value: Any, tmp_path: Path
) -> None:
    model, _ = fitted_pipeline(name)
    model = pickle.loads(pickle.dumps(model))
    setattr(model[0], attribute, value)
    with pytest.raises(ValueError, match=r"cannot be saved|parameter"):
        lamina.save(model, tmp_path / "model.lamina")


def scalar_columns(model: Any) -> None:
    """Let a part select one column by name alone, so that it would receive one dimension."""
    columns = model[0]
    columns.transformers_[1] = (*columns.transformers_[1][:2], "x")


def precomputed_indicator(model: Any) -> None:
    model[0].transformer_list[1][1]._precomputed = True


def sparse_indicator(model: Any) -> None:
    model[0].indicator_.sparse = True


@pytest.mark.parametrize(
    ("name", "change", "reason"),
    [
        ("ColumnTransformer", scalar_columns, "'x', where a list of columns"),
        ("MissingIndicator", precomputed_indicator, "_precomputed is True, where False"),
        ("SimpleImputer", sparse_indicator, "indicator_.sparse is True, where 'auto'"),
        ("KNNImputer", sparse_indicator, "indicator_.sparse is True, where 'auto'"),
    ],
)
def test_a_part_that_does_not_fit_is_refused(
    name: str, change: Any, reason: str, tmp_path: Path
) -> None:
    model = pickle.loads(pickle.dumps(fitted_pipeline(name)[0]))
    change(model)
    with pytest.raises(ValueError, match=reason):
        lamina.save(model, tmp_path / "model.lamina")


def test_infinite_scores_are_refused_by_the_features_they_select(tmp_path: Path) -> None:
    model, _ = fitted_pipeline("SelectPercentile")
    model = pickle.loads(pickle.dumps(model))
    # NumPy would warn about the percentile between two infinite numbers.
    model[0].scores_ = np.array([np.inf, np.inf, 1.0])
    with pytest.raises(ValueError, match="'transformer' returns 0 columns"):
        lamina.save(model, tmp_path / "model.lamina")


@pytest.mark.parametrize("name", TARGET_CASES)
def test_a_transformed_target_is_restored(name: str, tmp_path: Path) -> None:
    model = fitted_target(name)
    assert_same_bits(there_and_back(model, tmp_path).predict(NUMBERS), model.predict(NUMBERS))


def test_every_allowed_class_has_a_case() -> None:
    names = {name.split()[0] for name in TRANSFORMER_CASES}
    ours = {"MLPClassifier", "MLPRegressor", "TableEncoding", "Pipeline"}
    assert set(TRANSFORMERS) <= names
    ours |= {"TabularClassifier", "TabularRegressor", "TransformedTargetRegressor"}
    assert set(MODULES) <= names | ours


@pytest.mark.parametrize("name", TRANSFORMER_CASES)
def test_an_unfitted_transformer_is_restored(name: str, tmp_path: Path) -> None:
    from sklearn.base import clone

    model = make_pipeline(clone(TRANSFORMER_CASES[name][0]), MLPClassifier())
    assert repr(there_and_back(model, tmp_path)) == repr(model)


class Own(TransformerMixin, BaseEstimator):
    """User-defined transformer."""

    def fit(self, X: Any, y: Any = None) -> Any:
        return self

    def transform(self, X: Any) -> Any:
        return X


def by_hand(x: Any) -> Any:
    return x


GRID = {"alpha": [0.1, 0.2]}


@pytest.mark.parametrize(
    ("model", "cure"),
    [
        (make_pipeline(Own(), MLPClassifier()), "Own and cannot be saved: lamina saves"),
        (make_pipeline(FunctionTransformer(by_hand), MLPClassifier()), "'by_hand', a function"),
        (make_pipeline(FunctionTransformer(np.log, kw_args={"a": 1}), MLPClassifier()), "kw_args"),
        (
            make_pipeline(
                make_column_transformer((StandardScaler(), make_column_selector("a"))),
                MLPClassifier(),
            ),
            "make_column_selector.*names of the columns",
        ),
        (GridSearchCV(MLPClassifier(), GRID), "save its best_estimator_"),
        (RandomizedSearchCV(MLPClassifier(), GRID), "save its best_estimator_"),
        (HalvingGridSearchCV(MLPClassifier(), GRID), "save its best_estimator_"),
        (GridSearchCV(MLPClassifier(**SMALL), GRID, cv=2), "best_estimator_"),
        (CalibratedClassifierCV(MLPClassifier(**SMALL), cv=2), "calibrated_classifiers_"),
        (BaggingClassifier(MLPClassifier(**SMALL), 2), "estimators_"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_other_estimators_are_refused_by_name_with_a_cure(
    model: Any, cure: str, tmp_path: Path
) -> None:
    if getattr(model, "cv", None) == 2 or isinstance(model, BaggingClassifier):
        model.fit(NUMBERS, TWO)
    with pytest.raises((TypeError, ValueError), match=cure):
        lamina.save(model, tmp_path / "model.lamina")
    assert not list(tmp_path.iterdir())


def test_the_best_estimator_of_a_search_is_saved(tmp_path: Path) -> None:
    search = GridSearchCV(make_pipeline(PCA(2), MLPClassifier(**SMALL)), {"pca__whiten": [True]})
    search.set_params(cv=2).fit(NUMBERS, TWO)
    loaded = there_and_back(search.best_estimator_, tmp_path)
    assert_same_bits(loaded.predict_proba(NUMBERS), search.predict_proba(NUMBERS))


def test_a_loaded_pipeline_continues_training_like_a_pickled_one(tmp_path: Path) -> None:
    model, rows = fitted_pipeline("PowerTransformer")
    pickled = pickle.loads(pickle.dumps(model))
    loaded = there_and_back(model, tmp_path)
    for each in (pickled, loaded):
        each.fit(rows, TWO)
    assert_same_bits(loaded.predict_proba(rows), pickled.predict_proba(rows))
