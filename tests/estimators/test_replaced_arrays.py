"""Predictions and files follow the elements of fitted arrays that a user has replaced."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import lamina
from lamina import MLPRegressor
from lamina.inputs import Periodic, PiecewiseLinear

X = np.random.RandomState(0).standard_normal((30, 4))
Y = X[:, 0] * X[:, 1]
Change = Callable[[np.ndarray[Any, Any]], Any]


def _strided(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    wide = np.zeros((*array.shape, 2), array.dtype)
    wide[..., 0] = array
    return wide[..., 0]


def _read_only(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    frozen = array[..., ::-1].copy()
    frozen.flags.writeable = False
    return frozen


CHANGES: dict[str, Change] = {
    "transposed": lambda array: array.T,
    "transposed copy": lambda array: array.T.copy(),
    "transposed view of a copy": lambda array: array.copy().T,
    "rows reversed": lambda array: array[::-1],
    "columns reversed": lambda array: array[..., ::-1],
    "both reversed": lambda array: array[::-1, ::-1] if array.ndim == 2 else array[::-1],
    "Fortran order": lambda array: np.asfortranarray(-array),
    "every other element of a wider array": _strided,
    "one number for all": lambda array: np.broadcast_to(array.ravel()[:1], array.shape),
    "read-only": _read_only,
    "other byte order": lambda array: (2 * array).astype(array.dtype.newbyteorder()),
    "single precision": lambda array: np.asarray(2 * array, np.float32),
    "long double": lambda array: np.asarray(2 * array, np.longdouble),
    "integers": lambda array: np.rint(3 * array).astype(np.int64),
    "bits seen as integers": lambda array: array.view(np.int64) // 2**60,
    "booleans": lambda array: array > 0,
}
ATTRIBUTES = ("coefs_", "intercepts_", "unit_parameters_", "running_statistics_")


@pytest.fixture(scope="module")
def fitted() -> MLPRegressor:
    return MLPRegressor(
        "squared_error",
        (4, 2),
        "tanh",
        normalization="batch",
        output_activation=None,
        max_iter=3,
        random_state=0,
    ).fit(X, Y)


def _squares(model: MLPRegressor, attribute: str) -> list[int]:
    parts = getattr(model, attribute)
    return [i for i, part in enumerate(parts) if part.size > 1 and len(set(part.shape)) == 1]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_predictions_and_files_follow_the_replaced_arrays(
    fitted: MLPRegressor, attribute: str, name: str, tmp_path: Path
) -> None:
    for i in _squares(fitted, attribute):
        model, plain = deepcopy(fitted), deepcopy(fitted)
        model.predict(X)
        changed = CHANGES[name](getattr(model, attribute)[i])
        if attribute == "running_statistics_":
            changed = np.abs(changed)
        getattr(model, attribute)[i] = changed
        # The same numbers in separate arrays, as a fit sets them.
        dtype = np.float32 if changed.dtype == np.float32 else np.float64
        getattr(plain, attribute)[i] = np.array(changed.tolist(), dtype, order="C")
        expected = plain.predict(X)
        np.testing.assert_array_equal(model.predict(X), expected)
        np.testing.assert_array_equal(model.predict(X[:1]), plain.predict(X[:1]))
        np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).predict(X), expected)
        scope: dict[str, Any] = {}
        exec(lamina.to_python(model), scope)
        np.testing.assert_allclose(np.ravel(scope["predict"](X)), expected, rtol=1e-5)
        if changed.dtype in (np.float32, np.float64):
            lamina.save(model, tmp_path / "model.lamina", overwrite=True)
            np.testing.assert_array_equal(
                lamina.load(tmp_path / "model.lamina").predict(X), expected
            )


@pytest.fixture(scope="module")
def with_inputs() -> MLPRegressor:
    inputs = [Periodic(columns=[0]), PiecewiseLinear(columns=[1, 2], n_bins=3, n_outputs=2)]
    model = MLPRegressor(hidden_layer_sizes=(4,), inputs=inputs, max_iter=3, random_state=0)
    with pytest.warns(Warning, match="hasn't converged"):
        return model.fit(X, Y)


@pytest.mark.parametrize("attribute", ["input_parameters_", "running_statistics_"])
@pytest.mark.parametrize("name", ["Fortran order", "read-only", "single precision"])
def test_predictions_and_files_follow_the_replaced_arrays_of_inputs(
    with_inputs: MLPRegressor, attribute: str, name: str, tmp_path: Path
) -> None:
    for i, part in enumerate(getattr(with_inputs, attribute)):
        if not part.size:
            continue
        model, plain = deepcopy(with_inputs), deepcopy(with_inputs)
        changed = np.sort(CHANGES[name](part), axis=-1)
        getattr(model, attribute)[i] = np.asfortranarray(changed)
        getattr(plain, attribute)[i][...] = changed
        expected = plain.predict(X)
        assert (expected != with_inputs.predict(X)).any() or (changed == part).all()
        np.testing.assert_array_equal(model.predict(X), expected)
        np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).predict(X), expected)
        lamina.save(model, tmp_path / "model.lamina", overwrite=True)
        np.testing.assert_array_equal(lamina.load(tmp_path / "model.lamina").predict(X), expected)


def test_an_array_of_inputs_that_does_not_fit_is_named(with_inputs: MLPRegressor) -> None:
    model = deepcopy(with_inputs)
    model.input_parameters_[0] = model.input_parameters_[0][:, :3]
    with pytest.raises(ValueError, match=r"input_parameters_ of shapes .* fit the estimator again"):
        model.predict(X)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("incremental", [False, True])
def test_a_fit_continues_from_a_transposed_matrix(fitted: MLPRegressor, incremental: bool) -> None:
    models = [deepcopy(fitted).set_params(warm_start=True) for _ in range(2)]
    models[0].coefs_[0] = models[0].coefs_[0].T
    models[1].coefs_[0] = models[1].coefs_[0].T.copy()
    for model in models:
        (model.partial_fit if incremental else model.fit)(X, Y)
    np.testing.assert_array_equal(models[0].predict(X), models[1].predict(X))


@pytest.mark.parametrize(
    ("attribute", "wrong", "message"),
    [
        ("coefs_", [[1.0] * 4] * 4, r"coefs_\[0\] must be an array of real numbers.* list"),
        ("coefs_", np.full((4, 4), "1"), r"coefs_\[0\] must be an array .* <U1"),
        ("coefs_", np.full((4, 4), 1j), r"coefs_\[0\] must be an array .* complex128"),
        ("coefs_", np.full((4, 4), None), r"coefs_\[0\] must be an array .* object"),
        ("coefs_", np.zeros((4, 3)), "are not those of one network"),
        ("coefs_", np.zeros(16), "are not those of one network"),
        ("coefs_", np.float64(3), r"coefs_\[0\] must be an array"),
        ("intercepts_", None, r"intercepts_\[0\] must be an array .* NoneType"),
        ("intercepts_", np.zeros((4, 1)), "are not those of one network"),
        ("intercepts_", 0.0, r"intercepts_\[0\] must be an array .* float"),
        ("unit_parameters_", np.zeros((2, 3)), "unit_parameters_ of shapes"),
        ("unit_parameters_", "scale", r"unit_parameters_\[0\] must be an array"),
        ("running_statistics_", np.zeros((3, 4)), "running_statistics_ of shapes"),
    ],
)
def test_an_array_that_does_not_fit_is_named(
    fitted: MLPRegressor, attribute: str, wrong: Any, message: str
) -> None:
    model = deepcopy(fitted)
    getattr(model, attribute)[0] = wrong
    for rows in (X, X[:1]):
        with pytest.raises(ValueError, match=message):
            model.predict(rows)
