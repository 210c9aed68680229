"""Pickle, joblib and skops, other libraries' formats, keep fitted models too."""

import io
import pickle
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import cloudpickle
import joblib
import numpy as np
import pytest
import skops.io

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

Same = Callable[[Any, Any], bool]
Case = tuple[Any, Any, Any]
Fitted = Callable[[str], Case]

OWN_TYPES = {
    "lamina.encoding.column_form.ColumnForm",
    "lamina.encoding.table.TableEncoding",
    "lamina.encoding.written_numbers.NumberForm",
    "lamina.estimators.classifier.MLPClassifier",
    "lamina.estimators.regressor.MLPRegressor",
}

# A TableEncoding contains an imputer with such an attribute; skops trusts scikit-learn, but not it.
DTYPE_OF_SIMPLE_IMPUTER = {"numpy.dtype"}


def by_pickle(model: Any) -> Any:
    return pickle.loads(pickle.dumps(model))


def by_cloudpickle(model: Any) -> Any:
    return pickle.loads(cloudpickle.dumps(model))


def by_joblib(model: Any) -> Any:
    file = io.BytesIO()
    joblib.dump(model, file)
    file.seek(0)
    return joblib.load(file)


def by_skops(model: Any) -> Any:
    content = skops.io.dumps(model)
    untrusted = skops.io.get_untrusted_types(data=content)
    assert set(untrusted) <= OWN_TYPES | DTYPE_OF_SIMPLE_IMPUTER
    return skops.io.loads(content, trusted=untrusted)


FORMATS = pytest.mark.parametrize("travel", [by_pickle, by_cloudpickle, by_joblib, by_skops])
Travel = Callable[[Any], Any]


@FORMATS
def test_a_fitted_model_is_restored_bit_for_bit_by_other_formats(
    travel: Travel, case: Case, same: Same
) -> None:
    model, _, _ = case
    assert same(travel(model), model)


@FORMATS
def test_a_model_restored_by_other_formats_predicts_the_same(
    travel: Travel, case: Case, same: Same
) -> None:
    model, X, y = case
    found, expected = travel(model).predict(X), model.predict(X)
    if hasattr(y, "toarray"):
        found, expected = found.toarray(), expected.toarray()
    assert same(found, expected)


@FORMATS
@pytest.mark.parametrize("name", ["text", "labels", "sgd", "float32", "outputs", "random state"])
def test_partial_fit_of_a_restored_model_continues_exactly(
    travel: Travel, name: str, fitted: Fitted, same: Same
) -> None:
    model, X, y = fitted(name)
    found, original = travel(model), deepcopy(model)
    for _ in range(3):
        found.partial_fit(X, y)
        original.partial_fit(X, y)
    assert same(found, original)
    assert not np.array_equal(found.coefs_[0], model.coefs_[0])


@FORMATS
@pytest.mark.parametrize("name", ["text", "early stopping", "lbfgs"])
def test_warm_start_of_a_restored_model_continues_exactly(
    travel: Travel, name: str, fitted: Fitted, same: Same
) -> None:
    model, X, y = fitted(name)
    model.set_params(warm_start=True)
    found = travel(model)
    assert same(found.fit(X, y), model.fit(X, y))


@pytest.mark.parametrize("name", ["text", "labels", "objects", "random state", "float32", "names"])
def test_skops_must_only_trust_the_models_own_class(name: str, fitted: Fitted) -> None:
    model, _, _ = fitted(name)
    untrusted = skops.io.get_untrusted_types(data=skops.io.dumps(model))
    assert untrusted == [f"{type(model).__module__}.{type(model).__name__}"]


def test_a_model_with_memory_mapped_arrays_predicts_and_continues(
    fitted: Fitted, tmp_path: Path, same: Same
) -> None:
    model, X, y = fitted("sgd")
    joblib.dump(model, tmp_path / "model.joblib")
    found = joblib.load(tmp_path / "model.joblib", mmap_mode="r")
    assert same(found.predict_proba(X), model.predict_proba(X))
    found.partial_fit(X, y)
    model.partial_fit(X, y)
    assert same(found.predict_proba(X), model.predict_proba(X))
