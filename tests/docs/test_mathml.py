"""Formulas become MathML, and unreadable ones raise a warning."""

import pytest

pytest.importorskip("sphinx")

from docs.building.mathml import as_mathml
from docutils import nodes

pytestmark = pytest.mark.repository


def test_a_formula_becomes_mathml():
    made = as_mathml(nodes.math("", r"z = a_{\text{prev}} W + b"), as_block=False)
    assert made.startswith("<math")
    assert "<msub>" in made


def test_the_name_of_a_function_has_a_thin_space_around_it():
    made = as_mathml(nodes.math("", r"x \sin x \cos 2x"), as_block=False)
    assert made.count("<mspace") == 4
    assert "<mspace" not in as_mathml(nodes.math("", r"\log(2) + \sqrt v"), as_block=False)


def test_several_lines_become_a_table():
    made = as_mathml(nodes.math_block("", "a &= b \\\\\nc &= d"), as_block=True)
    assert made.count("<mtr>") == 2


def test_an_unreadable_formula_stays_latex_with_a_warning(caplog):
    made = as_mathml(nodes.math("", r"\nosuchcommand < 1"), as_block=False)
    assert made == r"<code>\nosuchcommand &lt; 1</code>"
