"""What benchmarks ask of the native engine by itself: a product in three orientations, a rate."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

native = pytest.importorskip("lamina.engines.native")

ORIENTATIONS = [{}, {"A_is_transposed": True}, {"B_is_transposed": True}]
SIZES = st.integers(1, 130)


def lying(A, B, A_is_transposed=False, B_is_transposed=False):
    """A and B as the orientation wants them in memory."""
    return (
        np.ascontiguousarray(A.T if A_is_transposed else A),
        np.ascontiguousarray(B.T if B_is_transposed else B),
    )


@settings(max_examples=60, deadline=None)
@given(
    m=SIZES,
    n=SIZES,
    k=SIZES,
    orientation=st.sampled_from(ORIENTATIONS),
    dtype=st.sampled_from(["float64", "float32"]),
)
def test_a_product_is_numpys(m, n, k, orientation, dtype):
    rng = np.random.RandomState(m + n + k)
    A, B = rng.normal(size=(m, k)).astype(dtype), rng.normal(size=(k, n)).astype(dtype)
    C = native.matrix_product(*lying(A, B, **orientation), **orientation)
    bound = 2 * k * np.finfo(dtype).eps * (np.abs(A) @ np.abs(B))
    assert (np.abs(C - A.astype("f8") @ B) <= bound).all()


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_orientation_and_threads_show_in_no_bit_of_a_product(orientation):
    rng = np.random.RandomState(0)
    A, B = rng.normal(size=(301, 1200)), rng.normal(size=(1200, 333))
    C = native.matrix_product(A, B)
    for n_threads in (1, 2, 7):
        other = native.matrix_product(
            *lying(A, B, **orientation), **orientation, n_threads=n_threads
        )
        np.testing.assert_array_equal(C, other)


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="do not fit"):
        native.matrix_product(np.ones((2, 3)), np.ones((2, 3)))
    with pytest.raises(ValueError, match="not both"):
        native.matrix_product(
            np.ones((2, 3)), np.ones((3, 2)), A_is_transposed=True, B_is_transposed=True
        )


def test_two_threads_count_twice_the_operations_of_one():
    from lamina import _native

    assert _native.spin32(10, 2) == 2 * _native.spin32(10, 1) > 0
