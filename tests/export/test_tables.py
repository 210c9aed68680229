"""Models as created by `lamina train` predict the same in every export format."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.base import is_classifier
from sklearn.compose import TransformedTargetRegressor
from sklearn.pipeline import make_pipeline
from tests.export.table_rows import HOSTILE, answers_of_c, can_be_said, feed_of_onnx, hostile

import lamina
from lamina.encoding import TableEncoding
from lamina.encoding.calendar import PARTS
from lamina.encoding.columns import find_kind
from lamina.export.lowering.models import lower_model

pd = pytest.importorskip("pandas")
pytest.importorskip("typer")

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

N_SAMPLES = 240


def mixed(n: int = N_SAMPLES, missing: bool = True, dates: bool = True, seed: int = 0) -> Any:
    """Return numbers, categories and, by default, dates and missing values."""
    draw = np.random.RandomState(seed)
    table = pd.DataFrame(
        {
            "age": draw.normal(40, 10, n),
            "income": np.exp(draw.normal(10, 2, n)),
            "rooms": draw.randint(0, 6, n),
            "garden": draw.rand(n) > 0.5,
            "city": draw.choice(["Rome", "Oslo", "Århus", "Kyiv"], n),
        }
    )
    if dates:
        table["seen"] = pd.date_range("1931-05-17 13:21", periods=n, freq="411h")
        table["logged"] = pd.date_range("2024-03-30", periods=n, freq="7min", tz="Europe/Oslo")
    if missing:
        table = table.astype({"rooms": float, "garden": object})
        for i, name in enumerate(table.columns):
            table.loc[i :: 7 + i, name] = None
    return table


def many_categories() -> Any:
    """Return a column with hundreds of shops."""
    table = mixed(900, missing=False, dates=False)
    table["shop"] = [f"shop {i % 300}" for i in range(len(table))]
    return table


def numbers_only() -> Any:
    """Return numbers without missing values."""
    return mixed(missing=False, dates=False)[["age", "income", "rooms"]]


def score_of(table: Any) -> np.ndarray:
    """Return a number for each row, computed from some columns."""
    codes = [pd.factorize(table.iloc[:, i])[0] for i in range(min(4, table.shape[1]))]
    return np.sum([np.sin(c) for c in codes], axis=0) * 1000 + 5000


# For each model: the table, its target, and the parameters.
CASES: dict[str, tuple[Callable[[], Any], str, dict[str, Any]]] = {
    "numbers only": (numbers_only, "number", {}),
    "mixed": (lambda: mixed(missing=False, dates=False), "number", {}),
    "missing": (lambda: mixed(dates=False), "number", {}),
    "dates": (mixed, "number", {}),
    "dates, binary": (mixed, "binary", {}),
    "hostile texts": (hostile, "number", {}),
    "hostile texts, multiclass": (hostile, "hostile classes", {}),
    "many categories": (many_categories, "multiclass", {}),
    "quantiles": (mixed, "number", {"loss": "quantile", "quantile": [0.1, 0.5, 0.9]}),
    "gaussian": (mixed, "number", {"loss": "gaussian_nll"}),
    "poisson": (mixed, "positive", {"loss": "poisson"}),
    "multiclass": (mixed, "multiclass", {"activation": "gelu"}),
    "several targets": (mixed, "numbers", {}),
    "float32": (mixed, "number", {"dtype": "float32"}),
    "batch norm": (mixed, "number", {"normalization": "batch", "activation": "prelu"}),
}
TOLERANCE = {"float32": 2e-4, "float64": 1e-11}


def target_of(kind: str, table: Any) -> Any:
    """Return the target of a kind."""
    score = score_of(table)
    code = np.floor(score / 1000).astype(int) % 3
    return {
        "number": score,
        "positive": abs(score) + 1,
        "numbers": np.stack([score, score**2 / 1e6], axis=1),
        "binary": np.array(["no", "yes"])[code % 2],
        "multiclass": np.array(["a", "b", "c"])[code],
        "hostile classes": np.array(HOSTILE[:3])[code],
    }[kind]


def fitted(name: str) -> tuple[Any, Any]:
    """Model of one of CASES, as created by `lamina train`, with its training table."""
    make, kind, parameters = CASES[name]
    table = make()
    y = target_of(kind, table)
    task = "classification" if np.asarray(y).dtype.kind == "U" else "regression"
    from lamina.cli.recipe import build_model

    settings = {"hidden_layer_sizes": (8, 5), "max_iter": 5, "tol": 10.0, **parameters}
    return build_model(task, settings, 0).fit(table, y), table


def strange_rows(table: Any) -> Any:
    """Return rows of the table, and rows with missing values and unseen categories."""
    head = table.iloc[: len(table.columns) * 2].reset_index(drop=True)
    strange = head.astype({n: float for n in head if head[n].dtype.kind in "biu"})
    for i, name in enumerate(strange.columns):
        strange.loc[i, name] = None
        if find_kind(name, table[name]) == "category":
            strange.loc[i + len(strange.columns), name] = 'unseen "x"'
    return pd.concat([table, strange], ignore_index=True)


def expected(model: Any, table: Any) -> np.ndarray:
    """Return lamina's output: probabilities, or predictions with standard deviations."""
    if is_classifier(model):
        return np.asarray(model.predict_proba(table))
    mean = np.asarray(model.predict(table)).reshape(len(table), -1)
    inner = model.regressor_ if isinstance(model, TransformedTargetRegressor) else model
    if getattr(inner[-1], "loss", None) != "gaussian_nll":
        return mean
    std = inner.predict(table, return_std=True)[1].reshape(len(table), -1)
    return np.hstack([mean, std * model.transformer_.scale_])


def run_python(model: Any, table: Any) -> np.ndarray:
    """Return the Python file's output."""
    names: dict[str, Any] = {}
    exec(compile(lamina.to_python(model), "model.py", "exec"), names)
    if is_classifier(model):
        return np.asarray(names["predict_proba"](table))
    has_std = "return_std" in names["predict"].__code__.co_varnames
    answer = names["predict"](table, **({"return_std": True} if has_std else {}))
    parts = answer if isinstance(answer, tuple) else (answer,)
    return np.hstack([part.reshape(len(part), -1) for part in parts])


def run_c(compile_c: Any, model: Any, table: Any) -> np.ndarray:
    """Return the C header's output, row by row."""
    program = lower_model(model)
    std = program.has_std
    call = "mlp_predict_with_std(row, y, y + MLP_N_OUTPUTS)" if std else "mlp_predict(row, y)"
    n_answers = program.n_columns * (1 + std)
    return answers_of_c(compile_c, lamina.to_c(model), program, table, call, n_answers)


def assert_alike(actual: np.ndarray, expected: np.ndarray) -> None:
    """Assert equality up to the dtype's tolerance, relative to each column's largest number."""
    assert actual.shape == expected.shape
    assert actual.dtype == expected.dtype
    tolerance = TOLERANCE[expected.dtype.name]
    for one, other in zip(actual.T, expected.T, strict=True):
        np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance * abs(other).max())


@pytest.fixture(scope="module", params=CASES)
def case(request: pytest.FixtureRequest) -> tuple[Any, Any, np.ndarray]:
    """Fitted model, with rows and expected outputs."""
    model, table = fitted(request.param)
    rows = strange_rows(table)
    return model, rows, expected(model, rows)


@pytest.mark.parametrize("form", ["frame", "dict", "rows", "arrays"])
def test_a_python_file_predicts_like_the_model(case, form):
    model, rows, answer = case
    table = {
        "frame": lambda: rows,
        "dict": lambda: rows.to_dict("list"),
        "rows": lambda: rows.to_dict("records"),
        "arrays": lambda: {name: rows[name].to_numpy() for name in rows},
    }[form]()
    assert_alike(run_python(model, table), answer)


def test_a_c_header_predicts_like_the_model(case, compile_c):
    model, rows, answer = case
    assert_alike(run_c(compile_c, model, rows), answer)


def run_onnx(model: Any, table: Any, **options: Any) -> np.ndarray:
    """Return onnxruntime's output."""
    onnxruntime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnx")
    proto = lamina.to_onnx(model, **options)
    session = onnxruntime.InferenceSession(proto.SerializeToString())
    feed = feed_of_onnx(session, lower_model(model), table)
    names = [each.name for each in session.get_outputs() if not each.name.startswith("label")]
    return np.hstack(session.run(names, feed))


def test_onnx_predicts_like_the_model(case):
    model, rows, answer = case
    said = can_be_said(lamina.to_onnx(model), rows)
    assert_alike(run_onnx(model, rows)[said], answer[said])


def test_onnx_computes_in_float32_on_request(case):
    model, rows, answer = case
    actual = run_onnx(model, rows, dtype="float32")
    assert actual.dtype == np.float32
    said = can_be_said(lamina.to_onnx(model), rows)
    np.testing.assert_allclose(actual[said], answer[said], atol=1e-3 * abs(answer).max())


def test_a_whole_number_is_one_category_in_every_export(compile_c):
    table = mixed(missing=False, dates=False).astype({"rooms": str})
    table["floor"] = pd.Series(np.arange(len(table)) % 4).astype(float).astype(str)
    kinds = {"rooms": "category", "floor": "category"}
    network = lamina.MLPRegressor(max_iter=5, tol=10.0, random_state=0)
    model = make_pipeline(TableEncoding(column_types=kinds), network).fit(table, table["age"])
    later = table.assign(rooms=table["rooms"] + ".0", floor=table["floor"].str[:1])
    answer = expected(model, later)
    for answered in (run_python(model, later), run_c(compile_c, model, later)):
        assert_alike(answered, answer)
    assert_alike(run_onnx(model, later), answer)


def test_every_export_supports_every_part_of_a_date(compile_c):
    table = mixed(missing=False)[["age", "seen", "logged"]]
    # Ends of years and months, leap days, and years before 1970 and far from it.
    edges = ["1899-12-31 23:59:59", "1900-03-01", "2000-02-29 13:00", "2100-02-28", "2024-12-31"]
    edges += ["2023-12-31 01:00", "1600-02-29 00:00", "2400-12-31 22:59:59", "1969-12-31 17:00"]
    hours = [f"2024-05-05 {hour:02}:00" for hour in range(24)]
    moments_ = pd.Series(pd.to_datetime([*edges, *hours], format="ISO8601").as_unit("us"))
    table["seen"] = pd.concat([moments_, table["seen"]], ignore_index=True)[: len(table)]
    encoding = TableEncoding(calendar_parts=list(PARTS))
    network = lamina.MLPRegressor(max_iter=5, tol=10.0, random_state=0)
    model = make_pipeline(encoding, network).fit(table, table["age"])
    assert model[0].calendar_["seen"] == [part for part in PARTS if part != "date_of_year"]
    rows = strange_rows(table)
    answer = expected(model, rows)
    assert_alike(run_python(model, rows), answer)
    assert_alike(run_c(compile_c, model, rows), answer)
    assert_alike(run_onnx(model, rows), answer)


def test_every_export_supports_days_of_the_year(compile_c):
    days = pd.date_range("2019-06-01", periods=1200, freq="D").as_unit("us")
    table = pd.DataFrame({"size": np.arange(1200.0) % 7, "day": days})
    encoding = TableEncoding(calendar_parts=["date_of_year"])
    network = lamina.MLPRegressor(max_iter=2, tol=10.0, random_state=0)
    model = make_pipeline(encoding, network).fit(table, table["size"])
    assert model[0].calendar_["day"] == ["date_of_year"]
    rows = table[::7]
    answer = expected(model, rows)
    assert_alike(run_python(model, rows), answer)
    assert_alike(run_c(compile_c, model, rows), answer)
    assert_alike(run_onnx(model, rows), answer)


def test_every_export_supports_levels_of_whole_numbers(compile_c):
    table = mixed(dates=False)
    network = lamina.MLPRegressor(max_iter=5, tol=10.0, random_state=0)
    encoding = TableEncoding(integer_categories=10)
    model = make_pipeline(encoding, network).fit(table, score_of(table))
    assert model[0].levels_ == {"rooms": [0, 1, 2, 3, 4, 5]}
    rows = strange_rows(table)
    answer = expected(model, rows)
    assert_alike(run_python(model, rows), answer)
    assert_alike(run_c(compile_c, model, rows), answer)
    assert_alike(run_onnx(model, rows), answer)


@pytest.mark.parametrize("export", [lamina.to_python, lamina.to_c, lamina.to_onnx])
def test_a_column_with_n_grams_is_rejected_by_name_with_a_cure(export):
    table = mixed(missing=False, dates=False)
    network = lamina.MLPRegressor(max_iter=2, tol=10.0, random_state=0)
    encoding = TableEncoding(text_components=2, column_types={"city": "text"})
    model = make_pipeline(encoding, network).fit(table, table["age"])
    with pytest.raises(lamina.errors.ExportError, match=r"'city'.*column_types=\{'city': 'cat"):
        export(model)


@pytest.mark.parametrize("column", ["seen", "logged"])
@pytest.mark.parametrize("form", ["frame", "texts", "arrays"])
def test_a_python_file_rejects_times_that_have_a_zone_only_here_or_in_training(column, form):
    model, table = fitted("dates")
    rows = table.head(4).reset_index(drop=True)
    is_zoned = column == "logged"
    times = rows[column].dt
    rows[column] = times.tz_localize(None) if is_zoned else times.tz_localize("UTC")
    if form == "texts":
        rows[column] = [None, *map(str, rows[column][1:])]
    if form == "arrays":
        rows = {name: rows[name].to_numpy() for name in rows}
    first = 2 if form == "texts" else 1
    expected = f"row {first}, which has {'no' if is_zoned else 'a'} time zone"
    with pytest.raises(ValueError, match=f"column '{column}' holds '.*' in {expected}"):
        run_python(model, rows)
