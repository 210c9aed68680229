"""Native products in bfloat16: the sums of the unit in use, bit for bit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamina.engines import Objective, OptimizerSettings, OptimizerState, Rows
from lamina.formulas import PRECISIONS
from lamina.network import Network, NetworkSpec

native = pytest.importorskip("lamina.engines.native")
measures = pytest.importorskip("lamina.engines.native_measures")

nearest = PRECISIONS["bfloat16"].nearest
# Blocks of k are 32 long, panels 16 columns wide, and tiles of 1, 3, 6, 8, 12 or 32 rows.
EDGES = [1, 2, 3, 4, 7, 8, 9, 12, 13, 15, 16, 17, 31, 32, 33, 47, 49, 63, 64, 65, 97]


def flushed(x):
    return np.where(np.abs(x) < np.finfo(np.float32).tiny, np.copysign(0, x), x).astype(np.float32)


def rounded(A, B):
    """Return both in bfloat16, padded to whole blocks of k.

    In float64 a product of two bfloat16 is exact, and so is its sum with a float32 before rounding.
    """
    A, B = (flushed(nearest(matrix)).astype(np.float64) for matrix in (A, B))
    zeros = -A.shape[1] % 32
    return np.pad(A, ((0, 0), (0, zeros))), np.pad(B, ((0, zeros), (0, 0)))


def product_of_tdpbf16ps(A, B):
    """Return A B in the order of Intel's pseudocode for AMX."""
    A, B = rounded(A, B)
    C = np.zeros((len(A), B.shape[1]), np.float32)
    for block in range(0, len(B), 32):
        halves = [np.zeros_like(C), np.zeros_like(C)]
        for i in range(block, block + 32):
            halves[i % 2] = flushed(A[:, i, np.newaxis] * B[i] + halves[i % 2])
        C = flushed(C + flushed(halves[0] + halves[1]))
    return C


def product_of_vdpbf16ps(A, B):
    """Return A B in the order of Intel's pseudocode for AVX-512-BF16, odd terms first."""
    A, B = rounded(A, B)
    C = np.zeros((len(A), B.shape[1]), np.float32)
    for i in range(0, len(B), 2):
        for term in (i + 1, i):
            C = flushed(A[:, term, np.newaxis] * B[term] + C)
    return C


PRODUCT_OF_UNIT = {
    "amx": product_of_tdpbf16ps,
    "avx512_bf16": product_of_vdpbf16ps,
    "emulated": product_of_tdpbf16ps,
}


def matrices(m, n, k, size, seed):
    """Draw numbers of about a size; for 2⁻⁶⁴ products and sums are near the subnormals."""
    draw = np.random.RandomState(seed)
    return [
        (size * draw.standard_normal(shape) * 2.0 ** draw.uniform(-6, 6, shape)).astype(np.float32)
        for shape in ((m, k), (k, n))
    ]


@given(
    shape=st.tuples(*[st.sampled_from(EDGES)] * 3),
    size=st.sampled_from([1.0, 2.0**-64]),
    transposed=st.sampled_from([(False, False), (True, False), (False, True)]),
    n_threads=st.sampled_from([1, 3]),
    seed=st.integers(0, 99),
)
def test_a_product_has_the_bits_of_its_units_pseudocode(shape, size, transposed, n_threads, seed):
    if native._native.instruction_set() == "baseline":
        size = 1.0  # without fma, a product that is subnormal adds nothing
    A, B = matrices(*shape, size, seed)
    product = measures.matrix_product(
        np.ascontiguousarray(A.T) if transposed[0] else A,
        np.ascontiguousarray(B.T) if transposed[1] else B,
        A_is_transposed=transposed[0],
        B_is_transposed=transposed[1],
        n_threads=n_threads,
        precision="bfloat16",
    )
    expected = PRODUCT_OF_UNIT[native._native.bfloat16_unit()](A, B)
    assert product.tobytes() == expected.tobytes()


def test_ties_are_rounded_to_even_and_as_the_reference_rounds():
    x = 1 + np.arange(1, 64, dtype=np.float32)[:, np.newaxis] * np.float32(2**-8)
    one = np.ones((1, 1), np.float32)
    product = measures.matrix_product(x, one, precision="bfloat16")
    np.testing.assert_array_equal(product, nearest(x))
    product = measures.matrix_product(one, x, B_is_transposed=True, precision="bfloat16")
    np.testing.assert_array_equal(product, nearest(x).T)


def test_a_nan_in_one_batch_does_not_affect_a_smaller_one():
    spec = NetworkSpec.perceptron([4, 1], "identity", "identity")
    rows = Rows(np.ones((30, 4), np.float32), np.ones((30, 1), np.float32), None)
    parameters = np.full(5, np.nan, np.float32)
    settings = OptimizerSettings("sgd", {"momentum": 0.0, "nesterovs_momentum": 0.0})
    state = OptimizerState.fresh("sgd", parameters)
    engine = native.NativeEngine(precision="bfloat16")
    trainer = engine.trainer(spec, Objective("squared_error"), settings, rows, parameters, state)
    assert not np.isfinite(trainer.epoch(np.arange(30), 30, np.ones(1)).loss)
    parameters[:] = 0
    assert trainer.epoch(np.arange(5), 5, np.ones(1)).steps == 1
    np.testing.assert_array_equal(parameters, 1)


def test_a_nan_and_an_infinity_survive():
    A = np.array([[np.nan, 1], [np.inf, 1], [1, 1]], dtype=np.float32)
    A.view(np.uint32)[0, 0] = 0x7FFFFFFF  # rounding would carry into the sign
    product = measures.matrix_product(A, np.eye(2, dtype=np.float32), precision="bfloat16")
    assert np.isnan(product[0, 0])
    assert product[1, 0] == np.inf
    np.testing.assert_array_equal(product[2], 1)


def test_subnormal_numbers_outside_of_a_product_are_kept():
    tiny = np.float32(1e-40)
    A = np.full((1, 1), tiny)
    assert measures.matrix_product(A, np.ones_like(A), precision="bfloat16")[0, 0] == 0
    assert tiny * np.float32(2) > tiny > 0


def test_the_unit_that_computes_products_is_reported():
    assert native._native.bfloat16_unit() in PRODUCT_OF_UNIT


def test_float64_does_not_support_products_in_bfloat16():
    spec = NetworkSpec.perceptron([2, 1], "relu", "identity")
    engine = native.NativeEngine(precision="bfloat16")
    with pytest.raises(ValueError, match="float32 only"):
        engine.predict(Network(spec, np.zeros(3)), np.zeros((1, 2)))


@pytest.mark.parametrize("n_threads", [1, 3])
def test_a_gradient_summed_in_chunks_has_the_bits_of_one_product(n_threads):
    n_samples, n_features = 1501, 9000  # more than the working memory holds at once
    draw = np.random.RandomState(0)
    X = draw.standard_normal((n_samples, n_features)).astype(np.float32)
    y = draw.standard_normal((n_samples, 3)).astype(np.float32)
    spec = NetworkSpec.perceptron([n_features, 3], "identity", "identity")
    parameters = np.zeros(3 * n_features + 3, np.float32)
    engine = native.NativeEngine(n_threads, "bfloat16")
    rows = Rows(X, y, None)
    _, gradient = engine.loss_and_gradient(spec, Objective("squared_error"), rows, parameters)
    # With all parameters zero, delta is -y.
    product = measures.matrix_product(X, -y, A_is_transposed=True, precision="bfloat16")
    expected = product * np.float32(1 / n_samples)
    assert gradient[:-3].tobytes() == expected.tobytes()
