"""Features of numbers, scaled, clipped and binned, for any distribution."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

from lamina.tabular.numeric_features import CLIP, NumericFeatures

FINITE = st.floats(-1e12, 1e12, allow_nan=False, width=64)


@given(
    x=st_numpy.arrays(
        np.float64, st.tuples(st.integers(1, 40), st.integers(0, 4)), elements=FINITE
    ),
    n_bins=st.integers(1, 20),
)
def test_every_input_is_finite_and_bounded(x, n_bins):
    features = NumericFeatures.fit(x, n_bins)
    inputs = features.transform(x)
    n_numbers = x.shape[1]
    assert inputs.shape == (len(x), features.n_features_out)
    assert np.isfinite(inputs).all()
    assert (abs(inputs[:, :n_numbers]) <= CLIP).all()
    assert ((inputs[:, n_numbers:] >= 0) & (inputs[:, n_numbers:] <= 1)).all()


def test_a_monotone_number_fills_its_bins_one_after_the_other():
    x = np.linspace(0, 1, 101)[:, np.newaxis]
    bins = NumericFeatures.fit(x, 4).transform(x)[:, 1:]
    assert bins.shape[1] == 4
    np.testing.assert_allclose(bins.sum(axis=1), np.linspace(0, 4, 101), atol=1e-6)


def test_bins_hold_equal_parts_of_a_skewed_number():
    x = np.exp(np.random.default_rng(0).normal(size=(4000, 1)) * 3)
    (edges,) = NumericFeatures.fit(x, 8).edges
    counts, _ = np.histogram(x, edges)
    assert counts.min() > 490


@pytest.mark.parametrize(
    ("column", "n_bins"),
    [
        ([5.0] * 9, 0),  # constant
        ([0.0, 1.0] * 5, 0),  # a flag would be one bin, which it is itself
        ([1.0, np.nextafter(1.0, 2.0), 2.0, 3.0] * 3, 2),  # edges one ulp apart
    ],
)
def test_equal_edges_make_no_bin(column, n_bins):
    features = NumericFeatures.fit(np.array(column)[:, np.newaxis], 3)
    assert features.n_features_out == 1 + n_bins
    assert np.isfinite(features.transform(np.array([[1e300], [-1e300]]))).all()


def test_values_beside_a_frequent_one_have_bins_of_their_own():
    rare = np.arange(1.0, 101.0)
    features = NumericFeatures.fit(np.append(np.zeros(900), rare)[:, np.newaxis], 8)
    assert features.edges[0][0] == 0
    counts, _ = np.histogram(rare, features.edges[0])
    assert len(counts) == 8
    assert counts[1:].min() >= 13


def test_a_column_without_bins_is_the_number_alone():
    x = np.random.default_rng(0).normal(size=(50, 2))
    features = NumericFeatures.fit(x, 8, np.array([True, False]))
    assert [len(edges) for edges in features.edges] == [9, 0]
    assert features.transform(x).shape == (50, 10)


def test_a_number_that_is_constant_in_training_is_ignored_later():
    features = NumericFeatures.fit(np.full((5, 1), 7.0), 4)
    assert features.transform(np.array([[7.0], [900.0]])).tolist() == [[0.0], [0.0]]
