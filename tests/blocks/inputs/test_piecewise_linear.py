"""Piecewise linear inputs: the encoding at and beyond the edges, and bins of width zero."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamina.blocks.inputs import PiecewiseLinearInputs
from lamina.blocks.inputs.piecewise_linear import encode

finite = st.floats(-1e3, 1e3)


def encoded(x, edges):
    return encode(np.array([[x]]), np.array([edges]))[0, 0].tolist()


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        (-1.0, [-1.0, 0, 0]),
        (0.0, [0, 0, 0]),
        (0.5, [0.5, 0, 0]),
        (2.0, [1, 0.5, 0]),
        (3.5, [1, 1, 0.5]),
        (6.0, [1, 1, 3.0]),
    ],
)
def test_the_first_bin_is_not_clipped_below_and_the_last_one_not_above(x, expected):
    assert encoded(x, [0.0, 1.0, 3.0, 4.0]) == expected


@pytest.mark.parametrize("x", [-5.0, 0.25, 7.0])
def test_a_single_bin_is_linear_everywhere(x):
    assert encoded(x, [0.0, 2.0]) == [x / 2]


@pytest.mark.parametrize("x", [-5.0, 0.5, 1.0, 7.0])
def test_a_repeated_edge_makes_bins_of_zeros_and_keeps_the_last_wide_bin(x):
    assert encoded(x, [0.0, 1.0, 3.0, 3.0, 3.0]) == [*encoded(x, [0.0, 1.0, 3.0]), 0.0, 0.0]


@pytest.mark.parametrize("x", [-5.0, 3.0, 1e300])
def test_a_constant_column_is_encoded_as_zeros(x):
    assert encoded(x, [3.0] * 5) == [0.0] * 4


@given(finite, st.floats(1e-3, 1e3))
def test_a_bin_one_ulp_wide_gives_zero_or_one_inside_and_finite_numbers_outside(x, edge):
    above = np.nextafter(edge, np.inf)
    # The narrow bin is neither first nor last.
    middle = encoded(x, [edge - 10, edge, above, edge + 10])[1]
    assert middle == float(x >= above)
    assert np.isfinite(encoded(x, [edge, above])).all()


@given(st.lists(st.integers(-999, 999), min_size=2, max_size=6, unique=True).map(sorted), finite)
def test_the_encoding_determines_the_number(edges, x):
    widths = np.diff(edges)
    np.testing.assert_allclose(
        edges[0] + np.dot(encoded(x, edges), widths), x, rtol=1e-9, atol=1e-9
    )


def test_edges_are_written_with_the_last_one_repeated():
    group = PiecewiseLinearInputs((4, 2), 3, 1)
    parts = [np.empty(tensor.shape, np.float32) for tensor in group.tensors]
    group.write_edges(parts, [np.array([0.0, 1.0]), np.array([2.0])])
    np.testing.assert_array_equal(parts[3], [[0, 1, 1, 1], [2, 2, 2, 2]])


@pytest.mark.parametrize("edges", [[], [0, 1, 2, 3, 4.0], [1.0, 0.0], [0.0, np.nan], [0.0, np.inf]])
def test_edges_that_are_none_are_refused_with_their_column(edges):
    group = PiecewiseLinearInputs((4,), 3, 1)
    parts = [np.empty(tensor.shape) for tensor in group.tensors]
    with pytest.raises(ValueError, match="edges of column 4 must be 1 to 4 finite numbers in asc"):
        group.write_edges(parts, [np.array(edges)])


def test_the_embedding_is_linear_at_the_start():
    group = PiecewiseLinearInputs((0, 1), 5, 3)
    parts = [np.zeros(tensor.shape) for tensor in group.tensors]
    group.draw(parts, np.random.RandomState(0))
    w, b, _, edges = parts
    assert (np.diff(edges) > 0).all()
    assert 0 < np.abs(w).max() <= 3**-0.5
    x = np.random.RandomState(1).standard_normal((7, 2)) * 5
    np.testing.assert_array_equal(group.forward(parts, x), (x[:, :, None] * w + b).reshape(7, 6))


@pytest.mark.parametrize("sizes", [(0, 1), (1, 0)])
def test_at_least_one_bin_and_output_are_needed(sizes):
    with pytest.raises(ValueError, match="at least one bin and output"):
        PiecewiseLinearInputs((0,), *sizes)
