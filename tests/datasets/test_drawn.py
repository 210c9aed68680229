"""Generated data: exact values without noise, and the same data for the same seed."""

import numpy as np
import pytest

from lamina.datasets import make_curve, make_hills, make_plane, make_spirals, make_xor
from lamina.datasets.drawn import HILLS

MAKERS = {
    make_xor: (2, np.int64),
    make_spirals: (2, np.int64),
    make_curve: (1, np.float64),
    make_plane: (2, np.float64),
    make_hills: (2, np.float64),
}
every_maker = pytest.mark.parametrize("make", MAKERS)


@every_maker
def test_samples_have_the_documented_shape_and_dtype(make):
    n_features, dtype = MAKERS[make]
    X, y = make(37, random_state=0)
    assert (X.shape, X.dtype) == ((37, n_features), np.float64)
    assert (y.shape, y.dtype) == ((37,), dtype)


@every_maker
def test_the_samples_depend_only_on_the_seed(make):
    first, again, other = (make(20, random_state=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first[0], again[0])
    np.testing.assert_array_equal(first[1], again[1])
    assert not np.array_equal(first[0], other[0])


@every_maker
def test_noise_is_added_with_its_standard_deviation(make):
    (X, y), (noisy_X, noisy_y) = (make(400, noise=noise, random_state=0) for noise in (0, 0.3))
    added = noisy_X - X if y.dtype == np.int64 else noisy_y - y
    assert added.std() == pytest.approx(0.3, rel=0.1)


def test_each_arm_of_a_spiral_is_a_rotation_of_the_first():
    X, y = make_spirals(3000, n_arms=3, noise=0, random_state=0)
    angles = np.arctan2(X[:, 0], X[:, 1]) - 2 * np.pi * np.hypot(*X.T)
    for arm in range(3):
        turned = np.exp(1j * (angles[y == arm] - 2 * np.pi * arm / 3))
        np.testing.assert_allclose(turned, 1, atol=1e-9)


def test_a_spiral_of_one_arm_is_rejected():
    with pytest.raises(ValueError, match="n_arms=1 must be at least 2"):
        make_spirals(n_arms=1)


def test_every_hill_is_at_its_centre():
    X, y = make_hills(20_000, noise=0, random_state=0)
    for x0, x1, height in HILLS:
        near = np.hypot(X[:, 0] - x0, X[:, 1] - x1) < 0.05
        assert np.sign(y[near].mean()) == np.sign(height)
