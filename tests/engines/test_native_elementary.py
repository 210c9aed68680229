"""Exp, log, tanh and logistic of the kernels, against extended precision over their range."""

import numpy as np
import pytest
from scipy.special import ndtr

native = pytest.importorskip("lamina._native")

# Units in the last place. The baseline has no fused multiply-add and loses a little more.
BOUND = {"avx512": 1.5, "avx2": 1.5, "baseline": 2.1}

LARGEST = {np.float64: 709.7, np.float32: 88.7}
TRUTH = {
    "exp": np.exp,
    "log": np.log,
    "tanh": np.tanh,
    "logistic": lambda x: np.where(x < 0, np.exp(-abs(x)), 1) / (1 + np.exp(-abs(x))),
}


def evaluate(function, x):
    y = np.empty_like(x)
    native.evaluate(native.FUNCTIONS[function], x, y)
    return y


def arguments(function, dtype):
    rng = np.random.default_rng(0)
    largest = LARGEST[dtype]
    if function == "log":
        spread = np.exp(rng.uniform(-largest, largest, 200_000))
        return np.concatenate([spread, 1 + rng.uniform(-0.5, 0.5, 200_000)]).astype(dtype)
    sizes = np.exp(rng.uniform(np.log(1e-20), np.log(largest), 200_000))
    signs = rng.choice([-1, 1], 200_000)
    return np.concatenate([sizes * signs, rng.normal(size=200_000)]).astype(dtype)


@pytest.mark.skipif(
    np.finfo(np.longdouble).nmant < 60, reason="longdouble is no wider than float64 here"
)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("function", TRUTH)
def test_errors_stay_within_the_stated_bound(function, dtype):
    x = arguments(function, dtype)
    truth = TRUTH[function](x.astype(np.longdouble))
    normal = abs(truth) >= np.finfo(dtype).tiny
    unit = np.spacing(abs(truth[normal]).astype(dtype)).astype(np.longdouble)
    error = abs(evaluate(function, x)[normal].astype(np.longdouble) - truth[normal]) / unit
    assert error.max() <= BOUND[native.instruction_set()]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_ends_of_the_range_are_exact(dtype):
    x = np.array([-np.inf, -1e6, -0.0, 0.0, 1e6, np.inf, np.nan], dtype)
    np.testing.assert_array_equal(evaluate("exp", x), [0, 0, 1, 1, np.inf, np.inf, np.nan])
    np.testing.assert_array_equal(evaluate("tanh", x), [-1, -1, 0, 0, 1, 1, np.nan])
    np.testing.assert_array_equal(evaluate("logistic", x), [0, 0, 0.5, 0.5, 1, 1, np.nan])
    minus = -np.inf
    expected = [np.nan, np.nan, minus, minus, np.log(dtype(1e6)), np.inf, np.nan]
    np.testing.assert_allclose(evaluate("log", x), expected, rtol=1e-6)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("function", TRUTH)
def test_a_value_does_not_depend_on_its_place(function, dtype):
    x = abs(arguments(function, dtype)[:67]) + dtype(0.1)
    whole = evaluate(function, x)
    single = np.concatenate([evaluate(function, x[i : i + 1]) for i in range(len(x))])
    np.testing.assert_array_equal(whole, single)


OF_ONE_SIZE = {
    "normal": ndtr,
    "sin": lambda x: np.sin(x.astype(np.longdouble)),
    "cos": lambda x: np.cos(x.astype(np.longdouble)),
    "softplus": lambda x: np.logaddexp(0, x),
}


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("function", OF_ONE_SIZE)
def test_values_used_near_one_are_exact_to_their_last_digits(function, dtype):
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.uniform(-40, 40, 100_000), rng.uniform(-900, 900, 10_000)])
    x = x.astype(dtype)
    truth = OF_ONE_SIZE[function](x.astype(np.float64))
    # Between multiples of pi / 2 the baseline, which has no fused multiply-add, rounds once more.
    bound = 4 * np.finfo(dtype).eps * np.maximum(1, abs(truth))
    assert (abs(evaluate(function, x) - truth) <= bound).all()


@pytest.mark.parametrize("function", OF_ONE_SIZE)
def test_a_nan_stays_a_nan(function):
    assert np.isnan(evaluate(function, np.array([np.nan, 1.0]))[0])


def whole_range(dtype):
    """Return both signs of numbers from the smallest denormal to the largest, and some near one."""
    numbers = np.finfo(dtype)
    smallest, largest = (
        int(np.frexp(each)[1]) for each in (numbers.smallest_subnormal, numbers.max)
    )
    rng = np.random.default_rng(0)
    sizes = np.ldexp(
        rng.uniform(0.5, 1, 40_000), rng.integers(smallest, largest, 40_000, endpoint=True)
    )
    ends = [0.0, numbers.smallest_subnormal, numbers.smallest_normal, numbers.max]
    sizes = np.concatenate([sizes.astype(dtype), np.array(ends, dtype)])
    return np.concatenate([sizes, -sizes])


# Relative to the value, or to one if only the sum that it enters matters.
WHOLE_RANGE = {
    **{name: (TRUTH[name], 1.5, False) for name in ("exp", "log", "tanh", "logistic")},
    "sin": (np.sin, 2.5, False),
    "cos": (np.cos, 2.5, False),
    "softplus": (lambda x: np.maximum(x, 0) + np.log1p(np.exp(-abs(x))), 2.5, False),
    "normal": (ndtr, 2.5, True),
}


def test_every_function_has_a_bound_over_its_whole_range():
    assert set(WHOLE_RANGE) == set(native.FUNCTIONS)


@pytest.mark.skipif(
    np.finfo(np.longdouble).nmant < 60, reason="longdouble is no wider than float64 here"
)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("function", WHOLE_RANGE)
def test_the_bound_holds_from_the_smallest_denormal_to_the_largest_number(function, dtype):
    formula, epsilons, is_absolute = WHOLE_RANGE[function]
    x = whole_range(dtype)
    with np.errstate(all="ignore"):
        truth = formula(x.astype(np.float64 if function == "normal" else np.longdouble))
        found = evaluate(function, x)
        np.testing.assert_array_equal(np.isnan(found), np.isnan(truth))
        np.testing.assert_array_equal(np.isinf(found), np.isinf(truth.astype(dtype)))
    is_number = np.isfinite(found)
    size = abs(truth[is_number])
    # Below the smallest normal number, half of the spacing of denormals.
    unit = np.finfo(dtype).eps * np.maximum(size, 1 if is_absolute else np.finfo(dtype).tiny)
    assert (abs(found[is_number] - truth[is_number]) <= epsilons * unit).all()


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("function", ["sin", "cos"])
def test_a_far_angle_in_a_vector_changes_no_other_element(function, dtype):
    x = np.linspace(-9, 9, 16, dtype=dtype)
    alone = evaluate(function, x)
    for place in range(len(x)):
        for far in (np.finfo(dtype).max, -1e7, np.inf, np.nan):
            neighbour = x.copy()
            neighbour[place] = far
            found = evaluate(function, neighbour)
            np.testing.assert_array_equal(np.delete(found, place), np.delete(alone, place))
            np.testing.assert_array_equal(
                found[place], evaluate(function, neighbour[place:][:1])[0]
            )
