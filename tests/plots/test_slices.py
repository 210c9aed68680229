"""Slices of a feature space: varying and fixed features, and the type of their samples."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from lamina.plots.slices import slice_through

TABLE = pd.DataFrame(
    {"size": [1.0, 2.0, 6.0], "kind": ["a", "b", "b"], "age": [10, 30, 20], "is_new": [True] * 3}
)


def test_samples_of_a_frame_keep_columns_and_the_most_frequent_category():
    plane = slice_through(TABLE, 2, ("age", "size"))
    rows = plane.rows(np.array([[15.0, 3.0], [25.0, 4.0]]))
    assert list(rows.columns) == list(TABLE.columns)
    assert list(rows["kind"]) == ["b", "b"]
    assert list(rows["is_new"]) == [True, True]
    assert list(rows["age"]) == [15.0, 25.0]
    assert list(rows["size"]) == [3.0, 4.0]
    assert rows.dtypes["kind"] == TABLE.dtypes["kind"]
    assert plane.names == ("age", "size")
    np.testing.assert_array_equal(plane.positions, [[10, 1], [30, 2], [20, 6]])


def test_a_feature_that_is_not_numeric_cannot_be_an_axis():
    with pytest.raises(ValueError, match="'kind' is not numeric, but an axis needs numbers"):
        slice_through(TABLE, 2, ("kind", "size"))


def test_fixed_features_of_an_array_stay_at_the_median():
    X = np.array([[1.0, 5.0, 0.0], [2.0, 7.0, 0.0], [9.0, 6.0, 3.0]])
    line = slice_through(sparse.csr_array(X), 1, 1)
    np.testing.assert_array_equal(line.rows(np.array([[4.0]])), [[2.0, 4.0, 0.0]])
    assert line.names == ("x₂",)


def test_the_grid_extends_slightly_beyond_the_samples():
    plane = slice_through(np.array([[0.0, 1.0], [10.0, 1.0]]), 2)
    (horizontal, vertical), points = plane.grid(3)
    np.testing.assert_allclose(horizontal, [-0.8, 5, 10.8])
    np.testing.assert_allclose(vertical, [0.5, 1, 1.5])
    np.testing.assert_allclose(points[1], [5, 0.5])


def test_samples_along_principal_components_of_a_frame_are_a_frame():
    table = TABLE[["size", "age"]]
    plane = slice_through(table, 2, along="principal components")
    rows = plane.rows(plane.positions)
    assert list(rows.columns) == ["size", "age"]
    np.testing.assert_allclose(rows.to_numpy(), table.to_numpy())


@pytest.mark.parametrize(
    ("features", "message"),
    [
        ((0, 9), "9 is not among the 4 features"),
        ((0, 1, 2), "must be two features, by number or by name"),
        (None, "X has 4 features, but a plane shows two"),
    ],
)
def test_an_invalid_choice_of_features_is_rejected(features, message):
    with pytest.raises(ValueError, match=message):
        slice_through(TABLE, 2, features)


def test_one_feature_is_not_enough_for_a_plane():
    with pytest.raises(ValueError, match="X has 1 feature, but a plane needs two"):
        slice_through(TABLE[["size"]], 2)


def test_an_unknown_direction_is_rejected_with_the_nearest_name():
    with pytest.raises(ValueError, match=r"must be one of .* Did you mean 'principal components'"):
        slice_through(TABLE, 2, along="principle components")
