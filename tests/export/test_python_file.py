"""Python file: needs only NumPy, and predicts the same as lamina."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import lamina

# Like `python -S`, but with NumPy: any other import is an error.
ALONE = """
import sys
import numpy as np
for name in ("lamina", "sklearn", "scipy"):
    sys.modules[name] = None
import model
np.save("answer.npy", model.predict(np.load("rows.npy")), allow_pickle=False)
"""


@pytest.mark.parametrize(
    ("named", "precision"),
    [
        ("binary", None),
        ("multiclass", None),
        ("multilabel", "bfloat16"),
        ("numbers", None),
        ("means and stds", None),
        ("columns of texts", None),
    ],
)
def test_the_file_predicts_in_a_process_with_numpy_only(named, precision, fit, rows, tmp_path):
    model = fit(named, activation="logistic", precision=precision)
    lamina.to_python(model, tmp_path / "model.py")
    np.save(tmp_path / "rows.npy", rows)
    subprocess.run([sys.executable, "-c", ALONE], cwd=tmp_path, check=True)
    expected = model.predict(rows)
    answer = np.load(tmp_path / "answer.npy")
    assert answer.shape == expected.shape
    if expected.dtype.kind == "f":
        np.testing.assert_allclose(answer, expected, rtol=1e-10)
    else:
        assert answer.tolist() == expected.tolist()


def run(source: str) -> dict:
    names: dict = {}
    exec(source, names)
    return names


def test_the_file_predicts_the_same_labels(kind, fit, rows):
    model = fit(kind)
    actual, expected = run(lamina.to_python(model))["predict"](rows), model.predict(rows)
    assert actual.shape == expected.shape
    if hasattr(model, "classes_"):
        assert actual.tolist() == expected.tolist()
        assert actual.dtype.kind == expected.dtype.kind


@pytest.mark.parametrize("named", ["mean and std", "means and stds"])
def test_standard_deviations_are_returned_on_request(named, fit, rows):
    model = fit(named)
    predict = run(lamina.to_python(model))["predict"]
    mean, std = predict(rows, return_std=True)
    expected = model.predict(rows, return_std=True)
    assert (mean.shape, std.shape) == (expected[0].shape, expected[1].shape)
    np.testing.assert_allclose(std, expected[1], rtol=1e-10)
    np.testing.assert_array_equal(predict(rows), mean)


@pytest.mark.parametrize("named", ["columns of labels", "columns of texts"])
def test_each_column_of_labels_has_probabilities(named, fit, rows):
    model = fit(named)
    names = run(lamina.to_python(model))
    for actual, expected in zip(
        names["predict_proba"](rows), model.predict_proba(rows), strict=True
    ):
        np.testing.assert_allclose(actual, expected, rtol=1e-10)
    for actual, expected in zip(names["CLASSES"], model.classes_, strict=True):
        assert actual.tolist() == expected.tolist()


@pytest.mark.parametrize("named", ["one number", "numbers"])
def test_quantiles_have_the_shape_of_laminas(named, fit, rows):
    model = fit(named, loss="quantile", quantile=[0.2, 0.8])
    actual = run(lamina.to_python(model))["predict"](rows)
    np.testing.assert_allclose(actual, model.predict(rows), rtol=1e-10)


def test_the_file_rejects_invalid_rows(fit, rows):
    predict = run(lamina.to_python(fit("numbers")))["predict"]
    for wrong in (rows[:, :3], rows[0]):
        with pytest.raises(ValueError, match=r"X must have shape \(n_samples, 4\), got"):
            predict(wrong)
    with pytest.raises(ValueError, match="infinity or NaN"):
        predict(np.full((1, 4), np.nan))
    assert predict(np.empty((0, 4))).shape == (0, 3)


def test_the_file_has_a_docstring(fit):
    lines = lamina.to_python(fit("multiclass", activation="tanh")).splitlines()
    assert lines[0] == (
        '"""A multi-layer perceptron that predicts one of 3 classes from 4 features.'
    )
    assert "Layers: 4 → 7 tanh → 5 tanh → 3 softmax." in lines[2]
