"""Inspection of a fitted network: with every engine, dense and sparse, and after loading."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import lamina
from lamina import MLPClassifier, MLPRegressor
from lamina.engines import Engine
from lamina.estimators.inspection import passes
from lamina.formulas import ACTIVATIONS, NORMALIZATIONS

X, y = load_iris(return_X_y=True)
X = StandardScaler().fit_transform(X)
NUMBERS = X @ np.array([[1.0, 0.5], [-1.0, 0.0], [0.0, 2.0], [0.3, -0.2]])

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

TASKS = {
    "multiclass": (MLPClassifier, y),
    "binary": (MLPClassifier, y > 0),
    "multilabel": (MLPClassifier, np.eye(3, dtype=int)[y][:, :2]),
    "one-number": (MLPRegressor, NUMBERS[:, 0]),
    "two-numbers": (MLPRegressor, NUMBERS),
}
every_task = pytest.mark.parametrize("task", TASKS)
every_layout = pytest.mark.parametrize("layout", ["dense", "csr", "array"])


@pytest.fixture(autouse=True)
def serve(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAMINA_ENGINE", engine.name)


def fitted(task: str, **parameters: Any) -> Any:
    estimator, targets = TASKS[task]
    parameters = {"hidden_layer_sizes": (7, 5), "max_iter": 20, "random_state": 0, **parameters}
    return estimator(**parameters).fit(X, targets)


def laid_out(rows: np.ndarray, layout: str) -> Any:
    if layout == "dense":
        return rows
    return (sparse.csr_matrix if layout == "csr" else sparse.csr_array)(rows)


def probabilities_or_numbers(model: Any, rows: Any) -> np.ndarray:
    if hasattr(model, "predict_proba"):
        proba = model.predict_proba(rows)
        return proba[:, 1:] if model.n_outputs_ == 1 else proba
    return np.reshape(model.predict(rows), (rows.shape[0], -1))


def logits(model: Any, rows: np.ndarray) -> np.ndarray:
    """Return z of the last layer, computed from the attributes alone."""
    return model.activations(rows)[-2] @ model.coefs_[-1] + model.intercepts_[-1]


@every_task
@every_layout
def test_the_activations_lead_from_the_inputs_to_the_prediction(task: str, layout: str) -> None:
    model, rows = fitted(task), laid_out(X, layout)
    layers = model.activations(rows)
    assert len(layers) == model.n_layers_
    assert sparse.issparse(layers[0]) == (layout != "dense")
    for i, (W, b) in enumerate(zip(model.coefs_[:-1], model.intercepts_[:-1], strict=True)):
        np.testing.assert_allclose(layers[i + 1], np.maximum(layers[i] @ W + b, 0), atol=1e-12)
    np.testing.assert_allclose(layers[-1], probabilities_or_numbers(model, rows), rtol=1e-10)


def test_a_million_numbers_are_processed_in_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    model = fitted("multiclass")
    whole, gradients = model.activations(X), model.input_gradients(X)
    attributed = model.integrated_gradients(X, output=1)
    monkeypatch.setattr(passes, "CHUNK_NUMBERS", 1000)
    for one, other in zip(model.activations(X), whole, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)
    np.testing.assert_allclose(model.transform(X), whole[-2], rtol=1e-12)
    np.testing.assert_allclose(model.input_gradients(X), gradients, rtol=1e-12)
    np.testing.assert_allclose(model.integrated_gradients(X, output=1), attributed, rtol=1e-12)


# Each task and layout with the simplest activation, and each activation with one of these.
@pytest.mark.parametrize(
    ("task", "layout", "activation"),
    [
        *((task, layout, "tanh") for task in TASKS for layout in ("dense", "csr", "array")),
        *(("multiclass", "dense", activation) for activation in ACTIVATIONS),
    ],
)
def test_the_input_gradients_are_those_of_the_logits(
    task: str, layout: str, activation: str
) -> None:
    model, rows = fitted(task, activation=activation), X[:9]
    found = model.input_gradients(laid_out(rows, layout))
    h = 1e-6
    columns = [
        (logits(model, rows + step) - logits(model, rows - step)) / (2 * h)
        for step in h * np.eye(4)
    ]
    gradients = np.stack(columns, axis=-1)
    expected = gradients[:, 0] if model.n_outputs_ == 1 else gradients
    np.testing.assert_allclose(found, expected, atol=1e-7)
    last = model.input_gradients(rows, output=-1)
    np.testing.assert_allclose(last, gradients[:, -1], atol=1e-7)


@pytest.mark.parametrize("normalization", [None, *NORMALIZATIONS])
@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("layout", ["dense", "csr"])
def test_normalization_and_residuals_are_part_of_the_activations(
    normalization: str | None, residual: bool, layout: str
) -> None:
    model = fitted(
        "one-number",
        hidden_layer_sizes=(4, 4),
        activation="tanh",
        normalization=normalization,
        residual=residual,
        dropout=0.3,
    )
    rows, h = laid_out(X, layout), 1e-6
    np.testing.assert_allclose(model.activations(rows)[-1][:, 0], model.predict(X), rtol=1e-10)
    gradients = [(model.predict(X + s) - model.predict(X - s)) / (2 * h) for s in h * np.eye(4)]
    np.testing.assert_allclose(model.input_gradients(rows), np.transpose(gradients), atol=1e-7)
    added = model.integrated_gradients(rows, n_steps=100).sum(axis=1)
    expected = model.predict(X) - model.predict(np.zeros((1, 4)))
    np.testing.assert_allclose(added, expected, atol=1e-6)


@every_task
@every_layout
def test_integrated_gradients_add_up_to_the_change_of_the_logit(task: str, layout: str) -> None:
    model = fitted(task, activation="tanh", max_iter=100)
    baseline = X.mean(axis=0) + 0.3
    rows = laid_out(X, layout)
    parts = model.integrated_gradients(rows, baseline=baseline)
    added = parts.sum(axis=-1).reshape(len(X), -1)
    expected = logits(model, X) - logits(model, baseline[np.newaxis])
    np.testing.assert_allclose(added, expected, atol=1e-8)


def test_more_steps_make_attributions_complete_despite_kinks() -> None:
    model = fitted("one-number", max_iter=200)
    expected = model.predict(X) - model.predict(np.zeros((1, 4)))
    errors = [
        np.abs(model.integrated_gradients(X, n_steps=n).sum(axis=1) - expected).max()
        for n in (5, 500)
    ]
    assert errors[1] < 0.02 * np.abs(expected).max()
    assert errors[1] < 0.2 * errors[0]


def test_a_feature_that_is_never_read_gets_no_attribution() -> None:
    model = fitted("one-number")
    model.coefs_[0][2] = 0
    assert (model.integrated_gradients(X)[:, 2] == 0).all()
    assert (model.input_gradients(X)[:, 2] == 0).all()


@pytest.mark.parametrize("method", ["permutation", "integrated_gradients"])
@every_task
@every_layout
def test_the_feature_that_matters_has_the_largest_importance(
    task: str, layout: str, method: str
) -> None:
    estimator, _ = TASKS[task]
    rows = np.random.RandomState(1).standard_normal((120, 4))
    targets = {
        "multiclass": np.digitize(rows[:, 2], [-0.5, 0.5]),
        "binary": np.where(rows[:, 2] > 0, "yes", "no"),
        "multilabel": (rows[:, [2, 2]] > [0, 0.5]).astype(int),
        "one-number": rows[:, 2],
        "two-numbers": rows[:, [2, 2]] * [1, -1],
    }[task]
    model = estimator(hidden_layer_sizes=(8,), solver="lbfgs", alpha=0.1, random_state=0).fit(
        rows, targets
    )
    options = {"random_state": 0} if method == "permutation" else {"n_steps": 20}
    found = model.feature_importances(laid_out(rows, layout), targets, method, **options)
    assert found.importances_mean.shape == found.importances_std.shape == (4,)
    assert found.importances.shape[0] == 4
    assert found.importances_mean.argmax() == 2
    assert found.importances_mean[2] > 3 * np.delete(found.importances_mean, 2).max()


def test_permutation_is_scikit_learns_to_the_last_bit() -> None:
    model = fitted("multiclass")
    ours = model.feature_importances(X, y, random_state=3, n_repeats=2)
    theirs = permutation_importance(model, X, y, random_state=3, n_repeats=2)
    np.testing.assert_array_equal(ours.importances, theirs.importances)


@pytest.mark.parametrize("layer", [0, 1, -1, -2])
@every_layout
def test_a_transform_is_a_hidden_layer(layer: int, layout: str) -> None:
    model = fitted("multiclass")
    hidden = model.activations(X)[1:-1]
    np.testing.assert_allclose(model.transform(laid_out(X, layout), layer), hidden[layer])


def test_a_network_in_a_pipeline_encodes_features_for_the_next_step() -> None:
    network = MLPClassifier((6,), max_iter=300, random_state=0)
    pipeline = make_pipeline(StandardScaler(), network, LogisticRegression(max_iter=1000))
    assert pipeline.fit(X, y).score(X, y) > 0.9
    assert pipeline[-1].n_features_in_ == 6
    names = [f"mlpclassifier{i}" for i in range(6)]
    assert list(pipeline[:-1].get_feature_names_out()) == names


def test_the_output_may_be_a_data_frame() -> None:
    model = MLPRegressor(hidden_layer_sizes=(3,), max_iter=5).set_output(transform="pandas")
    frame = model.fit_transform(pd.DataFrame(X, index=range(5, 155)), NUMBERS)
    assert list(frame.columns) == ["mlpregressor0", "mlpregressor1", "mlpregressor2"]
    assert frame.index[0] == 5


@every_task
def test_a_loaded_model_has_the_same_activations_and_gradients(task: str, tmp_path: Path) -> None:
    model = fitted(task)
    lamina.save(model, tmp_path / "model.lamina")
    twin = lamina.load(tmp_path / "model.lamina")
    for one, other in zip(twin.activations(X), model.activations(X), strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(twin.input_gradients(X), model.input_gradients(X))
    np.testing.assert_array_equal(twin.integrated_gradients(X), model.integrated_gradients(X))
    assert twin.n_parameters_ == model.n_parameters_ == sum(p.size for p in parts_of(model))
    assert twin.diagnoses_ == model.diagnoses_


def parts_of(model: Any) -> list[np.ndarray]:
    return [*model.coefs_, *model.intercepts_]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_everything_keeps_the_dtype_of_the_model(dtype: Any) -> None:
    rows = X.astype(dtype)
    model = MLPClassifier((4,), max_iter=3).fit(rows, y)
    found = [*model.activations(rows), model.transform(rows), model.input_gradients(rows)]
    found.append(model.integrated_gradients(rows, n_steps=3))
    assert {each.dtype for each in found} == {np.dtype(dtype)}


def test_activations_in_low_precision_are_those_of_predict() -> None:
    model = fitted("multiclass", precision="bfloat16")
    np.testing.assert_allclose(model.activations(X)[-1], model.predict_proba(X), rtol=1e-5)


def test_transform_refuses_a_model_without_hidden_layers() -> None:
    model = fitted("multiclass", hidden_layer_sizes=())
    assert len(model.activations(X)) == 2
    with pytest.raises(ValueError, match=r"hidden_layer_sizes=\(\) has no hidden layer"):
        model.transform(X)


@pytest.mark.parametrize("layer", [2, -3])
def test_a_layer_index_out_of_range_is_refused(layer: int) -> None:
    with pytest.raises(IndexError, match=f"layer={layer} is none of the 2 hidden layers"):
        fitted("multiclass").transform(X, layer)


@pytest.mark.parametrize("output", [3, -4])
def test_an_output_index_out_of_range_is_refused(output: int) -> None:
    model = fitted("multiclass")
    for method in (model.input_gradients, model.integrated_gradients):
        with pytest.raises(IndexError, match=f"output={output} is none of the network's 3"):
            method(X, output)


def test_errors_about_arguments_state_what_is_allowed() -> None:
    model = fitted("multiclass")
    with pytest.raises(ValueError, match=r"'permutations' is none .* Did you mean 'permutation'"):
        model.feature_importances(X, y, "permutations")
    with pytest.raises(ValueError, match=r"baseline of shape \(3,\) does not match 4 features"):
        model.integrated_gradients(X, baseline=np.zeros(3))
    with pytest.raises(ValueError, match="n_steps=0 must be from 1 to 2000"):
        model.integrated_gradients(X, n_steps=0)
    with pytest.raises(ValueError, match=r"has classes not in `self.classes_`: \[np.int64\(7\)\]"):
        model.feature_importances(X, np.full(150, 7), "integrated_gradients")
    with pytest.raises(ValueError, match="X has 3 features, but MLPClassifier is expecting 4"):
        model.activations(X[:, :3])


def test_an_unfitted_model_raises_not_fitted_error() -> None:
    model = clone(fitted("multiclass"))
    for method in (model.activations, model.transform, model.input_gradients):
        with pytest.raises(NotFittedError):
            method(X)
    with pytest.raises(NotFittedError):
        model.get_feature_names_out()
    assert not hasattr(model, "n_parameters_")
