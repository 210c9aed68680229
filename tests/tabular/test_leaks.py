"""Columns with a leak are named, with a cure; others are not."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

from lamina import TabularClassifier, TabularRegressor
from lamina.errors import LeakWarning
from lamina.tabular.inputs import TableInputs
from lamina.tabular.leaks import encoded_columns, find_leaks

N = 600


def honest(seed=0, n=N):
    """Columns related to the target, but without a leak."""
    draw = np.random.RandomState(seed)
    return {
        "x": draw.normal(size=n),
        "group": draw.randint(0, 12, n),
        "number": np.arange(n),
        "noise": np.where(draw.rand(n) > 0.3, draw.normal(size=n), np.nan),
    }


def targets(seed=0, n=N):
    """Target of each kind, related to the columns of `honest`."""
    columns, draw = honest(seed, n), np.random.RandomState(seed + 100)
    score = 2 * columns["x"] + columns["group"] / 6 + draw.normal(size=n)
    return {
        "value": score,
        "heavy-tailed value": np.exp(3 * score),
        "two classes": (score > 0).astype(np.int64),
        "rare class": (score > np.quantile(score, 0.96)).astype(np.int64),
        "classes": np.digitize(score, [-1, 1]),
    }


KINDS = list(targets())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(5))
def test_columns_without_a_leak_are_not_named(kind, seed):
    assert find_leaks(honest(seed), targets(seed)[kind]) == []


def leaks(kind, target):
    """Return columns with a leak for a kind of target."""
    draw = np.random.RandomState(7)
    copies = {
        "a copy in another unit": 3.0 - 0.01 * target,
        "a copy that lacks values": np.where(draw.rand(N) < 0.004, np.nan, target * 1.0),
    }
    if target.dtype.kind == "f":
        return copies | {"a rounded copy": np.round(target, 3)}
    return copies | {
        "text": 10 - target,
        "missing for one class": np.where(target == 1, np.nan, draw.normal(size=N) + 9 * target),
    }


@pytest.mark.parametrize("kind", KINDS)
def test_only_the_column_with_a_leak_is_named(kind):
    target = targets()[kind]
    for name, column in leaks(kind, target).items():
        [leak] = find_leaks({**honest(), name: column}, target)
        assert leak.column == name
        assert leak.value >= 0.99
        assert f"drop the column (`lamina train --id {name!r}` does not learn" in leak.remark


@pytest.mark.parametrize("target", [np.zeros(N), np.zeros(N, int), np.arange(4.0), np.arange(N)])
def test_no_leak_is_reported_for_a_target_that_cannot_be_scored(target):
    assert find_leaks({"x": target * 1.0}, target) == []


def test_few_rows_or_a_small_class_give_no_leak_warning():
    draw = np.random.RandomState(0)
    for n, n_positive in ((49, 20), (2000, 9)):
        target = (np.arange(n) < n_positive).astype(np.int64)
        assert find_leaks({"x": draw.normal(size=n) + 100 * target}, target) == []


def test_the_estimators_warn_once_for_each_and_keep_the_remark():
    columns, target = honest(n=200), targets(n=200)
    table = pd.DataFrame(columns).astype({"group": str}).rename(columns={"number": "place"})
    table["closed on"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(200) % 37, "D")
    table.loc[target["two classes"] == 0, "closed on"] = pd.NaT
    table["verdict"] = np.where(target["two classes"] == 1, "bought", "left")
    with pytest.warns(LeakWarning) as found:
        model = TabularClassifier(quality="fast", random_state=0).fit(table, target["two classes"])
    named = [each for each in found if each.category is LeakWarning]
    assert sorted(str(each.message).split("'")[1] for each in named) == ["closed on", "verdict"]
    remarks = {record["column"]: record["remarks"] for record in model.report_}
    assert "alone predicts the target almost perfectly (AUC 1.0000" in remarks["verdict"][0]
    assert remarks["x"] == []
    with warnings.catch_warnings():
        warnings.simplefilter("error", LeakWarning)
        honest_table = table.drop(columns=["closed on", "verdict"])
        TabularRegressor(quality="fast", random_state=0).fit(honest_table, target["value"])


def test_the_columns_of_an_encoded_table_have_their_missing_values_back():
    table = pd.DataFrame({"x": [1.0, None, 3.0, 4.0], "c": ["a", "b", None, "a"]})
    inputs = TableInputs()
    columns = encoded_columns(inputs, inputs.fit_encode(table))
    assert np.isnan(columns["x"]).tolist() == [False, True, False, False]
    assert columns["c"][0] == columns["c"][3] != columns["c"][2]
