"""Figures as text: six significant digits at every size."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamina.significant import significant


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_six_digits_of_every_number_can_be_read_back(number):
    assert float(significant(number)) == pytest.approx(number, rel=1e-5, abs=0)


@given(st.integers())
def test_whole_numbers_stay_whole(number):
    assert significant(number) == str(number)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1e-8, "1e-08"),
        (0.00012345678, "0.000123457"),
        (123456.78, "123457"),
        (999999.9, "1000000"),
        (29278751.4, "29278751"),
        (-4.8e38, "-4.8e+38"),
        (math.inf, "inf"),
        (-0.0, "0"),
    ],
)
def test_small_and_large_numbers_are_both_shown(number, text):
    assert significant(number) == text
