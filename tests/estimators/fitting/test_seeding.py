"""Generators equal scikit-learn's, to the last bit of their state."""

import numpy as np
import pytest
from sklearn.utils import check_random_state

from lamina.estimators.fitting.initializing import make_generator


@pytest.mark.parametrize("seed", [0, 1, 42, 2**31, 2**32 - 1, np.int64(7), np.uint8(200)])
def test_a_seed_makes_the_same_generator_as_in_scikit_learn(seed):
    ours, theirs = make_generator(seed), check_random_state(seed)
    for mine, other in zip(ours.get_state(), theirs.get_state(), strict=True):
        np.testing.assert_array_equal(mine, other)
    assert ours.randint(2**31) == theirs.randint(2**31)


def test_two_generators_of_one_seed_are_independent():
    one, other = make_generator(3), make_generator(3)
    one.randint(10, size=1000)
    assert other.randint(2**31) == check_random_state(3).randint(2**31)


def test_a_generator_is_used_itself_and_none_is_numpys_global_one():
    actual = np.random.RandomState(5)
    assert make_generator(actual) is actual
    assert make_generator(None) is check_random_state(None)


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_a_seed_out_of_range_raises_numpys_error(seed):
    with pytest.raises(ValueError, match="Seed must be between 0 and"):
        make_generator(seed)
