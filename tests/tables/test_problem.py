"""The supervised problem of a table: its task and targets, and invalid targets."""

import numpy as np
import pandas as pd
import pytest

from lamina.datasets import load
from lamina.errors import TableError
from lamina.tables.problem import as_classes, define_problem, guess_task, table_of, values


@pytest.mark.parametrize(
    ("target", "task"),
    [
        (["a", "b"], "classification"),
        ([True, False], "classification"),
        ([True, False, None], "classification"),
        ([0, 1], "classification"),
        ([0.0, 1.0, None], "classification"),
        ([0, 1, 2] * 5, "classification"),
        ([0, 1, 2] * 4, "regression"),
        (list(range(30)) * 10, "regression"),
        ([0.5, 1.0], "regression"),
        (pd.to_timedelta(["1h", "90min"]), "classification"),
    ],
)
def test_the_task_follows_from_the_values_of_the_target(target, task):
    assert guess_task(pd.Series(target).dropna()) == task


def test_a_date_as_a_target_is_rejected():
    table = pd.DataFrame({"x": [1, 2], "day": pd.to_datetime(["2020-01-01", "2020-01-02"])})
    with pytest.raises(
        TableError, match=r"column 'day' holds 20.* in row 1.* dates cannot be predicted: make"
    ):
        define_problem(table, "day")


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ([1.0, 2.0], np.array([1, 2])),
        ([0.5, 2.0], np.array(["0.5", "2"])),
        (["b", "a"], np.array(["b", "a"])),
        ([True, False], np.array([True, False])),
    ],
)
def test_classes_are_integers_booleans_or_text(target, expected):
    classes = values(pd.Series(target, dtype=object), "classification")
    assert classes.tolist() == expected.tolist()
    assert classes.dtype.kind == expected.dtype.kind


def test_rows_without_a_target_are_left_out_and_counted():
    problem = define_problem(pd.DataFrame({"x": [1, 2, 3], "y": ["a", None, "b"]}), "y")
    assert problem.features["x"].tolist() == [1, 3]
    assert problem.target.tolist() == ["a", "b"]
    assert problem.n_left_out == 1


def test_dropped_columns_are_not_features():
    table = pd.DataFrame({"x": [1, 2], "id": [3, 4], "y": ["a", "b"]})
    assert list(define_problem(table, "y", drop=["id"]).features) == ["x"]


def test_a_given_task_overrides_the_guess():
    table = pd.DataFrame({"x": [1, 2], "y": [0, 1]})
    assert define_problem(table, "y", "regression").target.dtype == np.float64


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"x": [1, 2], "z": [1, 2]}, r"no column 'y'. It has: 'x', 'z'"),
        ({"x": [1, 2], "yy": [1, 2]}, r"no column 'y'. Did you mean 'yy'\?"),
        ({"x": [1, 2], "y": ["a", "a"]}, r"the target 'y' is a in every row"),
        ({"x": [1, 2], "y": ["a", None]}, r"the target 'y' is a in every row"),
        ({"x": [1, 2], "y": [None, None]}, r"the target 'y' has no value in any row"),
        ({"x": [1, np.inf], "y": [1, 2]}, r"column 'x' holds infinity in row 2"),
        ({"x": [[1], [2]], "y": [1, 2]}, r"column 'x' holds lists such as \[1\]: .* drop 'x'"),
        ({"y": [1, 2]}, r"no column besides the target 'y'"),
    ],
)
def test_a_table_without_a_valid_problem_is_rejected(table, message):
    with pytest.raises(TableError, match=message):
        define_problem(pd.DataFrame(table), "y")


def test_words_as_the_target_of_a_regression_are_rejected():
    with pytest.raises(TableError, match=r"column 'y' holds 'a' in row 1, where a number"):
        define_problem(pd.DataFrame({"x": [1, 2], "y": ["a", "b"]}), "y", "regression")


def test_classes_from_another_file_are_converted_to_those_of_the_model():
    ours = as_classes(np.array(["2", "1"]), np.array([1, 2]), "y")
    assert ours.tolist() == [2, 1]
    with pytest.raises(TableError, match=r"'y' is 'yess' in row 2, .* Did you mean 'yes'"):
        as_classes(np.array(["no", "yess"]), np.array(["no", "yes"]), "y")


def test_a_data_set_is_converted_to_a_table_with_named_classes():
    iris = table_of(load("iris"))
    assert iris.shape == (150, 5)
    assert iris["target"].unique().tolist() == ["setosa", "versicolor", "virginica"]
    assert table_of(load("digits"))["target"].dtype.kind == "i"
