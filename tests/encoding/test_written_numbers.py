"""Numbers in the notations that people use."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamina.encoding.written_numbers import STYLES, NumberForm, find_number_form, read_number


def form(decimal=".", thousands="", affix=""):
    return NumberForm(decimal, thousands, affix)


@pytest.mark.parametrize(
    ("text", "written", "number"),
    [
        ("12", form(), 12),
        (" 12 ", form(), 12),
        ("+12", form(), 12),
        ("-12.5", form(), -12.5),
        (".5", form(), 0.5),
        ("5.", form(), 5),
        ("1e-3", form(), 0.001),
        ("−12", form(), -12),
        ("12-", form(), -12),
        ("(12)", form(), -12),
        ("$12", form(affix="$"), 12),
        ("-$12", form(affix="$"), -12),
        ("$-12", form(affix="$"), -12),
        ("($12.50)", form(affix="$"), -12.5),
        ("US$ 12", form(affix="US$"), 12),
        ("12 €", form(affix="€"), 12),
        ("45 %", form(affix="%"), 45),
        ("0", form(affix="%"), 0),
        ("1,234,567.5", form(thousands=","), 1234567.5),
        ("12,34,567", form(thousands=","), 1234567),
        ("1.234,5", form(",", "."), 1234.5),
        ("1\u202f234,5", form(",", " "), 1234.5),
        ("1’234.5", form(thousands="'"), 1234.5),
        ("-inf", form(), -math.inf),
        ("９", form(), 9),
    ],
)
def test_a_number_is_read_by_its_form(text, written, number):
    assert read_number(text, written) == number


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("", form()),
        ("abc", form()),
        ("--1", form()),
        ("(-1)", form()),
        ("(1", form()),
        ("1.2.3", form()),
        ("1,5", form()),
        ("12,3456", form(thousands=",")),
        ("0,123", form(thousands=",")),
        ("1 2", form(thousands=" ")),
        ("$5", form()),
        ("$5", form(affix="€")),
        ("$5€", form(affix="€")),
        ("kg 5", form(affix="kg")),
        ("45", form(affix="%")),
        ("5 kg 5", form(affix="kg")),
        ("12A", form(affix="A")),
        ("1e5e5", form()),
        ("1" * 65, form()),
    ],
)
def test_another_text_is_not_a_number(text, written):
    assert read_number(text, written) is None


@given(
    st.lists(st.decimals(-(10**9), 10**9, places=2), min_size=1, max_size=8),
    st.sampled_from(STYLES),
    st.sampled_from(["", "$", "€"]),
)
def test_a_column_in_one_form_is_read_back(numbers, style, affix):
    decimal, group = style
    signs = str.maketrans({",": group, ".": decimal})
    texts = [f"{number:,.2f}".translate(signs) + affix for number in numbers]
    found, _ = find_number_form(texts)
    assert [read_number(text, found) for text in texts] == [float(number) for number in numbers]
