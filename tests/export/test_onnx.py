"""ONNX: onnxruntime predicts the same as lamina, including labels."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, StandardScaler

import lamina
from lamina import MLPClassifier, MLPRegressor
from lamina.errors import ExportError

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")


def open_session(model, *args, **options):
    proto = lamina.to_onnx(model, *args, **options)
    return onnxruntime.InferenceSession(proto.SerializeToString())


@pytest.fixture(params=[False, True], ids=["alone", "in a pipeline"])
def wrapped(request, rows):
    """A model alone, or in a pipeline after a step that does not change the rows."""
    if not request.param:
        return lambda model: model
    pytest.importorskip("skl2onnx")
    scaler = StandardScaler(with_mean=False, with_std=False).fit(rows)
    return lambda model: make_pipeline(scaler, model)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_labels_equal_the_models(kind, dtype, fit, rows, wrapped):
    model, X = fit(kind, dtype), rows.astype(dtype)
    session = open_session(wrapped(model))
    names = [output.name for output in session.get_outputs()]
    if isinstance(model, MLPRegressor):
        assert names == (["variable", "std"] if "std" in kind else ["variable"])
        return
    columns, expected = model.predict(X), model.predict_proba(X)
    if not isinstance(expected, list):
        assert names == ["label", "probabilities"]
        columns, expected = [columns], [expected]
    else:
        assert names[2:4] == ["label_1", "probabilities_1"]
        columns = list(columns.T)
    answers = session.run(None, {"X": X})
    assert [labels.tolist() for labels in answers[0::2]] == [each.tolist() for each in columns]
    for probabilities, reference_value in zip(answers[1::2], expected, strict=True):
        assert probabilities.dtype == dtype
        assert probabilities.shape == reference_value.shape


@pytest.mark.parametrize("kind", ["mean and std", "means and stds"])
def test_standard_deviations_are_a_second_output(kind, fit, rows, wrapped):
    model = fit(kind)
    for actual, expected in zip(
        open_session(wrapped(model)).run(None, {"X": rows}),
        model.predict(rows, return_std=True),
        strict=True,
    ):
        assert actual.shape == (len(rows), 1 if expected.ndim == 1 else 3)
        np.testing.assert_allclose(actual, expected.reshape(actual.shape), rtol=1e-10)


def test_each_column_of_labels_has_separate_outputs_in_a_pipeline(fit, rows, wrapped):
    model = fit("columns of texts")
    session = open_session(wrapped(model))
    first, p_first, second, p_second = session.run(None, {"X": rows})
    assert np.stack([first, second], axis=1).tolist() == model.predict(rows).tolist()
    for actual, expected in zip([p_first, p_second], model.predict_proba(rows), strict=True):
        np.testing.assert_allclose(actual, expected, rtol=1e-10)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_zipmap_returns_a_dictionary_by_label_for_every_row(dtype, fit, rows, wrapped):
    for kind in ("binary", "multiclass"):
        model, X = fit(kind, dtype), rows.astype(dtype)
        _, dictionaries = open_session(wrapped(model), zipmap=True).run(None, {"X": X})
        assert list(dictionaries[0]) == model.classes_.tolist()
        actual = [list(row.values()) for row in dictionaries]
        np.testing.assert_allclose(actual, model.predict_proba(X), atol=1e-6)


def test_zipmap_returns_dictionaries_for_each_column_of_labels(fit, rows, wrapped):
    model = fit("columns of texts")
    answers = open_session(wrapped(model), zipmap=True).run(None, {"X": rows})
    for dictionaries, classes, expected in zip(
        answers[1::2], model.classes_, model.predict_proba(rows), strict=True
    ):
        assert list(dictionaries[0]) == classes.tolist()
        actual = [list(row.values()) for row in dictionaries]
        np.testing.assert_allclose(actual, expected, atol=1e-6)


@pytest.mark.parametrize("kind", ["one class", "float classes", "columns of labels"])
def test_zipmap_rejects_labels_that_onnx_does_not_support(kind, fit, wrapped):
    with pytest.raises(ExportError, match="zipmap=True requires at least two labels"):
        lamina.to_onnx(wrapped(fit(kind)), zipmap=True)


def test_indicators_stay_a_tensor(fit, rows, wrapped):
    _, probabilities = open_session(wrapped(fit("multilabel")), zipmap=True).run(None, {"X": rows})
    assert isinstance(probabilities, np.ndarray)


def test_labels_without_an_onnx_type_are_rejected(fit, wrapped):
    model = fit("binary")
    model.classes_ = np.array([b"no", b"yes"])
    with pytest.raises(ExportError, match=r"ONNX cannot represent the labels \[b'no', b'yes'\]"):
        lamina.to_onnx(wrapped(model))


def test_the_onnx_dtype_may_differ_from_the_models(fit, rows, wrapped):
    model = fit("numbers")
    session = open_session(wrapped(model), dtype="float32")
    assert session.get_inputs()[0].type == "tensor(float)"
    [actual] = session.run(None, {"X": rows.astype(np.float32)})
    np.testing.assert_allclose(actual, model.predict(rows), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("opset", [13, 17, 21])
def test_the_opset_may_be_chosen(opset, fit, rows, wrapped):
    model = fit("multiclass")
    proto = lamina.to_onnx(wrapped(model), opset=opset)
    [version] = [each.version for each in proto.opset_import if each.domain == ""]
    assert version <= opset
    session = onnxruntime.InferenceSession(proto.SerializeToString())
    np.testing.assert_allclose(
        session.run(None, {"X": rows})[1], model.predict_proba(rows), rtol=1e-10
    )


def test_any_number_of_rows_is_accepted(fit, wrapped):
    session = open_session(wrapped(fit("multiclass")))
    for n_samples in (0, 1, 5):
        labels, probabilities = session.run(None, {"X": np.zeros((n_samples, 4))})
        assert labels.shape == (n_samples,)
        assert probabilities.shape == (n_samples, 3)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_pipeline_of_scalers_predicts_as_a_whole(dtype, rows):
    pytest.importorskip("skl2onnx")
    X, y = (rows * [1, 10, 100, 1000] + 5).astype(dtype), rows[:, 0] > 0
    model = MLPClassifier((6,), solver="lbfgs", max_iter=2000)
    pipeline = make_pipeline(StandardScaler(), MinMaxScaler(), MaxAbsScaler(), model).fit(X, y)
    labels, probabilities = open_session(pipeline, dtype=dtype).run(None, {"X": X})
    assert labels.tolist() == pipeline.predict(X).tolist()
    tolerance = {"float32": 1e-3, "float64": 1e-9}[dtype]
    np.testing.assert_allclose(probabilities, pipeline.predict_proba(X), atol=tolerance)


def test_skl2onnx_supports_registered_models(fit, rows):
    skl2onnx = pytest.importorskip("skl2onnx")
    from lamina.export.onnx_pipeline import register_with_skl2onnx

    register_with_skl2onnx()
    register_with_skl2onnx()
    model = fit("multiclass", "float32")
    X = rows.astype(np.float32)
    proto = skl2onnx.to_onnx(model, X[:1])
    session = onnxruntime.InferenceSession(proto.SerializeToString())
    dictionaries = session.run(None, {"X": X})[1]
    assert list(dictionaries[0]) == model.classes_.tolist()


def test_a_precision_sums_in_float32_for_every_input_dtype(fit, rows, wrapped):
    model = fit("numbers", precision="bfloat16")
    session = open_session(wrapped(model), rows[:1])
    X = rows if session.get_inputs()[0].type == "tensor(double)" else rows.astype(np.float32)
    [actual] = session.run(None, {"X": X})
    assert actual.dtype == np.float32
    off = abs(actual - model.predict(rows)) / abs(actual).max()
    assert np.median(off) <= 1e-6
    assert off.max() <= 2**-8


def test_skl2onnx_supports_every_output(kind_of_ours, fit, rows):
    skl2onnx = pytest.importorskip("skl2onnx")
    from lamina.export.onnx_pipeline import register_with_skl2onnx

    register_with_skl2onnx()
    alone = lamina.to_onnx(fit(kind_of_ours))
    proto = skl2onnx.to_onnx(fit(kind_of_ours), rows[:1])
    assert [each.name for each in proto.graph.output] == [each.name for each in alone.graph.output]


def test_a_pipeline_without_a_lamina_model_is_rejected(rows):
    pipeline = make_pipeline(StandardScaler(), MinMaxScaler()).fit(rows)
    with pytest.raises(TypeError, match=r"got sklearn\.preprocessing\._data\.MinMaxScaler"):
        lamina.to_onnx(pipeline)


@pytest.mark.parametrize(("missing", "package"), [("onnx", "onnx"), ("skl2onnx", "skl2onnx")])
def test_a_missing_package_is_named_with_its_install_command(
    missing, package, fit, rows, monkeypatch
):
    monkeypatch.setitem(sys.modules, missing, None)
    monkeypatch.delitem(sys.modules, "lamina.export.onnx_pipeline", raising=False)
    with pytest.raises(ImportError, match=rf'needs {package}: pip install "lamina\[onnx\]"'):
        lamina.to_onnx(make_pipeline(PCA().fit(rows), fit("binary")))
