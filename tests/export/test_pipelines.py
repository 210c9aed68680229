"""Pipelines with scikit-learn's transformers predict the same in every export format."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
import pytest
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor, make_column_transformer
from sklearn.decomposition import PCA
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.pipeline import FeatureUnion, make_pipeline, make_union
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    RobustScaler,
    StandardScaler,
)

import lamina
from lamina import MLPClassifier, MLPRegressor
from lamina.errors import ExportError
from lamina.export.lowering.models import lower_model

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X = np.random.RandomState(0).standard_normal((60, 4)) * [1, 10, 100, 1e-3] + [0, 5, 1e4, 0]
X[:, 0] = np.round(X[:, 0])
GAPS = np.where(np.random.RandomState(1).rand(*X.shape) < 0.2, np.nan, X)


class Shifted(StandardScaler):
    """Subclass of a scaler, as a user may write."""


def network(**parameters: Any) -> MLPRegressor:
    """Return an unfitted network with few epochs."""
    return MLPRegressor(
        **{"hidden_layer_sizes": (5,), "max_iter": 5, "random_state": 0, **parameters}
    )


# Preprocessing, and if it supports rows with missing values.
MATRICES: dict[str, tuple[Any, bool]] = {
    "standard": ([StandardScaler()], False),
    "standard without mean": ([StandardScaler(with_mean=False)], False),
    "standard without scale": ([StandardScaler(with_std=False)], False),
    "min max": ([MinMaxScaler((-1, 3))], False),
    "min max clipped": ([MinMaxScaler(clip=True)], False),
    "max abs": ([MaxAbsScaler()], False),
    "robust": ([RobustScaler(quantile_range=(10, 90))], False),
    "all scalers": ([RobustScaler(), MinMaxScaler(), MaxAbsScaler(), StandardScaler()], False),
    "nothing": (["passthrough"], False),
    "a function that does nothing": ([FunctionTransformer()], False),
    "imputer": ([SimpleImputer(), StandardScaler()], True),
    "imputer after scaler": ([StandardScaler(), SimpleImputer(strategy="median")], True),
    "imputer with indicators": ([SimpleImputer(add_indicator=True), StandardScaler()], True),
    "imputer of a constant": ([SimpleImputer(strategy="constant", fill_value=-7.0)], True),
    "one hot": (
        [make_column_transformer((OneHotEncoder(), [0]), remainder=StandardScaler())],
        False,
    ),
    "one hot with gaps": (
        [
            make_column_transformer(
                (OneHotEncoder(handle_unknown="ignore", drop="first"), [0]),
                (make_pipeline(SimpleImputer(), StandardScaler()), slice(1, 4)),
            )
        ],
        True,
    ),
    "columns": (
        [
            ColumnTransformer(
                [
                    ("a", MinMaxScaler(), [3, 1]),
                    ("b", "drop", [2]),
                    ("c", "passthrough", [0]),
                    ("d", StandardScaler(), []),
                ]
            ),
            StandardScaler(),
        ],
        False,
    ),
    "union": ([make_union(StandardScaler(), MinMaxScaler()), StandardScaler()], False),
    "one column twice": (
        [make_column_transformer((StandardScaler(), [0, 1]), (MinMaxScaler(), [1, 0]))],
        False,
    ),
    "pipeline in a pipeline": ([make_pipeline(make_pipeline(StandardScaler()))], False),
}


@pytest.fixture(scope="module", params=MATRICES)
def case(request: pytest.FixtureRequest) -> tuple[Any, np.ndarray]:
    """Pipeline fitted to a matrix, with test rows."""
    steps, has_gaps = MATRICES[request.param]
    rows = GAPS if has_gaps else X
    return make_pipeline(*steps, network()).fit(rows, X[:, 1]), rows


def in_python(model: Any, rows: Any, **arguments: Any) -> Any:
    """Return the Python file's output."""
    names: dict[str, Any] = {}
    exec(compile(lamina.to_python(model), "model.py", "exec"), names)
    return names["predict"](rows, **arguments)


def in_c(compile_c: Any, model: Any, rows: np.ndarray, **options: Any) -> np.ndarray:
    """Return the C header's output."""
    header = lamina.to_c(model, **options)
    real = "float" if rows.dtype == np.float32 else "double"
    declared = f"void run(const {real} *x, {real} *y)"
    library = compile_c(header, f"{declared};\n{declared} {{ mlp_predict(x, y); }}\n")
    answer = np.empty((len(rows), lower_model(model).n_columns), rows.dtype)
    for x, y in zip(np.ascontiguousarray(rows), answer, strict=True):
        library.run(ctypes.c_void_p(x.ctypes.data), ctypes.c_void_p(y.ctypes.data))
    return answer


def test_the_python_file_of_a_pipeline_predicts_the_same(case):
    model, rows = case
    np.testing.assert_allclose(in_python(model, rows), model.predict(rows), rtol=1e-11)


def test_the_c_header_of_a_pipeline_predicts_the_same(case, compile_c):
    model, rows = case
    answer = in_c(compile_c, model, rows)
    np.testing.assert_allclose(answer[:, 0], model.predict(rows), rtol=1e-11)


def test_the_float_c_header_of_a_pipeline_predicts_the_same(case, compile_c):
    model, rows = case
    answer = in_c(compile_c, model, rows.astype(np.float32), dtype="float32")
    expected = model.predict(rows)
    np.testing.assert_allclose(answer[:, 0], expected, atol=1e-3 * abs(expected).max())


def open_session(model: Any, *args: Any, **options: Any) -> Any:
    """Return onnxruntime's session for a model."""
    onnxruntime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnx")
    return onnxruntime.InferenceSession(lamina.to_onnx(model, *args, **options).SerializeToString())


@pytest.mark.parametrize("X_dtype", [None, "float32", "float64"])
@pytest.mark.parametrize("dtype", ["float32", "float64", None])
def test_the_onnx_model_of_a_pipeline_has_the_requested_dtype(case, dtype, X_dtype):
    model, rows = case
    X = [] if X_dtype is None else [rows[:1].astype(X_dtype)]
    session = open_session(model, *X, dtype=dtype)
    name = dtype or X_dtype or "float64"
    assert (
        session.get_inputs()[0].type
        == {"float32": "tensor(float)", "float64": "tensor(double)"}[name]
    )
    [answer] = session.run(None, {"X": rows.astype(name)})
    assert answer.dtype == name
    expected = model.predict(rows)
    tolerance = {"float32": 1e-3, "float64": 1e-11}[name]
    np.testing.assert_allclose(answer[:, 0], expected, atol=tolerance * abs(expected).max())


@pytest.mark.parametrize(
    "scaler", [StandardScaler(), MinMaxScaler((-1, 1)), StandardScaler(with_mean=False)]
)
@pytest.mark.parametrize("columns", [1, 2])
def test_a_targets_scaling_is_inverted(scaler, columns, compile_c):
    y = (X[:, 1] if columns == 1 else X[:, :2]) * 1e-3 + 1e6
    for inner in (network(), make_pipeline(StandardScaler(), network())):
        model = TransformedTargetRegressor(inner, transformer=scaler).fit(X, y)
        expected = model.predict(X).reshape(len(X), columns)
        actual = in_python(model, X).reshape(len(X), columns)
        np.testing.assert_allclose(actual, expected, rtol=1e-14)
        np.testing.assert_allclose(in_c(compile_c, model, X), expected, rtol=1e-14)


def test_a_scaled_target_may_end_a_pipeline():
    scaled = TransformedTargetRegressor(network(), transformer=StandardScaler())
    model = make_pipeline(StandardScaler(), scaled).fit(X, X[:, 1] * 100)
    np.testing.assert_allclose(in_python(model, X), model.predict(X), rtol=1e-11)


def test_unknown_categories_follow_handle_unknown(compile_c):
    encoder = make_column_transformer((OneHotEncoder(), [0]), remainder="passthrough")
    model = make_pipeline(encoder, StandardScaler(), network()).fit(X, X[:, 1])
    unknown = np.array([[77.0, 0, 0, 0]])
    with pytest.raises(ValueError, match=r"X holds .*77.0.* in row 1, an unknown category"):
        in_python(model, unknown)
    assert np.isnan(in_c(compile_c, model, unknown)).all()
    assert np.isnan(open_session(model).run(None, {"X": unknown})[0]).all()


@pytest.mark.parametrize("activation", lamina.formulas.ACTIVATIONS)
def test_infinite_numbers_give_nan_or_an_error(activation, compile_c):
    model = make_pipeline(SimpleImputer(), network(activation=activation)).fit(GAPS, X[:, 1])
    for infinity in (np.inf, -np.inf):
        row = np.array([[infinity, 0, 0, 0]])
        with pytest.raises(ValueError, match="infinity or NaN"):
            in_python(model, row)
        assert np.isnan(in_c(compile_c, model, row)).all()
        assert np.isnan(open_session(model).run(None, {"X": row})[0]).all()


@pytest.mark.parametrize(
    ("step", "name"),
    [
        (PCA(), "PCA"),
        (Shifted(), "Shifted"),
        (OrdinalEncoder(), "OrdinalEncoder"),
        (FunctionTransformer(np.log1p), "FunctionTransformer.func="),
        (SimpleImputer(missing_values=0.0), "SimpleImputer.missing_values=0.0"),
        (OneHotEncoder(handle_unknown="infrequent_if_exist"), "OneHotEncoder.handle_unknown="),
        (
            OneHotEncoder(max_categories=3, handle_unknown="ignore"),
            "OneHotEncoder.max_categories=3",
        ),
        (
            FeatureUnion([("a", StandardScaler())], transformer_weights={"a": 2.0}),
            "FeatureUnion.transformer_weights=",
        ),
    ],
)
def test_an_unsupported_step_is_named_with_a_cure(step, name):
    model = make_pipeline(step, network()).fit(abs(X), X[:, 1])
    for export in (lamina.to_python, lamina.to_c):
        with pytest.raises(ExportError, match=rf"does not support (a )?{name}.*(ONNX)"):
            export(model)


def test_another_transformer_of_the_target_is_named(rows):
    model = TransformedTargetRegressor(network(), func=np.log1p, inverse_func=np.expm1)
    model.fit(X, abs(X[:, 0]))
    for export in (lamina.to_python, lamina.to_c):
        with pytest.raises(ExportError, match="cannot invert a FunctionTransformer of the target"):
            export(model)


def frame_model() -> tuple[Any, Any]:
    """Pipeline for a data frame, as scikit-learn's users write it."""
    pandas = pytest.importorskip("pandas")
    draw = np.random.RandomState(0)
    table = pandas.DataFrame(
        {
            "number of rooms": GAPS[:, 0],
            "size": GAPS[:, 1],
            "city": draw.choice(["Rome", "Oslo", np.nan], 60),
            "zone": draw.choice(["north", "south"], 60),
            "floor": draw.randint(0, 4, 60),
        }
    )
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    texts = make_pipeline(
        SimpleImputer(strategy="most_frequent"),
        OneHotEncoder(handle_unknown="ignore"),
    )
    encoder = make_column_transformer(
        (numbers, ["size", "number of rooms"]),
        (texts, ["city"]),
        (OneHotEncoder(drop="if_binary"), ["zone", "floor"]),
    )
    table["city"] = table["city"].astype(object).where(table["city"] != "nan", np.nan)
    model = make_pipeline(encoder, MLPClassifier((5,), max_iter=5, random_state=0))
    return model.fit(table, X[:, 2] > 0), table


def test_a_frame_of_numbers_and_texts_is_predicted_equally(compile_c):
    model, table = frame_model()
    names: dict[str, Any] = {}
    exec(lamina.to_python(model), names)
    np.testing.assert_allclose(
        names["predict_proba"](table), model.predict_proba(table), rtol=1e-11
    )
    assert names["predict"](table).tolist() == model.predict(table).tolist()
    header = lamina.to_c(model)
    program = lower_model(model)
    assert [each.name for each in program.inputs] == list(table.columns)
    library = compile_c(
        header,
        "void run(const mlp_row *row, double *y);\n"
        "void run(const mlp_row *row, double *y) { mlp_predict(row, y); }\n",
    )
    kinds = {"category": ctypes.c_char_p, "number": ctypes.c_double}
    fields = [(f"field_{i}", kinds[each.kind]) for i, each in enumerate(program.inputs)]
    row_type = type("Row", (ctypes.Structure,), {"_fields_": fields})
    session, feed = open_session(model, table[:1]), {}
    for each, name in zip(session.get_inputs(), table.columns, strict=True):
        feed[each.name] = (
            table[[name]].fillna("" if each.type == "tensor(string)" else np.nan).to_numpy()
        )
    labels, probabilities = session.run(None, feed)
    assert labels.tolist() == model.predict(table).tolist()
    np.testing.assert_allclose(probabilities, model.predict_proba(table), rtol=1e-11)
    for i, expected in enumerate(model.predict_proba(table)):
        values = [
            value.encode() if isinstance(value, str) else value for value in table.iloc[i].tolist()
        ]
        values[2] = values[2] if isinstance(values[2], bytes) else None
        y = np.empty(2)
        library.run(ctypes.byref(row_type(*values)), ctypes.c_void_p(y.ctypes.data))
        np.testing.assert_allclose(y, expected, rtol=1e-11)


@pytest.mark.parametrize("dtype", ["float32", None])
def test_steps_converted_by_skl2onnx_use_the_requested_dtype(dtype):
    pytest.importorskip("skl2onnx")
    model = make_pipeline(StandardScaler(), PCA(2), network()).fit(X, X[:, 1])
    for rows in ([], [X[:1]], [X[:1].astype("float32")]):
        session = open_session(model, *rows, dtype=dtype)
        expected = dtype or (rows[0].dtype.name if rows else "float64")
        [answer] = session.run(None, {"X": X.astype(expected)})
        assert answer.dtype == expected
        np.testing.assert_allclose(answer[:, 0], model.predict(X), rtol=1e-3, atol=1e-3)


def test_steps_without_float64_are_rejected_with_a_cure():
    pytest.importorskip("skl2onnx")
    model = make_pipeline(KNNImputer(n_neighbors=2), network()).fit(GAPS, X[:, 1])
    with pytest.raises(ExportError, match=r'KNNImputer.*pass dtype="float32"'):
        lamina.to_onnx(model)
    assert lamina.to_onnx(model, dtype="float32").graph.input


def test_mixed_dtypes_are_rejected_with_a_cure():
    pytest.importorskip("skl2onnx")
    model = make_pipeline(KBinsDiscretizer(3, encode="onehot-dense"), network()).fit(X, X[:, 1])
    with pytest.raises(ExportError, match=r'ONNX .*give dtype="float32"'):
        lamina.to_onnx(model)


@pytest.mark.parametrize("inputs", [None, "categorical"])
def test_an_ordinal_encoder_is_exported_to_onnx_with_rows_of_its_texts(inputs: Any) -> None:
    pd = pytest.importorskip("pandas")
    table = pd.DataFrame({"city": np.array(["Bern", "Oslo", "Rome"])[np.arange(60) % 3]})
    model = make_pipeline(OrdinalEncoder(), network(inputs=inputs)).fit(table, X[:, 1])
    with pytest.raises(ExportError, match=r"could not convert string .*Pass X, some rows of the"):
        lamina.to_onnx(model)
    with pytest.raises(ExportError, match=r"OrdinalEncoder .*by lamina\.to_onnx\(model, X\)"):
        lamina.to_python(model)
    proto = lamina.to_onnx(model, table[:2])
    session = pytest.importorskip("onnxruntime").InferenceSession(proto.SerializeToString())
    [predicted] = session.run(None, {"city": table.to_numpy(dtype=object)})
    np.testing.assert_allclose(predicted[:, 0], model.predict(table), rtol=1e-6, atol=1e-6)
