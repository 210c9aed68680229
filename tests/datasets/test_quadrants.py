"""Four clusters are at their positions, and the points depend only on the seed."""

import numpy as np
import pytest

from lamina.datasets import load, make_quadrants


def test_each_class_is_centred_on_its_corner():
    X, y = make_quadrants(4000, std=0.2, random_state=0)
    means = [X[y == quadrant].mean(axis=0) for quadrant in range(4)]
    np.testing.assert_allclose(means, [[1, 1], [-1, 1], [-1, -1], [1, -1]], atol=0.03)
    stds = [X[y == quadrant].std(axis=0) for quadrant in range(4)]
    np.testing.assert_allclose(stds, 0.2, rtol=0.1)


def test_points_are_divided_evenly_or_as_given():
    assert np.bincount(make_quadrants(10)[1]).tolist() == [3, 3, 2, 2]
    X, y = make_quadrants((1, 0, 5, 2), shuffle=False)
    assert y.tolist() == [0, 2, 2, 2, 2, 2, 3, 3]
    assert X.shape == (8, 2)
    assert (X.dtype, y.dtype) == (np.float64, np.int64)


def test_the_points_depend_only_on_the_seed():
    X, y = make_quadrants(random_state=3)
    again, y_again = make_quadrants(random_state=np.random.RandomState(3))
    np.testing.assert_array_equal(X, again)
    np.testing.assert_array_equal(y, y_again)
    assert not np.array_equal(X, make_quadrants(random_state=4)[0])


def test_all_points_are_at_the_corners_if_std_is_zero():
    X, _ = make_quadrants(8, std=0, random_state=0)
    assert set(map(tuple, X)) == {(1, 1), (-1, 1), (-1, -1), (1, -1)}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"std": -1.0}, r"std=-1.0 must be zero or more"),
        ({"std": float("nan")}, r"std=nan must be zero or more"),
        ({"n_samples": (3, 4)}, r"n_samples=\(3, 4\) must be a number of points, or four"),
        ({"n_samples": -4}, r"n_samples=-4 must be a number of points"),
    ],
)
def test_invalid_arguments_are_rejected(arguments, message):
    with pytest.raises(ValueError, match=message):
        make_quadrants(**arguments)


def test_the_data_set_of_that_name_has_the_four_classes():
    data = load("quadrants")
    assert data.X.shape == (1000, 2)
    assert np.bincount(data.y).tolist() == [250] * 4
