"""The comparison of models on tables: its error measures, record, and peers' inputs."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from benchmarks.tables.boosters import category_columns, text_columns
from benchmarks.tables.calendar import with_calendar_parts
from benchmarks.tables.comparing import compare
from benchmarks.tables.measuring import Measurement, measure, measured_error
from benchmarks.tables.models import MODELS
from benchmarks.tables.record import Record
from benchmarks.tables.tables import BenchmarkTable

pytestmark = pytest.mark.repository


def made_table(task: str, n_samples: int = 120) -> BenchmarkTable:
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        {
            "size": rng.normal(size=n_samples),
            "city": pd.Series(rng.choice(["Oslo", "Rome"], n_samples), dtype="str"),
            "day": [f"2024-0{i % 9 + 1}-05" for i in range(n_samples)],
        }
    )
    X.loc[3, "city"] = None
    y = X["size"].to_numpy() + (X["city"] == "Oslo")
    target = y if task == "regression" else np.where(y > 0, "yes", "no")
    half = n_samples // 2
    return BenchmarkTable(
        "made", task, X[:half], target[:half], X[half:].reset_index(drop=True), target[half:]
    )


@pytest.mark.parametrize("task", ["binary", "regression"])
@pytest.mark.parametrize("model", ["lamina train", "hist gradient boosting"])
def test_a_model_that_learns_beats_the_trivial_prediction(task, model):
    table = made_table(task)
    trivial = 0.5 if task == "binary" else float(np.std(table.y_test))
    assert measure(MODELS[model], table).error < trivial


def test_the_error_of_two_classes_is_one_minus_auc():
    table = made_table("binary")
    certain = (table.y_test[:, None] == np.array(["no", "yes"])).astype(float)
    assert measured_error(table, certain) == 0
    assert measured_error(table, 1 - certain) == 1


@pytest.mark.parametrize("task", ["binary", "regression"])
def test_a_model_of_lamina_shows_its_own_score_beside_the_test_error(task):
    measured = measure(MODELS["fast"], made_table(task))
    assert measured.standard_error > 0
    assert measured.validation_standard_error > 0
    apart = (measured.error - measured.validation_error) / measured.deviation
    expected = np.hypot(measured.standard_error, measured.validation_standard_error)
    assert apart == pytest.approx(expected)
    assert abs(measured.deviation) < 4


def test_a_model_without_validation_has_no_deviation():
    assert measure(MODELS["hist gradient boosting"], made_table("binary")).deviation is None


def test_a_model_in_time_is_validated_on_later_rows():
    table = replace(made_table("regression"), time="day")
    measured = measure(MODELS["balanced in time"], table)
    assert measured.validation_error != measure(MODELS["fast"], table).validation_error


def test_only_dates_become_numbers():
    frame = pd.DataFrame({"when": ["12/31/2024", None], "code": ["2024-1", "x"]})
    parts = with_calendar_parts(frame)
    assert parts["when month"][0] == 12
    assert np.isnan(parts["when"][1])
    assert parts["code"].tolist() == ["2024-1", "x"]


def test_peers_see_a_missing_or_unseen_category_as_one():
    table = made_table("binary")
    table.X_test.loc[0, "city"] = "Paris"
    train, _, texts = text_columns(table)
    assert texts == ["city"]
    assert train["city"][3] == "missing"
    _, test = category_columns(table)
    assert test.iloc[0].isna().sum() == 1


def test_a_saved_record_keeps_the_newest_figure(tmp_path):
    record, path = Record(), tmp_path / "results" / "tables.json"
    for error in (0.2, 0.1):
        record.add(
            Measurement("catboost", "adult", 100, error, 1.5), {"version": "1"}, "2026-01-01"
        )
    record.save(path)
    found = Record.load(path).find("catboost", "adult", 100)
    assert found == Measurement("catboost", "adult", 100, 0.1, 1.5)
    assert Record.load(path).find("catboost", "adult", 99) is None


def test_models_are_compared_on_their_common_tables():
    comparison = compare({"a": 1.0, "b": 2.0, "c": 1.0}, {"a": 2.0, "b": 1.0})
    assert (comparison.n_better, comparison.n_tables) == (1, 2)
    assert comparison.mean_relative_error == 0.25
