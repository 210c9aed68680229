"""A file whose checksum is right is refused when parameters and attributes do not fit together."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler
from tests.fuzz.model_files import Seed
from tests.fuzz.models import LABELS, MODELS, SMALL, X
from tests.fuzz.targets import quietly

import lamina
from lamina import MLPClassifier
from lamina.errors import ModelFileError

Change = Callable[[Any], Any]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.lamina"


def saved(model: Any, path: Path) -> Seed:
    lamina.save(model, path, overwrite=True)
    return Seed.read(path)


def pipeline() -> Pipeline:
    """Return a fitted pipeline of three transformers and a network."""
    steps = [
        ("imputer", SimpleImputer()),
        ("columns", ColumnTransformer([("scaler", StandardScaler(), [0, 1])])),
        ("polynomial", PolynomialFeatures(2)),
        ("mlp", MLPClassifier(**SMALL)),
    ]
    return quietly(lambda: Pipeline(steps).fit(X, LABELS))


@pytest.mark.parametrize("name", MODELS)
def test_a_model_without_an_attribute_is_refused_or_predicts_the_same(
    name: str, path: Path
) -> None:
    model, rows = MODELS[name]()
    expected = model.predict(rows)
    seed = saved(model, path)
    for attribute in seed.plain["state"]:
        state = {key: value for key, value in seed.plain["state"].items() if key != attribute}
        path.write_bytes(seed.written({**seed.plain, "state": state}, seed.tensors))
        try:
            loaded = lamina.load(path)
        except ModelFileError:
            continue
        found = loaded.predict(rows)
        assert found.shape == expected.shape, attribute
        assert not (found != expected).sum(), attribute


@pytest.mark.parametrize("attribute", ["_sparse_targets", "_target_kind", "classes_"])
def test_attributes_that_predictions_need_are_required(attribute: str, path: Path) -> None:
    seed = saved(MODELS["text"]()[0], path)
    del seed.plain["state"][attribute]
    path.write_bytes(seed.written(seed.plain, seed.tensors))
    with pytest.raises(ModelFileError, match=rf"{attribute} is missing|{attribute} is None"):
        lamina.load(path)


def test_a_missing_quantile_is_refused(path: Path) -> None:
    seed = saved(MODELS["quantiles"]()[0], path)
    seed.plain["state"]["_loss_hyperparameters"]["quantile"].pop()
    path.write_bytes(seed.written(seed.plain, seed.tensors))
    with pytest.raises(ModelFileError, match=r"_loss_hyperparameters .* _n_targets is 1"):
        lamina.load(path)


def with_step(i: int, value: Any) -> Change:
    def change(steps: Any) -> None:
        steps[i][1] = value

    return change


def with_part(i: int, part: str, **values: Any) -> Change:
    def change(steps: Any) -> None:
        kept = steps[i][1]["$estimator"]
        kept[part] = {**kept[part], **values} if values else {}

    return change


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (with_step(2, True), "step 'polynomial' is True, where a transformer"),
        (with_step(2, 0), "step 'polynomial' is 0, where a transformer"),
        (with_step(2, None), "'polynomial' returns 2 columns, and .* expects 6"),
        (with_step(2, "x"), "step 'polynomial' is 'x', where a transformer"),
        (with_part(0, "state"), "step 'imputer', a SimpleImputer, is not fitted"),
        (with_part(2, "state"), "step 'polynomial', a PolynomialFeatures, is not fitted"),
        (with_part(0, "parameters", add_indicator=True), "indicator_ is None"),
        (with_part(1, "parameters", n_jobs=0), "n_jobs is 0, where a whole number other than 0"),
    ],
)
def test_steps_that_cannot_predict_are_refused(change: Change, reason: str, path: Path) -> None:
    seed = saved(pipeline(), path)
    change(seed.plain["steps"])
    tensors = _referred(seed)
    path.write_bytes(seed.written(seed.plain, tensors))
    with pytest.raises(ModelFileError, match=reason):
        lamina.load(path)


def _referred(seed: Seed) -> dict[str, np.ndarray]:
    """Return the tensors that the changed JSON still refers to."""
    return {name: t for name, t in seed.tensors.items() if repr(name) in repr(seed.plain)}


def test_an_unfitted_step_before_a_fitted_one_cannot_be_saved(path: Path) -> None:
    model = pipeline()
    model.steps[0] = ("imputer", clone(model[0]))
    with pytest.raises(ValueError, match="step 'imputer', a SimpleImputer, is not fitted"):
        lamina.save(model, path)
    lamina.save(clone(model), path)
    assert repr(lamina.load(path)) == repr(clone(model))


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", ["coefs_", "intercepts_", "unit_parameters_"])
def test_a_number_that_is_not_finite_cannot_be_saved(name: str, number: float, path: Path) -> None:
    model, _ = MODELS["everything"]()
    getattr(model, name)[0].reshape(-1)[-1] = number
    with pytest.raises(ValueError, match=rf"its {name}\[0\]\[.*\] is .*{number}, .* fit the est"):
        lamina.save(model, path)
    assert not path.exists()


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_a_number_that_is_not_finite_is_not_loaded(number: float, path: Path) -> None:
    seed = saved(MODELS["text"]()[0], path)
    tensors = {name: tensor.copy() for name, tensor in seed.tensors.items()}
    tensors["parameters"][4] = number
    path.write_bytes(seed.written(seed.plain, tensors))
    with pytest.raises(ModelFileError, match=rf"coefs_\[0\]\[1, 1\] is {number}, where a finite"):
        lamina.load(path)
