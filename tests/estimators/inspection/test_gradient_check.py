"""Gradients agree with finite differences in any configuration, fitted or not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_wine
from sklearn.preprocessing import StandardScaler

from lamina import MLPClassifier, MLPRegressor
from lamina.engines import Engine
from lamina.estimators.settings.loss_parameters import REGRESSION_LOSSES
from lamina.formulas import ACTIVATIONS, NORMALIZATIONS, PENALTIES

RAW, y = load_wine(return_X_y=True)
X, RAW, y = StandardScaler().fit_transform(RAW)[::6], RAW[::6], y[::6]
WEIGHT = np.linspace(0.1, 2, len(X))
TARGETS = {
    "multiclass": y,
    "binary": y > 0,
    "multilabel": np.eye(3, dtype=int)[y][:, :2],
}

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture(autouse=True)
def serve(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAMINA_ENGINE", engine.name)


def agrees(model: Any, targets: Any = y, rows: Any = X, **params: Any) -> None:
    check = model.check_gradients(rows, targets, **params)
    assert check.passed, check
    assert len(check.layers) == len(np.atleast_1d(model.hidden_layer_sizes)) + 1


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_check_passes_for_every_activation(activation: str) -> None:
    agrees(MLPClassifier((5, 4), activation, alpha=0.3, random_state=1))


@pytest.mark.parametrize("normalization", [None, *NORMALIZATIONS])
@pytest.mark.parametrize("residual", [False, True])
def test_the_check_passes_with_normalization_residuals_and_noise(
    normalization: str | None, residual: bool
) -> None:
    model = MLPClassifier(
        (5, 5),
        ["prelu", "tanh"],
        normalization=normalization,
        residual=residual,
        dropout=0.5,
        input_noise=0.1,
        max_iter=3,
        random_state=1,
    )
    agrees(model)
    agrees(model.fit(X, y))


@pytest.mark.parametrize("task", TARGETS)
@pytest.mark.parametrize("is_fitted", [False, True])
@pytest.mark.parametrize("layout", [np.asarray, sparse.csr_array])
def test_the_check_passes_for_every_task(task: str, is_fitted: bool, layout: Any) -> None:
    model = MLPClassifier((5,), "tanh", max_iter=5, random_state=1)
    if is_fitted:
        model.fit(X, TARGETS[task])
    agrees(model, TARGETS[task], layout(X), sample_weight=WEIGHT)


@pytest.mark.parametrize("loss", sorted(REGRESSION_LOSSES))
@pytest.mark.parametrize("n_outputs", [1, 3])
def test_the_check_passes_for_every_regression_loss(loss: str, n_outputs: int) -> None:
    numbers = np.abs(X[:, :n_outputs]) + 0.5
    targets = numbers[:, 0] if n_outputs == 1 else numbers
    agrees(MLPRegressor(loss, (5,), "tanh", alpha=0.5, random_state=0), targets)


class Cubic:
    """Custom loss |r|³ / 3."""

    def value_and_delta(self, logits: Any, y: Any, sample_weight: Any) -> tuple[Any, Any]:
        weight = np.ones(len(y)) if sample_weight is None else sample_weight
        r = logits - y
        return weight * (np.abs(r) ** 3).sum(axis=1) / 3, weight[:, np.newaxis] * r * np.abs(r)


def test_the_check_passes_for_a_custom_loss_and_fails_for_a_wrong_one() -> None:
    class Wrong(Cubic):
        def value_and_delta(self, logits: Any, y: Any, sample_weight: Any) -> tuple[Any, Any]:
            value, delta = super().value_and_delta(logits, y, sample_weight)
            return value, delta * 1.1

    right = MLPRegressor(Cubic(), (5,), "tanh", random_state=0)
    agrees(right, X[:, 0], sample_weight=WEIGHT)
    wrong = MLPRegressor(Wrong(), (5,), "tanh", random_state=0)
    assert not wrong.check_gradients(X, X[:, 0]).passed


@pytest.mark.parametrize("task", TARGETS)
def test_the_check_passes_for_classification_losses_and_class_weights(task: str) -> None:
    weights = None if task == "multilabel" else "balanced"
    for parameters in ({"loss": "focal"}, {"label_smoothing": 0.1}, {"class_weight": weights}):
        agrees(MLPClassifier((5,), "tanh", random_state=0, **parameters), TARGETS[task])


@pytest.mark.parametrize("penalty", PENALTIES)
def test_the_check_passes_for_every_penalty(penalty: str) -> None:
    agrees(MLPClassifier((5,), "tanh", penalty=penalty, alpha=2.0, random_state=0))


@pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_check_runs_in_float64_whatever_the_models_dtype(solver: str, dtype: str) -> None:
    rows = X if solver == "lbfgs" else X.astype(dtype)
    model = MLPClassifier((5,), "tanh", solver=solver, max_iter=5, random_state=0)
    agrees(model.fit(rows, y), rows=rows)


def test_a_low_precision_is_ignored() -> None:
    agrees(MLPClassifier((5,), "tanh", precision="bfloat16", random_state=0))


def test_a_wrong_derivative_is_found_and_the_worst_parameter_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    right = ACTIVATIONS["tanh"]
    wrong = replace(right, derivative=lambda z, a: 1 - a)
    monkeypatch.setitem(ACTIVATIONS._records, "tanh", wrong)
    model = MLPClassifier((5, 4), ["tanh", "logistic"], engine="reference", random_state=0)
    check = model.check_gradients(X, y)
    assert not check.passed
    assert [layer.passed for layer in check.layers] == [False, True, True]
    assert check.worst.layer == "hidden_1"
    assert check.worst.worst.startswith(("coefs_[0][", "intercepts_[0]["))
    assert check.largest_error > 0.01
    assert "DO NOT AGREE" in repr(check)


def test_a_kink_is_named_as_the_cause() -> None:
    model = MLPClassifier((5,), max_iter=5, random_state=0).fit(X, y)
    model.coefs_[0][:, 2] = 0
    model.intercepts_[0][2] = 0
    check = model.check_gradients(X, y)
    assert check.largest_error > 0.01
    assert check.layers[0].n_kinks > 0
    assert check.passed
    assert "a kink within a step, as a ReLU" in repr(check)
    assert "kink" not in repr(clone(model).set_params(activation="tanh").check_gradients(X, y))


def test_probabilities_that_are_clipped_are_named_as_the_cause() -> None:
    check = MLPClassifier((8, 4), random_state=0).check_gradients(RAW, y)
    assert not check.passed
    assert "too near to 0 or 1 are clipped" in repr(check)


def test_the_result_names_its_parameters_and_the_model_does_not_change() -> None:
    random_state = np.random.RandomState(5)
    model = MLPClassifier((5,), "tanh", random_state=random_state, max_iter=3)
    before = random_state.get_state()[1].copy()
    assert "first parameters, drawn with random_state=" in repr(model.check_gradients(X, y))
    assert vars(model) == clone(model, safe=False).__dict__ | {"random_state": random_state}
    np.testing.assert_array_equal(random_state.get_state()[1], before)
    model.fit(X, y)
    coefs, state = model.coefs_[0].copy(), random_state.get_state()[1].copy()
    assert "at the fitted parameters" in repr(model.check_gradients(X, y))
    np.testing.assert_array_equal(model.coefs_[0], coefs)
    np.testing.assert_array_equal(random_state.get_state()[1], state)


def test_some_parameters_of_a_large_layer_are_checked() -> None:
    check = MLPClassifier((50,), "tanh", random_state=0).check_gradients(X, y, max_parameters=20)
    assert [layer.n_checked for layer in check.layers] == [20, 20]
    assert check.layers[0].n_parameters == 14 * 50
    assert "20 of 700" in repr(check)


def test_parameters_that_a_fit_refuses_are_refused() -> None:
    with pytest.raises(ValueError, match="Did you mean 'relu'"):
        MLPClassifier(activation="rleu").check_gradients(X, y)
    with pytest.raises(ValueError, match="float64 only"):
        MLPClassifier(solver="lbfgs", dtype="float32").check_gradients(X, y)
