"""The flat vector and its views: layout, copies, initial draws."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamina.blocks import BLOCKS, RATE_GROUPS, Dense
from lamina.network import (
    NetworkSpec,
    ParameterLayout,
    draw_parameters,
    flatten_parameters,
    given_parameters,
)

widths = st.lists(st.integers(1, 9), min_size=2, max_size=5)


def layout_of(widths):
    return ParameterLayout.from_spec(NetworkSpec.perceptron(widths, "relu", "identity"))


@given(widths)
def test_the_views_cover_the_vector_once_weights_first(widths):
    layout = layout_of(widths)
    vector = np.arange(float(layout.n_parameters))
    views = layout.views(vector)
    assert [W.shape for W in views.weights] == list(pairwise(widths))
    assert [b.shape for b in views.biases] == [(width,) for width in widths[1:]]
    covered = np.concatenate([part.ravel() for part in (*views.weights, *views.biases)])
    np.testing.assert_array_equal(covered, vector)
    assert sum(W.size for W in views.weights) == layout.n_weights


@given(widths)
def test_writing_to_a_view_writes_to_the_vector(widths):
    layout = layout_of(widths)
    vector = np.zeros(layout.n_parameters)
    for part in (*layout.views(vector).weights, *layout.views(vector).biases):
        part += 1
    np.testing.assert_array_equal(vector, 1)


@pytest.mark.parametrize("shape", [(12,), (14,), (13, 1), ()])
def test_a_vector_of_another_length_is_refused(shape):
    with pytest.raises(ValueError, match="expected 13 parameters"):
        layout_of([2, 3, 1]).views(np.zeros(shape))


@given(widths)
def test_the_views_of_a_vector_flatten_to_the_vector_itself(widths):
    layout = layout_of(widths)
    vector = np.zeros(layout.n_parameters)
    assert flatten_parameters(*layout.views(vector)) is vector


@given(widths, st.integers(0, 99))
def test_matrices_that_are_not_views_flatten_to_a_copy_in_order(widths, which):
    layout = layout_of(widths)
    vector = np.arange(float(layout.n_parameters))
    parts = [*layout.views(vector).weights, *layout.views(vector).biases]
    parts[which % len(parts)] = parts[which % len(parts)].copy()
    n_blocks = len(layout.weights)
    flat = flatten_parameters(parts[:n_blocks], parts[n_blocks:])
    np.testing.assert_array_equal(flat, vector)
    assert not np.shares_memory(flat, vector)


def test_views_in_another_order_flatten_to_a_copy():
    layout = ParameterLayout(((2, 2), (2, 2)), ((2,), (2,)))
    vector = np.arange(float(layout.n_parameters))
    (W1, W2), biases, *_ = layout.views(vector)
    flat = flatten_parameters([W2, W1], biases)
    np.testing.assert_array_equal(flat[:8], [4, 5, 6, 7, 0, 1, 2, 3])


def test_views_of_a_part_of_a_longer_vector_flatten_to_a_copy():
    layout = ParameterLayout(((2, 3),), ((3,),))
    longer = np.arange(20.0)
    weights, biases = [longer[:6].reshape(2, 3)], [longer[6:9]]
    flat = flatten_parameters(weights, biases)
    assert flat.shape == (layout.n_parameters,)
    assert not np.shares_memory(flat, longer)


def test_flattening_to_another_dtype_makes_a_copy_of_that_dtype():
    layout = layout_of([2, 3, 1])
    vector = np.arange(13.0)
    flat = flatten_parameters(*layout.views(vector), dtype="float32")
    assert flat.dtype == np.float32
    np.testing.assert_array_equal(flat, vector)


def test_fortran_ordered_matrices_flatten_row_by_row():
    W = np.asfortranarray(np.arange(6.0).reshape(2, 3))
    np.testing.assert_array_equal(flatten_parameters([W], [np.zeros(3)])[:6], np.arange(6.0))


def test_single_precision_parameters_are_the_double_precision_draw_rounded():
    spec = NetworkSpec.perceptron([4, 7, 3], "tanh", "softmax")
    single = draw_parameters(spec, np.random.RandomState(5), np.float32, 6.0)
    double = draw_parameters(spec, np.random.RandomState(5), np.float64, 6.0)
    np.testing.assert_array_equal(single, double.astype(np.float32))


def test_rate_factors_split_the_vector_into_parts_with_one_rate_each():
    spec = NetworkSpec.perceptron([2, 3, 1], "prelu", "identity", normalization="layer")
    layout = ParameterLayout.from_spec(spec)
    assert layout.spans() == layout.spans((("bias", 1.0),)) == []
    spans = layout.spans((("bias", 0.5), ("scale", 6.0), ("activation", 0.1)))
    lengths = [span.part.stop - span.part.start for span in spans]
    assert lengths == [6, 3, 3, 1, 3, 3, 3]
    assert [span.rate_factor for span in spans] == [1.0, 1.0, 0.5, 0.5, 6.0, 0.5, 0.1]
    assert spans[-1].part.stop == layout.n_trained


def test_blocks_that_start_at_random_are_drawn_where_weights_and_biases_are_given():
    for block in (each for kind in BLOCKS.values() for each in kind.block.examples()):
        output = Dense("output", block.fan_out, 1, "identity")
        spec = NetworkSpec((block, output) if block.n_members == 1 else (block,), "identity")
        layout = ParameterLayout.from_spec(spec)
        values = [np.full(shape, 3.0) for shape in (*layout.weights, *layout.biases)]
        random_state = np.random.RandomState(7)
        vector = given_parameters(spec, values, "float64", random_state)
        for part in (*layout.views(vector).weights, *layout.views(vector).biases):
            np.testing.assert_array_equal(part, 3.0)
        again = given_parameters(spec, values, "float64", np.random.RandomState(7))
        np.testing.assert_array_equal(vector, again)
        if type(block) is Dense:
            assert random_state.uniform() == np.random.RandomState(7).uniform()


def test_every_trained_parameter_has_a_rate_group():
    for block in (each for kind in BLOCKS.values() for each in kind.block.examples()):
        output = Dense("output", block.fan_out, 1, "identity")
        blocks = (block, output) if block.n_members == 1 else (block,)
        layout = ParameterLayout.from_spec(NetworkSpec(blocks, "identity"))
        assert sum(piece.size for piece in layout.pieces) == layout.n_trained
        assert {piece.rate_group for piece in layout.pieces} <= set(RATE_GROUPS)
