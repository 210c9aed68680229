"""Rows held out at random: every class is in the training, and a seed repeats the split."""

import numpy as np
import pandas as pd
import pytest

from lamina.cli.splitting import split
from lamina.errors import TableError
from lamina.tables.problem import Problem


def problem(target, task):
    features = pd.DataFrame({"x": range(len(target))})
    target = np.array(target)
    return Problem(features, target, task, ("y", "z")[: target.ndim], 0)


def test_a_split_keeps_the_proportions_of_the_classes():
    parts = split(problem(["a"] * 80 + ["b"] * 20, "classification"), 0.25, seed=0)
    assert np.unique(parts.y_test, return_counts=True)[1].tolist() == [20, 5]
    assert len(parts.X_train) == len(parts.y_train) == 75


def test_a_split_is_the_same_for_the_same_seed_only():
    posed = problem(np.arange(50.0), "regression")
    assert split(posed, 0.2, 1).y_test.tolist() == split(posed, 0.2, 1).y_test.tolist()
    assert split(posed, 0.2, 1).y_test.tolist() != split(posed, 0.2, 2).y_test.tolist()


@pytest.mark.parametrize("test_size", [0, 1, -0.5, 3, float("nan")])
def test_a_test_size_out_of_range_is_rejected(test_size):
    with pytest.raises(ValueError, match="--test-size must lie between 0 and 1"):
        split(problem(np.arange(50.0), "regression"), test_size, 0)


@pytest.mark.parametrize("seed", range(5))
def test_a_class_of_one_row_is_used_for_training_and_named(seed):
    parts = split(problem(["a"] * 8 + ["b"] + ["c"] * 8, "classification"), 0.2, seed)
    assert set(parts.y_train) == {"a", "b", "c"}
    assert set(parts.y_test) == {"a", "c"}
    (remark,) = parts.remarks
    assert remark == (
        "class b of 'y' has only one row: it is used for training, and the class cannot be measured"
    )


def test_several_classes_of_one_row_are_counted_and_the_first_named():
    labels = ["a"] * 20 + list("bcdefgh")
    (remark,) = split(problem(labels, "classification"), 0.2, 0).remarks
    assert remark.startswith("7 classes of 'y' have only one row each (b, c, d, e, f, …): the ")


def test_a_target_with_one_row_per_class_is_rejected():
    with pytest.raises(TableError, match="every class of 'y' has only one row"):
        split(problem(["a", "b", "c"], "classification"), 0.2, 0)


@pytest.mark.parametrize("seed", range(5))
def test_every_class_of_several_targets_is_used_for_training(seed):
    target = [["a", "x"]] * 9 + [["b", "x"]] + [["a", "y"]] + [["a", "x"]] * 9
    parts = split(problem(target, "classification"), 0.4, seed)
    for i in range(2):
        assert set(parts.y_test[:, i]) <= set(parts.y_train[:, i])
    assert len(parts.y_test) + len(parts.y_train) == 20
    assert len(parts.X_test) == len(parts.y_test)


@pytest.mark.parametrize("test_size", [0.2, 0.8])
def test_too_few_rows_for_both_parts_are_rejected(test_size):
    with pytest.raises(TableError, match=r"of 6 rows holds out . and trains on ., but each part"):
        split(problem(["a", "b", "c"] * 2, "classification"), test_size, 0)
