"""Products and rates of the native kernels, which tests and benchmarks measure."""

from __future__ import annotations

from time import perf_counter

import numpy as np
from numpy.typing import DTypeLike

from lamina import _native
from lamina.formulas.table import AnyArray

OPERATIONS = ("multiply_add", "multiply_add_bfloat16", "divide", "square_root")
# One run takes about a millisecond, which starting the threads does not show in.
ROUNDS = 400_000


def multiply_add_rate(dtype: DTypeLike, n_threads: int = 1, seconds: float = 0.2) -> float:
    """Measure the peak rate of floating-point operations per second, by loops in registers.

    A multiply-add counts as two. Benchmarks compare `matrix_product` and a training step with it.

    Parameters
    ----------
    dtype : {'float32', 'float64'}
    n_threads : int
    seconds : float
        Approximate duration; each loop runs at least once, and the best run counts.

    Examples
    --------
    >>> multiply_add_rate("float32", seconds=0.01) > 0
    True
    """
    return 2 * operation_rate("multiply_add", dtype, n_threads, seconds)


def operation_rate(
    operation: str, dtype: DTypeLike, n_threads: int = 1, seconds: float = 0.2
) -> float:
    """Measure how many operations of a kind, each on one number, the machine does in a second.

    The loops are those of every instruction set of the machine, with several numbers of registers,
    because no single one is the fastest on every processor.

    Parameters
    ----------
    operation : {'multiply_add', 'multiply_add_bfloat16', 'divide', 'square_root'}
        The second multiplies numbers in bfloat16 and adds in float32; its rate is 0 where the
        processor has no such loop.
    dtype : {'float32', 'float64'}
    n_threads : int
    seconds : float
        Approximate duration; each loop runs at least once, and the best run counts.

    Examples
    --------
    >>> operation_rate("divide", "float64", seconds=0.01) > 0
    True
    """
    spin = _native.spin32 if np.dtype(dtype) == np.float32 else _native.spin64
    loops = [i for i, loop in enumerate(_native.spin_loops()) if loop[1] == operation]
    best, end = 0.0, perf_counter() + seconds
    while loops and (best == 0.0 or perf_counter() < end):
        for loop in loops:
            start = perf_counter()
            operations, _ = spin(loop, ROUNDS, n_threads)
            best = max(best, operations / (perf_counter() - start))
    return best


def function_rate(name: str, dtype: DTypeLike, seconds: float = 0.05) -> float:
    """Measure how many values of an elementary function one thread computes in a second.

    Parameters
    ----------
    name : str
        Name in FUNCTIONS of the extension, such as 'exp'.
    dtype : {'float32', 'float64'}
    seconds : float
        Approximate duration; the best run counts.

    Examples
    --------
    >>> function_rate("exp", "float32", seconds=0.01) > 0
    True
    """
    x = np.linspace(0.5, 2.0, 1024, dtype=dtype)  # within the first-level cache
    y, function = np.empty_like(x), _native.FUNCTIONS[name]
    best, end = 0.0, perf_counter() + seconds
    while best == 0.0 or perf_counter() < end:
        start = perf_counter()
        for _ in range(16):
            _native.evaluate(function, x, y)
        best = max(best, 16 * x.size / (perf_counter() - start))
    return best


def matrix_product(
    A: AnyArray,
    B: AnyArray,
    *,
    A_is_transposed: bool = False,
    B_is_transposed: bool = False,
    n_threads: int = 1,
    precision: str | None = None,
) -> AnyArray:
    """Return A B by the kernels that training uses, in any of the three orientations of a step.

    Parameters
    ----------
    A : ndarray of shape (m, k), or (k, m) if transposed
    B : ndarray of shape (k, n), or (n, k) if transposed
        Both C-contiguous, in one dtype, float32 or float64.
    A_is_transposed, B_is_transposed : bool
        True if the matrix is stored transposed; not both.
    n_threads : int
    precision : str, optional
        Name in PRECISIONS, to which float32 A and B are rounded.

    Returns
    -------
    ndarray of shape (m, n)
        Every element is one chain of fused multiply-adds over k, in order; in bfloat16, the sum in
        the order of the unit in use, as native/README.md states it.

    Examples
    --------
    >>> matrix_product(np.eye(2), np.array([[1.0, 2.0], [3.0, 4.0]]))
    array([[1., 2.],
           [3., 4.]])
    """
    shape = A.shape[1 if A_is_transposed else 0], B.shape[0 if B_is_transposed else 1]
    C = np.empty(shape, dtype=A.dtype)
    rounding = _native.FULL_PRECISION if precision is None else _native.PRECISIONS[precision]
    _native.multiply(A, B, C, A_is_transposed, B_is_transposed, n_threads, rounding)
    return C
