"""What is escaped in a docstring, and what stays."""

import pytest

pytest.importorskip("sphinx")

from docs.building.docstrings import escaped

pytestmark = pytest.mark.repository


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("the mean of |x|", r"the mean of \|x\|"),
        ("as in coefs_, and", r"as in coefs\_, and"),
        ("coefs_ : list of arrays", "coefs_ : list of arrays"),
        ("`coefs_` and ``a | b`` stay", "`coefs_` and ``a | b`` stay"),
        ("hidden_layer_sizes stays", "hidden_layer_sizes stays"),
    ],
)
def test_bars_and_last_underscores_mean_themselves(line, expected):
    assert list(escaped([line])) == [expected]


def test_an_example_and_what_it_prints_stay_as_they_are():
    lines = [">>> table_", "a | b", "", "a | b"]
    assert list(escaped(lines)) == [*lines[:3], r"a \| b"]
