"""ONNX for tables: a pipeline with an encoder has one input per column."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.compose import TransformedTargetRegressor, make_column_transformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler

import lamina
from lamina import MLPClassifier, MLPRegressor
from lamina.encoding import TableEncoding
from lamina.errors import ExportError

pandas = pytest.importorskip("pandas")
onnxruntime = pytest.importorskip("onnxruntime")
pytest.importorskip("onnx")
pytest.importorskip("skl2onnx")

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

N_SAMPLES = 60


@pytest.fixture
def table():
    """Table with numbers and categories, some missing, and a column without a frequent value."""
    draw = np.random.RandomState(0)
    age, rooms = draw.normal(40, 10, N_SAMPLES), draw.randint(0, 5, N_SAMPLES).astype(float)
    rooms[::7] = np.nan
    return pandas.DataFrame(
        {
            "age": age,
            "city": draw.choice(["Rome", "Oslo", "Århus"], N_SAMPLES),
            "number of rooms": rooms,
            "code": [f"code {i}" for i in range(N_SAMPLES)],
            "owner": draw.choice(["yes", "no", None], N_SAMPLES),
            "label": draw.choice(["a", "b"], N_SAMPLES),
        }
    )


@pytest.fixture
def strange(table):
    """Rows unlike those of training: an unknown category, a newly missing number."""
    strange = table.copy()
    strange.loc[0, "city"] = "Paris"
    strange.loc[1, "age"] = np.nan
    strange.loc[2, ["owner", "label"]] = None
    return strange


def dates(column):
    """Return a column of dates as an ONNX input."""
    in_utc = pandas.to_datetime(column, utc=True).dt.tz_localize(None)
    return in_utc.to_numpy("datetime64[us]").astype(np.int64).reshape(-1, 1)


def answers(pipeline, table, *args, **options):
    """Return all outputs of onnxruntime for a table."""
    proto = lamina.to_onnx(pipeline, *args, **options)
    session = onnxruntime.InferenceSession(proto.SerializeToString())
    inputs, feed = session.get_inputs(), {}
    read = [name for name in table.columns if name != "code"]
    assert [each.name.rstrip("1") for each in inputs] == [name.replace(" ", "_") for name in read]
    for name, each in zip(read, inputs, strict=True):
        column = table[[name]]
        is_text = each.type == "tensor(string)"
        dtype = np.float64 if each.type == "tensor(double)" else np.float32
        if each.type == "tensor(int64)":
            feed[each.name] = dates(table[name])
            continue
        feed[each.name] = (
            column.fillna("").astype(str).to_numpy() if is_text else column.to_numpy(dtype)
        )
    return session.run(None, feed)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_classifier_after_a_table_encoding_predicts_as_a_whole(dtype, table, strange):
    pipeline = make_pipeline(TableEncoding(), MLPClassifier((5,), max_iter=20, random_state=0))
    pipeline.fit(table, np.where(table["age"] > 40, "old", "young"))
    for rows in (table, strange):
        labels, probabilities = answers(pipeline, rows, dtype=dtype)
        assert labels.tolist() == pipeline.predict(rows).tolist()
        tolerance = {"float32": 1e-5, "float64": 1e-12}[dtype]
        np.testing.assert_allclose(probabilities, pipeline.predict_proba(rows), atol=tolerance)
        assert probabilities.dtype == dtype


def test_a_regressor_after_encoding_and_scaler_predicts_as_a_whole(table, strange):
    model = MLPRegressor(hidden_layer_sizes=(5,), max_iter=20, random_state=0)
    pipeline = make_pipeline(TableEncoding(), StandardScaler(), model).fit(table, table["age"])
    [actual] = answers(pipeline, strange)
    np.testing.assert_allclose(actual[:, 0], pipeline.predict(strange), rtol=1e-10)


@pytest.mark.parametrize(
    "scaler", [StandardScaler(), MinMaxScaler((1, 3)), StandardScaler(with_mean=False)]
)
def test_the_scaling_of_a_target_is_inverted(scaler, table):
    model = MLPRegressor(hidden_layer_sizes=(5,), max_iter=20, random_state=0)
    y = np.stack([table["age"] * 1000, table["age"] ** 2], axis=1)
    around = TransformedTargetRegressor(make_pipeline(TableEncoding(), model), transformer=scaler)
    [actual] = answers(around.fit(table, y), table)
    np.testing.assert_allclose(actual, around.predict(table), rtol=1e-10)


def test_other_transformations_of_a_target_are_rejected(table):
    around = TransformedTargetRegressor(
        MLPRegressor(max_iter=2), func=np.log1p, inverse_func=np.expm1
    ).fit(table[["age"]].to_numpy(), table["age"])
    with pytest.raises(ExportError, match="cannot invert a FunctionTransformer of the target"):
        lamina.to_onnx(around)


@pytest.mark.parametrize("columns", [["age"], ["number of rooms"], ["city"], ["owner", "code"]])
def test_a_table_with_one_kind_of_columns_is_supported(columns, table, strange):
    pipeline = make_pipeline(TableEncoding(), MLPRegressor(max_iter=5, random_state=0))
    pipeline.fit(table[columns], table["age"])
    [actual] = answers(pipeline, strange[columns])
    np.testing.assert_allclose(actual[:, 0], pipeline.predict(strange[columns]), rtol=1e-10)


def test_zipmap_works_for_tables(table):
    table = table.rename(columns={"label": "probabilities"})
    pipeline = make_pipeline(TableEncoding(), MLPClassifier((5,), max_iter=5, random_state=0))
    pipeline.fit(table, table["probabilities"])
    dictionaries = answers(pipeline, table, zipmap=True)[1]
    actual = [list(row.values()) for row in dictionaries]
    np.testing.assert_allclose(actual, pipeline.predict_proba(table), atol=1e-6)


def test_scikit_learns_scaler_and_encoder_are_supported(table):
    columns = make_column_transformer(
        (StandardScaler(), ["age"]), (OneHotEncoder(handle_unknown="ignore"), ["city", "label"])
    )
    pipeline = make_pipeline(columns, MLPClassifier((5,), max_iter=20, random_state=0))
    table = table[["age", "city", "label"]]
    pipeline.fit(table, table["age"] > 40)
    labels, probabilities = answers(pipeline, table, table[:1])
    assert labels.tolist() == pipeline.predict(table).tolist()
    np.testing.assert_allclose(probabilities, pipeline.predict_proba(table), atol=1e-6)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_dates_are_numpys_microseconds(dtype, table):
    zone = "Europe/Oslo"
    table.insert(0, "born", pandas.date_range("1931-05-17 13:21", periods=N_SAMPLES, freq="411h"))
    table.insert(
        3, "seen", pandas.date_range("2024-03-30", periods=N_SAMPLES, freq="7min", tz=zone)
    )
    table.loc[::5, "seen"] = pandas.NaT
    y = table["seen"].dt.hour.fillna(12)
    model = MLPRegressor(hidden_layer_sizes=(5,), max_iter=20, random_state=0)
    pipeline = make_pipeline(TableEncoding(), model).fit(table, y)
    unlike = table.copy()
    unlike.loc[3, "born"] = pandas.NaT
    for rows in (table, unlike):
        [actual] = answers(pipeline, rows, dtype=dtype)
        # In float32, days since 1970 have a resolution of three minutes, which is too coarse.
        tolerance = {"float32": 1e-5, "float64": 1e-10}[dtype]
        np.testing.assert_allclose(actual[:, 0], pipeline.predict(rows), rtol=tolerance)


def test_every_input_has_a_description(table):
    table["born"] = pandas.date_range("2000-01-01", periods=N_SAMPLES)
    pipeline = make_pipeline(TableEncoding(), MLPRegressor(max_iter=2)).fit(table, table["age"])
    said = {each.name: each.doc_string for each in lamina.to_onnx(pipeline).graph.input}
    assert said["born"].startswith("microseconds since 1970-01-01 in UTC")
    assert said["age"].startswith("a number")
    assert said["owner"].startswith("a category")


def test_the_scaling_of_standard_deviations_is_inverted(table):
    model = MLPRegressor(loss="gaussian_nll", hidden_layer_sizes=(5,), max_iter=20, random_state=0)
    around = TransformedTargetRegressor(
        make_pipeline(TableEncoding(), model), transformer=StandardScaler()
    ).fit(table, table["age"] * 1000)
    mean, std = answers(around, table)
    np.testing.assert_allclose(mean[:, 0], around.predict(table), rtol=1e-10)
    inner = around.regressor_.predict(table, return_std=True)[1]
    np.testing.assert_allclose(std[:, 0], inner * around.transformer_.scale_, rtol=1e-10)


def test_several_columns_of_labels_work_for_tables(table):
    pipeline = make_pipeline(TableEncoding(), MLPClassifier((5,), max_iter=20, random_state=0))
    pipeline.fit(table, table[["city", "label"]].to_numpy(dtype=str))
    city, _, label, _ = answers(pipeline, table)
    assert np.stack([city, label], axis=1).tolist() == pipeline.predict(table).tolist()


def test_an_empty_text_is_missing_in_onnx_as_in_the_model(table):
    table["owner"] = ["", None, "yes"] * (N_SAMPLES // 3)
    pipeline = make_pipeline(TableEncoding(), MLPRegressor(max_iter=2)).fit(table, table["age"])
    [predicted] = answers(pipeline, table)
    np.testing.assert_allclose(predicted.ravel(), pipeline.predict(table), rtol=1e-5)


def test_distinct_empty_and_missing_texts_are_rejected_by_column(table):
    # An encoding of an earlier version took both as categories.
    table["owner"] = ["no", None, "yes"] * (N_SAMPLES // 3)
    pipeline = make_pipeline(TableEncoding(), MLPRegressor(max_iter=2)).fit(table, table["age"])
    categories = pipeline[0].categories_["owner"]
    categories[categories.index("no")] = ""
    with pytest.raises(ExportError, match="column 'owner' has both"):
        lamina.to_onnx(pipeline)
