"""precision='bfloat16': rounded products, float32 for everything else, and equal accuracy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.utils._param_validation import InvalidParameterError

import lamina
from lamina import MLPClassifier, MLPRegressor
from lamina.engines import Engine

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, Y = load_digits(return_X_y=True)
X = X / 16
LEARN_X, TEST_X, LEARN_Y, TEST_Y = train_test_split(X, Y, stratify=Y, random_state=0)

Estimator = Callable[..., Any]
both = pytest.mark.parametrize("estimator", [MLPClassifier, MLPRegressor])


@pytest.fixture(autouse=True)
def serve(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAMINA_ENGINE", engine.name)


def learn(estimator: Estimator, **parameters: Any) -> Any:
    settings = {"max_iter": 3, "random_state": 0, "precision": "bfloat16"} | parameters
    return estimator(hidden_layer_sizes=(20,), **settings).fit(LEARN_X, LEARN_Y)


@both
@pytest.mark.parametrize("dtype", [None, "float32"])
def test_weights_optimizer_and_predictions_are_float32_whatever_the_input_dtype(
    estimator: Estimator, dtype: str | None
) -> None:
    model = learn(estimator, dtype=dtype)
    arrays = [*model.coefs_, *model.intercepts_, model._optimizer_slots, model._forward(TEST_X)]
    assert {array.dtype for array in arrays} == {np.dtype(np.float32)}
    model.partial_fit(LEARN_X, LEARN_Y)
    assert model.coefs_[0].dtype == np.float32
    # The stored weights are not rounded, only the operands of products.
    assert (model.coefs_[0].view(np.uint32) & 0xFFFF).any()


@both
def test_both_fit_and_predict_round_their_products(estimator: Estimator) -> None:
    rounded, full = learn(estimator), learn(estimator, precision=None, dtype="float32")
    assert rounded.loss_curve_ != full.loss_curve_
    np.testing.assert_allclose(rounded.loss_curve_, full.loss_curve_, rtol=0.02)
    prediction = rounded._forward(TEST_X)
    unrounded = rounded.set_params(precision=None)._forward(TEST_X.astype(np.float32))
    assert 0 < np.abs(prediction - unrounded).max() < 0.03 * np.abs(unrounded).max()


@both
def test_a_float64_model_may_predict_with_rounded_products(estimator: Estimator) -> None:
    model = learn(estimator, precision=None)
    expected = model._forward(TEST_X)
    prediction = model.set_params(precision="bfloat16")._forward(TEST_X)
    assert prediction.dtype == np.float32
    np.testing.assert_allclose(prediction, expected, rtol=0, atol=0.03 * np.abs(expected).max())


@both
def test_sparse_inputs_keep_their_first_product_in_float32(estimator: Estimator) -> None:
    model = learn(estimator)
    a_unit_wide = model.set_params(hidden_layer_sizes=()).fit(sparse.csr_array(LEARN_X), LEARN_Y)
    rows = sparse.csr_array(TEST_X.astype(np.float32))
    rounded = a_unit_wide._forward(rows)
    np.testing.assert_array_equal(rounded, a_unit_wide.set_params(precision=None)._forward(rows))


@both
@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"dtype": "float64"}, "precision='bfloat16' sums in float32, .* dtype='float64' forbids"),
        ({"solver": "lbfgs"}, "solver='lbfgs' .* precision='bfloat16' .* 'adam'"),
        ({"precision": "bfloat61"}, r"'precision' parameter .* Did you mean 'bfloat16'\?"),
    ],
)
def test_contradictory_parameters_are_refused_with_the_cure(
    estimator: Estimator, parameters: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidParameterError, match=message):
        learn(estimator, **parameters)


@both
def test_a_clone_and_a_file_keep_the_precision(estimator: Estimator, tmp_path: Path) -> None:
    model = learn(estimator)
    assert clone(model).precision == "bfloat16"
    lamina.save(model, tmp_path / "model.lamina")
    again = lamina.load(tmp_path / "model.lamina")
    assert again.precision == "bfloat16"
    np.testing.assert_array_equal(again._forward(TEST_X), model._forward(TEST_X))
    for one in (model, again):
        one.partial_fit(LEARN_X, LEARN_Y)
    np.testing.assert_array_equal(again.coefs_[0], model.coefs_[0])


def test_digits_are_classified_as_well_as_in_float32() -> None:
    scores = {
        precision: learn(
            MLPClassifier, precision=precision, dtype="float32", max_iter=60, batch_size=32
        ).score(TEST_X, TEST_Y)
        for precision in (None, "bfloat16")
    }
    assert scores[None] > 0.95
    # Three of the 450 held-out samples.
    assert abs(scores["bfloat16"] - scores[None]) <= 3 / len(TEST_Y)
