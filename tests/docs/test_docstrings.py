"""Accidental markup in docstrings is escaped, code and examples are not changed."""

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
def test_bars_and_trailing_underscores_are_escaped(line, expected):
    assert list(escaped([line])) == [expected]


def test_an_example_and_its_output_are_not_changed():
    lines = [">>> table_", "a | b", "", "a | b"]
    assert list(escaped(lines)) == [*lines[:3], r"a \| b"]
