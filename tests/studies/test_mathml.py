"""Formulas as MathML: those of all records are well formed, and equivalent to their text."""

from xml.etree import ElementTree

import pytest

from lamina.formulas import (
    ACTIVATIONS,
    INVERSE_LINKS,
    LOSSES,
    NORMALIZATIONS,
    OPTIMIZERS,
    PENALTIES,
)
from lamina.studies.mathml import mathml

TABLES = (ACTIVATIONS, INVERSE_LINKS, LOSSES, NORMALIZATIONS, OPTIMIZERS, PENALTIES)
FORMULAS = [
    getattr(record, name)
    for table in TABLES
    for record in table.values()
    for name in ("equation", "derivative_equation")
    if hasattr(record, name)
]


def parsed(text):
    page = mathml(text).replace("&nbsp;", " ")
    return ElementTree.fromstring(f"<page>{page}</page>")


@pytest.mark.parametrize("text", FORMULAS)
def test_every_formula_of_the_tables_is_well_formed(text):
    page = parsed(text)
    for element in page.iter():
        n_children = {"mfrac": 2, "msub": 2, "msup": 2, "msubsup": 3}.get(element.tag)
        assert n_children is None or len(element) == n_children, ElementTree.tostring(element)
    letters = {letter for letter in text if letter.isalpha() and letter.isascii()}
    assert letters <= set("".join(page.itertext()) + "dL")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x / y", "<mfrac><mi>x</mi><mi>y</mi></mfrac>"),
        (
            "(x + 1) / 2",
            "<mfrac><mrow><mi>x</mi><mo>+</mo><mn>1</mn></mrow><mn>2</mn></mfrac>",
        ),
        ("W₁ᵀ", "<msubsup><mi>W</mi><mn>1</mn><mi>T</mi></msubsup>"),
        ("delta₁₂", "<msub><mi>δ</mi><mn>12</mn></msub>"),
        ("√v", "<msqrt><mi>v</mi></msqrt>"),
        ("p_c", "<msub><mi>p</mi><mi>c</mi></msub>"),
        ("x^2", "<msup><mi>x</mi><mn>2</mn></msup>"),
        (
            "dL/dz",
            "<mfrac><mrow><mi>∂</mi><mi>L</mi></mrow><mrow><mi>∂</mi><mi>z</mi></mrow></mfrac>",
        ),
        ("z for all a row", "<mi>z</mi><mtext>&nbsp;for all a row</mtext>"),
    ],
)
def test_a_formula_is_converted_to_the_expected_elements(text, expected):
    assert mathml(text) == f'<math displaystyle="true">{expected}</math>'


def test_a_fraction_divides_a_function_with_its_argument():
    [fraction] = parsed("log p_c / (1 - p_c)").iter("mfrac")
    assert "".join(fraction[0].itertext()) == "logpc"


def test_a_long_formula_may_be_broken_after_a_comma_outside_brackets():
    assert mathml("f(x, y) = x, z = 2").count("<math") == 2
