"""Formulas become MathML, and those that cannot are told of."""

import pytest

pytest.importorskip("sphinx")

from docs.building.mathml import as_mathml
from docutils import nodes

pytestmark = pytest.mark.repository


def test_a_formula_becomes_mathml():
    made = as_mathml(nodes.math("", r"z = a_{\text{prev}} W + b"), as_block=False)
    assert made.startswith("<math")
    assert "<msub>" in made


def test_the_name_of_a_function_stands_apart():
    made = as_mathml(nodes.math("", r"x \sin x \cos 2x"), as_block=False)
    assert made.count("<mspace") == 4
    assert "<mspace" not in as_mathml(nodes.math("", r"\log(2) + \sqrt v"), as_block=False)


def test_lines_below_each_other_are_a_table():
    made = as_mathml(nodes.math_block("", "a &= b \\\\\nc &= d"), as_block=True)
    assert made.count("<mtr>") == 2


def test_a_formula_that_cannot_be_read_stands_as_it_is_written(caplog):
    made = as_mathml(nodes.math("", r"\nosuchcommand < 1"), as_block=False)
    assert made == r"<code>\nosuchcommand &lt; 1</code>"
