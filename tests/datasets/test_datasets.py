"""Built-in data sets are consistent, and error messages suggest their names."""

import dataclasses

import numpy as np
import pytest

from lamina.datasets import DATASETS, load
from lamina.datasets.files import CALIFORNIA_FILE, MNIST_FILE, data_file
from lamina.errors import UnknownNameError

FILES = {"mnist": MNIST_FILE, "california_housing": CALIFORNIA_FILE}


@pytest.mark.parametrize("name", DATASETS)
def test_a_data_set_is_consistent(name):
    if name in FILES and data_file(FILES[name]) is None:
        pytest.skip(f"no folder has {FILES[name]}, and tests download nothing")
    data = load(name)
    record = DATASETS[name]
    assert (data.name, data.task) == (name, record.task)
    assert data.X.shape == (len(data.y), len(data.feature_names))
    assert len(set(data.feature_names)) == len(data.feature_names)
    if data.task == "classification":
        assert data.y.dtype == np.int64
        n_classes = len(np.unique(data.y))
        assert data.target_names == () or len(data.target_names) == n_classes > 1
    else:
        assert data.y.dtype == np.float64
        assert data.target_names == ()


def test_a_data_set_is_immutable():
    with pytest.raises(dataclasses.FrozenInstanceError):
        load("iris").name = "tulips"


def test_an_unknown_name_is_rejected_with_the_nearest():
    with pytest.raises(
        UnknownNameError, match=r"'diggits' is not a known data set. Did you mean 'digits'"
    ):
        load("diggits")


def test_generated_data_sets_are_reproducible():
    np.testing.assert_array_equal(load("moons").X, load("moons").X)
    assert not np.array_equal(load("moons").X, load("circles").X)
