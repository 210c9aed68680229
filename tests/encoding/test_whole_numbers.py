"""Categories that are integers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamina.encoding import TableEncoding
from lamina.encoding.whole_numbers import other_spelling

WRITINGS = {
    "whole": lambda codes: codes.astype(str),
    "float": lambda codes: codes.astype(float).astype(str),
    "int": lambda codes: codes.astype(object),
    "typed float": lambda codes: codes.astype(float).astype(object),
}


@pytest.mark.parametrize("trained", WRITINGS)
@pytest.mark.parametrize("later", WRITINGS)
def test_an_integer_is_one_category_with_and_without_a_decimal_point(trained, later):
    codes = pd.Series([1, 2, 3, -4] * 3)
    x = np.arange(12.0)
    encoding = TableEncoding(column_types={"code": "category"})
    encoding.fit(pd.DataFrame({"code": WRITINGS[trained](codes), "x": x}))
    encoded = encoding.transform(pd.DataFrame({"code": WRITINGS[later](codes), "x": x}))
    assert encoded[:, 1:].sum(axis=1).tolist() == [1] * 12
    assert (encoded[:4, 1:] == encoded[4:8, 1:]).all()
    assert len(np.unique(encoded[:, 1:], axis=0)) == 4


def test_both_spellings_in_training_are_one_category():
    table = pd.DataFrame({"code": ["1", "1.0", "2.0", "2.0", "02", "02"]})
    encoding = TableEncoding(column_types={"code": "category"}).fit(table)
    assert encoding.categories_ == {"code": ["02", "1", "2.0"]}


def test_a_leading_zero_makes_a_different_text():
    encoding = TableEncoding(column_types={"code": "text"}, min_frequency=1)
    encoding.fit(pd.DataFrame({"code": ["02", "3", "4"]}))
    assert encoding.transform(pd.DataFrame({"code": ["2", "2.0", "03", "3.00"]})).sum() == 0


@given(st.text("0123456789.-", max_size=6))
def test_the_other_spelling_of_the_other_spelling_is_the_text(text):
    other = other_spelling(text)
    if other is not None:
        assert float(other) == float(text)
        assert other_spelling(other) == text
