"""Exports of the estimators for tables, Python file, C header and ONNX, predict the same."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, replace
from functools import cache
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from sklearn.base import is_classifier
from sklearn.exceptions import NotFittedError
from tests.export.table_rows import answers_of_c, can_be_said, feed_of_onnx, hostile

import lamina
from lamina import TabularClassifier, TabularRegressor
from lamina.errors import ExportError
from lamina.export.lowering import ensembles as lowered_ensemble
from lamina.export.lowering.ensembles import lower_ensemble
from lamina.export.lowering.table_operations import CategoryCode, Columns, OneHot, SmoothClip
from lamina.tabular.recipes import QUALITIES, Quality
from lamina.tabular.recipes.embedded import EMBEDDED
from lamina.tabular.recipes.realmlp import REALMLP
from lamina.tabular.recipes.shared import SHARED
from lamina.tabular.transformations import SquareRoot

pd = pytest.importorskip("pandas")

pytestmark = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning",
    "ignore::lamina.errors.NoBetterThanTrivialWarning",
)

N_ROWS = 200
# Relative to the largest answer: float32 sums in another order.
TOLERANCE = {None: 2e-6, "float32": 1e-5, "float64": 2e-6}


def houses(n: int = N_ROWS, seed: int = 0) -> Any:
    """Return numbers, dates, booleans, few and many categories, with missing values."""
    draw = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "income": np.exp(draw.normal(10, 2, n)).round(2),
            "rooms": draw.integers(1, 6, n).astype(float),
            "garden": draw.random(n) > 0.5,
            "empties": np.where(draw.random(n) > 0.8, draw.normal(size=n), 0.0),
            "city": draw.choice(["Oslo", "Rome", "Århus"], n),
            "shop": draw.choice([f"shop {i}" for i in range(30)], n),
            "zip": draw.choice([f"{i:05d}" for i in range(14)], n),
            "heated": draw.choice(["yes", "no"], n),
            "seen": pd.Timestamp("2021-02-27 13:21") + pd.to_timedelta(np.arange(n) * 7, "h"),
            "unit": "kg",
        }
    )
    table["seen"] = table["seen"].dt.as_unit("us")
    table = table.astype({"garden": object})
    for i, name in enumerate(table.columns[:-1]):
        table.loc[i :: 11 + i, name] = None
    return table


def numbers(n: int = N_ROWS) -> Any:
    """Return numbers only."""
    return houses(n)[["income", "rooms", "empties"]]


def categories(n: int = N_ROWS) -> Any:
    """Return categories only."""
    return houses(n)[["city", "shop", "heated"]]


def score_of(table: Any) -> np.ndarray:
    """Return a number for each row."""
    codes = [pd.factorize(table.iloc[:, i])[0] for i in (0, 1, 2, table.shape[1] - 2)]
    return np.sum([np.sin(c) for c in codes], axis=0)


def add_labels(table: Any, n_classes: int) -> np.ndarray:
    """Return one of n classes of about equal size for each row."""
    ranks = np.argsort(np.argsort(score_of(table)))
    return ranks * n_classes // len(table)


CASES = {
    "regression": (houses, lambda t: score_of(t) * 1e6, TabularRegressor),
    "regression of numbers": (numbers, score_of, TabularRegressor),
    "regression of categories": (categories, score_of, TabularRegressor),
    "two classes": (houses, lambda t: np.array(["no", "yés"])[add_labels(t, 2)], TabularClassifier),
    "four classes": (houses, lambda t: add_labels(t, 4), TabularClassifier),
    "classes of booleans": (numbers, lambda t: add_labels(t, 2) > 0, TabularClassifier),
    "hostile texts": (hostile, score_of, TabularRegressor),
    "several recipes": (houses, lambda t: add_labels(t, 3), TabularClassifier),
    "tempered": (houses, lambda t: add_labels(t, 3), TabularClassifier),
    "embedded, regression": (houses, score_of, TabularRegressor),
    "embedded, classes": (numbers, lambda t: add_labels(t, 3), TabularClassifier),
    "realmlp, regression": (houses, score_of, TabularRegressor),
    "realmlp, classes": (houses, lambda t: add_labels(t, 3), TabularClassifier),
    "shared, regression": (categories, score_of, TabularRegressor),
    "shared, classes": (houses, lambda t: add_labels(t, 2), TabularClassifier),
}
LEARNED_INPUTS = {recipe.name: recipe for recipe in (EMBEDDED, REALMLP, SHARED)}


@cache
def fitted(name: str) -> tuple[Any, Any]:
    """Model of a case, with its training table."""
    make, target, cls = CASES[name]
    table = make()
    quality = "balanced" if name == "several recipes" else "fast"
    cv = 2 if name == "several recipes" else 3
    model = cls(quality=quality, random_state=0, n_jobs=1, time_limit=None)
    types = {"zip": "category"} if "zip" in table else None
    recipe = LEARNED_INPUTS.get(name.partition(",")[0])
    short = () if recipe is None else (replace(recipe, epochs=12, batch_sizes={0: 32}),)
    with patch.dict(QUALITIES, {"fast": Quality("fast", 3, 3, recipes=short)} if short else {}):
        model.set_params(column_types=types).fit(table, target(table), cv=cv)
    if name == "tempered":
        model.calibration_ = replace(model.calibration_, temperature=1.7)
    return model, table


def strange_rows(table: Any) -> Any:
    """Return rows of the table, and rows with missing, extreme or unseen values."""
    head = table.iloc[: table.shape[1] * 3].reset_index(drop=True).copy()
    n = table.shape[1]
    for i, name in enumerate(table.columns):
        head.loc[i, name] = None
        if isinstance(table[name].dropna().iloc[0], str):
            head.loc[i + n, name] = 'unseen "x"'
        elif table[name].dtype == float:
            head.loc[i + n, name] = 1e300
            head.loc[i + 2 * n, name] = -1e12
    return pd.concat([table, head], ignore_index=True)


def expected(model: Any, table: Any) -> np.ndarray:
    """Return lamina's output as columns."""
    if is_classifier(model):
        return np.asarray(model.predict_proba(table))
    return np.asarray(model.predict(table)).reshape(-1, 1)


def run_python(model: Any, table: Any, **options: Any) -> np.ndarray:
    """Return the Python file's output as columns."""
    names: dict[str, Any] = {}
    exec(compile(lamina.to_python(model, **options), "model.py", "exec"), names)
    if not is_classifier(model):
        return np.asarray(names["predict"](table)).reshape(-1, 1)
    assert names["predict"](table).tolist() == model.predict(table).tolist()
    return np.asarray(names["predict_proba"](table))


def assert_alike(actual: np.ndarray, expected: np.ndarray, dtype: str | None) -> None:
    """Assert equality up to the dtype's tolerance, relative to the largest number."""
    assert actual.shape == expected.shape
    assert actual.dtype == (dtype or "float64")
    np.testing.assert_allclose(
        actual, expected, rtol=0, atol=TOLERANCE[dtype] * abs(expected).max()
    )


EXPORTS = [lamina.to_python, lamina.to_c, lamina.to_onnx]
every_export = pytest.mark.parametrize("export", EXPORTS, ids=lambda each: each.__name__)
every_dtype = pytest.mark.parametrize("dtype", [None, "float32", "float64"])
every_case = pytest.mark.parametrize("name", CASES)


@every_dtype
@every_case
def test_a_python_file_predicts_like_the_ensemble(name, dtype):
    model, table = fitted(name)
    rows = strange_rows(table)
    assert_alike(run_python(model, rows, dtype=dtype), expected(model, rows), dtype)


@pytest.mark.parametrize(
    ("name", "dtype"),
    [*((name, None) for name in CASES), ("regression", "float32"), ("two classes", "float64")],
)
def test_a_c_header_predicts_like_the_ensemble(name, dtype, compile_c):
    model, table = fitted(name)
    rows = strange_rows(table)
    program, header = lower_ensemble(model, dtype), lamina.to_c(model, dtype=dtype)
    call = "mlp_predict(row, y)"
    actual = answers_of_c(compile_c, header, program, rows, call, program.n_columns)
    assert_alike(actual, expected(model, rows), dtype)


def run_onnx(model: Any, table: Any, **options: Any) -> np.ndarray:
    """Return onnxruntime's output as columns."""
    onnxruntime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnx")
    proto = lamina.to_onnx(model, **options)
    session = onnxruntime.InferenceSession(proto.SerializeToString())
    feed = feed_of_onnx(session, lower_ensemble(model), table)
    *labels, answer = session.run(None, feed)
    if labels:
        assert labels[0].tolist() == model.predict(table).tolist()
    return np.asarray(answer)


@every_dtype
@every_case
def test_onnx_predicts_like_the_ensemble(name, dtype):
    model, table = fitted(name)
    rows = strange_rows(table)
    if dtype == "float32":
        # Larger numbers overflow float32.
        rows = rows[~(rows.select_dtypes(float).abs() > 1e30).any(axis=1)]
    rows = rows[can_be_said(lamina.to_onnx(model), rows)]
    assert_alike(run_onnx(model, rows, dtype=dtype), expected(model, rows), dtype)


@pytest.mark.parametrize("dtype", [None, "float64"])
def test_every_export_undoes_the_square_root_that_members_learned(dtype, compile_c):
    fitted_to_values, table = fitted("regression of numbers")
    model, rows = copy(fitted_to_values), strange_rows(table)
    root = SquareRoot(0.25)
    # Some predictions are negative roots, and some are beyond the range.
    model._target = replace(model._target, transformation=root, range=(-1.5, 3.0))
    answer = expected(model, rows)
    assert answer.min() == -1.5
    assert answer.max() == 3.0
    assert_alike(run_python(model, rows, dtype=dtype), answer, dtype)
    assert_alike(run_onnx(model, rows, dtype=dtype), answer, dtype)
    header, program = lamina.to_c(model, dtype=dtype), lower_ensemble(model, dtype)
    result = answers_of_c(compile_c, header, program, rows, "mlp_predict(row, y)", 1)
    assert_alike(result, answer, dtype)


@every_export
def test_an_unsupported_target_is_rejected(export):
    model = copy(fitted("regression of numbers")[0])

    @dataclass(frozen=True)
    class Shifted:
        learned: Any
        range: tuple[float, float]
        shift: float

    model._target = Shifted(np.empty(0), (0.0, 1.0), 1.0)
    with pytest.raises(ExportError, match="no export supports the Shifted of the target"):
        export(model)


def test_onnx_has_the_raw_columns_of_an_ensemble_as_inputs():
    pytest.importorskip("onnx")
    model, _ = fitted("two classes")
    graph = lamina.to_onnx(model).graph
    kinds = {each.name: each.type.tensor_type.elem_type for each in graph.input}
    assert kinds["income"] == 11  # DOUBLE
    assert kinds["city"] == 8  # STRING
    assert kinds["seen"] == 7  # INT64
    assert [each.name for each in graph.output] == ["label", "probabilities"]


def test_onnx_zips_the_probabilities_of_an_ensemble():
    onnxruntime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnx")
    model, table = fitted("two classes")
    proto = lamina.to_onnx(model, zipmap=True)
    session = onnxruntime.InferenceSession(proto.SerializeToString())
    _, answers = session.run(None, feed_of_onnx(session, lower_ensemble(model), table))
    assert answers[0].keys() == {"no", "yés"}
    np.testing.assert_allclose(answers[3]["no"], model.predict_proba(table)[3, 0], rtol=1e-5)


def test_onnx_returns_nan_for_infinite_numbers():
    model, table = fitted("regression")
    rows = table[:3].assign(income=[1.0, np.inf, -np.inf])
    assert np.isfinite(run_onnx(model, rows)[:, 0]).tolist() == [True, False, False]


def test_the_c_header_of_an_ensemble_returns_nan_for_infinite_numbers(compile_c):
    model, table = fitted("two classes")
    rows = table[:3].assign(income=[1.0, np.inf, -np.inf])
    header, program = lamina.to_c(model), lower_ensemble(model)
    actual = answers_of_c(compile_c, header, program, rows, "mlp_predict(row, y)", 2)
    assert np.isfinite(actual).all(axis=1).tolist() == [True, False, False]


@pytest.mark.parametrize("form", ["dict", "rows", "arrays", "shuffled"])
def test_the_python_file_of_an_ensemble_accepts_every_form_of_table(form):
    model, table = fitted("two classes")
    rows = strange_rows(table)
    actual = {
        "dict": lambda: rows.to_dict("list"),
        "rows": lambda: rows.to_dict("records"),
        "arrays": lambda: {name: rows[name].to_numpy() for name in rows},
        "shuffled": lambda: rows[rows.columns[::-1]],
    }[form]()
    assert_alike(run_python_alone(model, actual), expected(model, rows), None)


def run_python_alone(model: Any, table: Any) -> np.ndarray:
    names: dict[str, Any] = {}
    exec(lamina.to_python(model), names)
    return np.asarray(names["predict_proba"](table))


def test_the_python_file_of_an_ensemble_rejects_infinity_by_column_and_row():
    model, table = fitted("regression")
    names: dict[str, Any] = {}
    exec(lamina.to_python(model), names)
    rows = table.copy()
    rows.loc[4, "income"] = np.inf
    with pytest.raises(ValueError, match="'income' holds infinity in row 5"):
        names["predict"](rows)


def test_an_ensemble_fitted_to_an_array_is_exported_with_numbered_columns():
    X = np.random.default_rng(0).normal(size=(120, 3))
    model = TabularRegressor(quality="fast", random_state=0).fit(X, X[:, 0] + X[:, 1])
    names: dict[str, Any] = {}
    exec(lamina.to_python(model), names)
    actual = names["predict"](dict(zip(names["COLUMNS"], X.T, strict=True)))
    np.testing.assert_allclose(actual, model.predict(X), rtol=1e-5)


def test_members_share_the_encoding_and_the_bins_of_a_recipe():
    model, _ = fitted("several recipes")
    program = lower_ensemble(model)
    texts = [each.column for each in program.operations if isinstance(each, OneHot | CategoryCode)]
    assert len(texts) == len(set(texts))
    reads = [each.columns for each in program.operations if isinstance(each, Columns)]
    assert len(reads) == len(set(reads))
    recipes = {member.recipe for member in model.members_}
    assert len(model.members_) == 2 * len(recipes)
    assert sum(isinstance(each, SmoothClip) for each in program.operations) <= len(recipes)


def test_an_excluded_column_is_not_an_input():
    model, _ = fitted("regression")
    assert "unit" not in [each.name for each in lower_ensemble(model).inputs]


def jobs(n: int = 160) -> Any:
    """Return a column of short texts with common words."""
    draw = np.random.default_rng(0)
    ranks, fields = ["senior", "junior", "chief"], ["engineer", "manager", "clerk", "driver"]
    texts = [f"{draw.choice(ranks)} {draw.choice(fields)} {draw.integers(0, 40)}" for _ in range(n)]
    return pd.DataFrame({"job": texts, "age": draw.normal(size=n)})


def with_texts() -> Any:
    """Model with a member that uses n-grams of texts."""
    table = jobs()
    y = table["age"] + table["job"].str.startswith("senior") * 2
    model = TabularRegressor(quality="fast", random_state=0).fit(table, y, cv=2)
    assert list(model.inputs_.encoding_.texts_) == ["job"]
    return model, table


def test_texts_that_no_member_uses_are_ignored():
    model, table = with_texts()
    assert_alike(run_python(model, table), expected(model, table), None)


@every_export
def test_n_grams_used_by_a_member_are_rejected_by_column_with_a_cure(export):
    model, _ = with_texts()
    model.members_[1] = replace(model.members_[1], uses_texts=True)
    with pytest.raises(ExportError, match=r"column 'job', .*column_types=\{'job': 'category'\}"):
        export(model)


@every_export
def test_an_unsupported_part_is_rejected_by_name(export, monkeypatch):
    model, _ = fitted("two classes")
    supported = dict(lowered_ensemble.KNOWN)
    [member] = [cls for cls in supported if cls.__name__ == "Member"]
    monkeypatch.setattr(lowered_ensemble, "KNOWN", supported | {member: frozenset({"recipe"})})
    with pytest.raises(ExportError, match=r"no export supports split=0 of members_\[0\]"):
        export(model)


@every_export
@pytest.mark.parametrize("cls", [TabularClassifier, TabularRegressor])
def test_an_unfitted_ensemble_is_rejected(export, cls):
    with pytest.raises(NotFittedError):
        export(cls())


@pytest.mark.parametrize("export", [lamina.to_torch, lamina.to_sklearn])
def test_unsupported_formats_for_ensembles_name_the_supported_ones(export):
    model, _ = fitted("two classes")
    with pytest.raises(TypeError, match=r"export it with lamina\.to_onnx, to_python or to_c"):
        export(model)
