"""Rows held out by group or by time: both sides obey the rule for any column."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamina.cli.dividing import split_by_group, split_by_time
from lamina.errors import TableError
from lamina.tables.problem import Problem


def problem(target, task="regression"):
    features = pd.DataFrame({"x": range(len(target))})
    return Problem(features, np.array(target), task, ("y",), 0)


def column(values, name="by"):
    return pd.Series(values, name=name)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.sampled_from([*"abcdefgh", None]), min_size=4, max_size=60),
    st.floats(0.1, 0.5),
    st.integers(0, 3),
)
def test_no_group_is_on_both_sides_and_every_row_is_on_one(groups, test_size, seed):
    if len({*groups} - {None}) + groups.count(None) < 2:
        return
    parts = split_by_group(problem(np.arange(float(len(groups)))), column(groups), test_size, seed)
    train, test = set(parts.X_train["x"]), set(parts.X_test["x"])
    assert train | test == set(range(len(groups)))
    assert train
    assert test
    assert not {groups[i] for i in train} & {groups[i] for i in test} - {None}


def test_held_out_groups_have_about_the_fraction_and_the_classes_of_all_rows():
    groups = np.repeat(np.arange(100), 10)
    target = np.repeat(np.where(np.arange(100) % 10 == 0, "rare", "often"), 10)
    parts = split_by_group(problem(target, "classification"), column(groups), 0.2, 0)
    assert len(parts.y_test) == 200
    assert np.mean(parts.y_test == "rare") == 0.1
    assert parts.by_of_training()["groups"].shape == (800,)
    assert parts.description == (
        "held out: 20 groups of 'by', 200 rows (20 %); no group is on both sides"
    )


def test_a_group_split_is_the_same_for_the_same_seed_only():
    posed, groups = problem(np.arange(60.0)), column(np.arange(60) // 3)
    first = split_by_group(posed, groups, 0.2, 1).y_test.tolist()
    assert first == split_by_group(posed, groups, 0.2, 1).y_test.tolist()
    assert first != split_by_group(posed, groups, 0.2, 2).y_test.tolist()


def test_rows_without_a_group_each_form_their_own_and_are_reported():
    groups = column(["a"] * 10 + [None] * 10)
    parts = split_by_group(problem(np.arange(20.0)), groups, 0.25, 0)
    assert len(parts.y_test) == 5
    assert parts.description.endswith("; 10 rows without a group each form their own")


def test_one_group_cannot_be_divided():
    with pytest.raises(TableError, match="--group 'by': all rows belong to one group"):
        split_by_group(problem(np.arange(8.0)), column(["a"] * 8), 0.2, 0)


def test_the_last_rows_by_time_are_held_out_in_any_order_of_rows():
    days = pd.date_range("2024-01-01", periods=50)
    order = np.random.default_rng(0).permutation(50)
    parts = split_by_time(problem(order * 1.0), column(days[order]), 0.2)
    assert sorted(parts.y_test) == list(range(40, 50))
    assert parts.by_of_training()["time"].max() < parts.by["time"].max()
    assert parts.description == "held out: the rows from by 2024-02-10 on, 10 rows (20 %)"


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 5), min_size=2, max_size=40), st.floats(0.05, 0.6))
def test_equal_times_stay_on_one_side(times, test_size):
    if len(set(times)) < 2:
        return
    parts = split_by_time(problem(np.arange(float(len(times)))), column(times), test_size)
    train, test = ([times[i] for i in part["x"]] for part in (parts.X_train, parts.X_test))
    assert max(train) < min(test)


@pytest.mark.parametrize(
    ("times", "message"),
    [
        ([3] * 6, "--time 'by' is the same in every row"),
        ([1, 2, None, 4, 5, 6], "--time 'by' is missing in row 3"),
        (["a", "b", "c", "d", "e", "f"], "--time 'by' holds text, such as 'a' in row 1"),
    ],
)
def test_a_column_without_times_is_rejected(times, message):
    with pytest.raises(TableError, match=message):
        split_by_time(problem(np.arange(6.0)), column(times), 0.2)


def test_held_out_rows_of_a_class_absent_from_training_are_reported_and_not_measured():
    target = ["a", "b"] * 8 + ["a", "c", "c", "b"]
    parts = split_by_time(problem(target, "classification"), column(range(20)), 0.2)
    assert parts.y_test.tolist() == ["a", "b"]
    (remark,) = parts.remarks
    assert remark.startswith("held-out rows whose class no training row has: 2.")


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (["a"] * 16 + ["b"] * 4, "the target 'y' is a in every training row"),
        (["a", "b"] * 8 + ["c"] * 4, "no held-out row has a class of the training rows"),
    ],
)
def test_a_split_that_leaves_classes_on_one_side_only_is_rejected(target, message):
    with pytest.raises(TableError, match=message):
        split_by_time(problem(target, "classification"), column(range(20)), 0.2)


@pytest.mark.parametrize("test_size", [0, 1, float("nan")])
def test_a_test_size_out_of_range_is_rejected(test_size):
    with pytest.raises(ValueError, match="--test-size must lie between 0 and 1"):
        split_by_time(problem(np.arange(8.0)), column(range(8)), test_size)
