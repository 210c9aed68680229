"""Measurements of the native engine alone: a product in three orientations, a peak rate."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

native = pytest.importorskip("lamina.engines.native_measures")
_native = pytest.importorskip("lamina._native")

ORIENTATIONS = [{}, {"A_is_transposed": True}, {"B_is_transposed": True}]
SIZES = st.integers(1, 130)


def lying(A, B, A_is_transposed=False, B_is_transposed=False):
    """Return A and B in the memory order of the orientation."""
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
def test_a_product_equals_numpys(m, n, k, orientation, dtype):
    rng = np.random.RandomState(m + n + k)
    A, B = rng.normal(size=(m, k)).astype(dtype), rng.normal(size=(k, n)).astype(dtype)
    C = native.matrix_product(*lying(A, B, **orientation), **orientation)
    bound = 2 * k * np.finfo(dtype).eps * (np.abs(A) @ np.abs(B))
    assert (np.abs(C - A.astype("f8") @ B) <= bound).all()


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_orientation_and_threads_change_no_bit_of_a_product(orientation):
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


REGISTER_BYTES = {"avx512": 64, "avx2": 32, "baseline": 16}


BFLOAT16 = "multiply_add_bfloat16"
SPINS = {"float32": _native.spin32, "float64": _native.spin64}
LOOPS = [
    (i, *loop, dtype)
    for i, loop in enumerate(_native.spin_loops())
    for dtype in SPINS
    if loop[1] != BFLOAT16 or dtype == "float32"
]


def mean_of(operation, chains, rounds, dtype):
    """Return the mean of the chains after some rounds, starting at halves around 0 or 64."""
    x = 0.5 * (2 * np.arange(chains) - chains + 1)
    if operation == BFLOAT16:
        return rounds / 512
    if operation == "multiply_add":
        return 1 - 0.999**rounds
    x += 64
    for _ in range(rounds):
        x = 4096 / x if operation == "divide" else np.sqrt(x)
    return x.mean()


@pytest.mark.parametrize(("loop", "name", "operation", "chains", "dtype"), LOOPS)
@pytest.mark.parametrize("n_threads", [1, 2])
def test_a_loop_executes_every_operation_that_it_counts(
    loop, name, operation, chains, dtype, n_threads
):
    lanes = 32 if operation == BFLOAT16 else REGISTER_BYTES[name] // np.dtype(dtype).itemsize
    for rounds in (1, 2, 501):
        operations, mean = SPINS[dtype](loop, rounds, n_threads)
        assert operations == rounds * chains * lanes * n_threads
        # One multiply-add more or less would change it by 0.999**rounds / 1000.
        assert mean == pytest.approx(mean_of(operation, chains, rounds, dtype), abs=1e-4)


def test_the_peak_is_the_machines_and_not_that_of_the_instruction_set_in_use():
    loops = [loop for loop in _native.spin_loops() if loop[1] != BFLOAT16]
    assert list(dict.fromkeys(name for name, _, _ in loops)) == _native.instruction_sets()
    assert all(chains >= 8 for _, _, chains in _native.spin_loops())
    for name in _native.instruction_sets():
        operations = {operation for other, operation, _ in loops if other == name}
        assert operations == {"multiply_add", "divide", "square_root"}


def test_the_rate_counts_the_best_of_all_loops_of_the_operation(monkeypatch):
    loops = [i for i, loop in enumerate(_native.spin_loops()) if loop[1] == "multiply_add"]
    counted = {loop: 100 + loop for loop in range(len(_native.spin_loops()))}
    counted[loops[1]] = 10_000
    monkeypatch.setattr(_native, "spin64", lambda loop, rounds, threads: (counted[loop], 0.0))
    clock = iter(range(1000))
    monkeypatch.setattr(native, "perf_counter", lambda: next(clock))
    assert native.multiply_add_rate("float64", seconds=1) == 20_000
    assert native.operation_rate("divide", "float64", seconds=1) < 10_000


def test_a_processor_without_a_loop_has_no_rate(monkeypatch):
    monkeypatch.setattr(_native, "spin_loops", lambda: [("avx2", "multiply_add", 8)])
    assert native.operation_rate(BFLOAT16, "float32", seconds=0) == 0


def test_a_functions_rate_is_that_of_its_values():
    assert native.function_rate("exp", "float64", seconds=0) > 0
    with pytest.raises(KeyError):
        native.function_rate("expo", "float64")


def test_an_unknown_loop_and_zero_rounds_are_refused():
    with pytest.raises(ValueError, match="no loop of that number"):
        _native.spin32(len(_native.spin_loops()), 10, 1)
    for rounds, n_threads in ((0, 1), (1, 0)):
        with pytest.raises(ValueError, match="at least 1"):
            _native.spin64(0, rounds, n_threads)
