"""Render the numbers of a step with their formulas, as text and as HTML."""

from __future__ import annotations

import html
import textwrap
from collections.abc import Iterable, Sequence
from itertools import groupby

import numpy as np

from lamina.formulas.table import AnyArray
from lamina.studies.mathml import mathml
from lamina.studies.step import Update
from lamina.studies.trace_formulas import update_equation
from lamina.studies.traced_number import TracedNumber

FORMULA_WIDTH, NUMBER_WIDTH = 52, 120
# Only the corners of larger matrices are shown.
MOST_NUMBERS, EDGE = 48, 3
# Symbols of parameters in the optimizers' formulas.
LETTERS = {"momentum": "μ", "beta_1": "β₁", "beta_2": "β₂", "epsilon": "ε", "decay_rate": "ρ"}
HEADINGS = {
    "forward": "Forward",
    "loss": "Loss",
    "backward": "Backward",
    "update": "Update",
}
STYLE = """\
<style>
.lamina-step { border-collapse: collapse; color: inherit; background: transparent; }
.lamina-step td, .lamina-step th { border: 0; padding: .3em .8em; text-align: left;
  vertical-align: top; background: transparent; color: inherit; line-height: 1.6; }
.lamina-step tr { background: transparent; border-top: 1px solid rgba(128, 128, 128, .3); }
.lamina-step tr.part { border-top: 2px solid currentColor; }
.lamina-step tr.part th { font-size: 1.1em; padding-top: .8em; }
.lamina-step .shape { white-space: nowrap; opacity: .75; }
.lamina-step pre { margin: 0; padding: 0; background: transparent; color: inherit; border: 0;
  font-size: .9em; line-height: 1.35; }
.lamina-step math { font-size: 1.05em; }
</style>"""


def as_text(
    title: str, numbers: Sequence[TracedNumber], made: Update | None, notes: Iterable[str]
) -> str:
    """Return the table as text."""
    lines = [title]
    for part, of_part in groupby(numbers, key=lambda each: each.part):
        lines += ["", HEADINGS[part]]
        if part == "update" and made is not None:
            lines += textwrap.wrap(
                described(made), NUMBER_WIDTH, initial_indent="  ", subsequent_indent="  "
            )
        for layer, of_layer in groupby(of_part, key=lambda each: each.layer):
            lines += [f"  {layer}"] if layer else []
            for number in of_layer:
                lines += _row(number)
    return "\n".join([*lines, *([""] if notes else []), *notes])


def _row(number: TracedNumber) -> list[str]:
    formula = textwrap.wrap(number.formula, FORMULA_WIDTH, subsequent_indent="  ")
    shape, value = shown_shape(number.value), shown(number.value).splitlines()
    height = max(len(formula), len(value))
    formula += [""] * (height - len(formula))
    value += [""] * (height - len(value))
    shapes = [shape] + [""] * (height - 1)
    return [
        f"    {one:{FORMULA_WIDTH}}  {two:>9}  {three}".rstrip()
        for one, two, three in zip(formula, shapes, value, strict=True)
    ]


def as_html(
    title: str, numbers: Sequence[TracedNumber], made: Update | None, notes: Iterable[str]
) -> str:
    """Return the table as HTML with formulas in MathML; it inherits the page's colours."""
    rows = []
    for part, of_part in groupby(numbers, key=lambda each: each.part):
        by_rule = ""
        if part == "update" and made is not None:
            rule, values = update_equation(made), html.escape(describe_settings(made))
            parts = "<br>".join(mathml(each) for each in rule.split(";  "))
            by_rule = f'<tr><td></td><td>{parts}</td><td class="shape"></td><td>{values}</td></tr>'
        rows.append(f'<tr class="part"><th colspan="4">{HEADINGS[part]}</th></tr>{by_rule}')
        for layer, of_layer in groupby(of_part, key=lambda each: each.layer):
            rows += _rows_as_html(layer, list(of_layer))
    remarks = "".join(f"<p>{html.escape(note)}</p>" for note in notes)
    head = "<tr><th>layer</th><th>formula</th><th>shape</th><th>value</th></tr>"
    body = "".join(rows)
    table = f'<table class="lamina-step">{head}{body}</table>'
    return f"{STYLE}<p>{html.escape(title)}</p>{table}{remarks}"


def _rows_as_html(layer: str, numbers: list[TracedNumber]) -> list[str]:
    name = f'<th rowspan="{len(numbers)}">{html.escape(layer)}</th>'
    return [
        f"<tr>{name if i == 0 else ''}<td>{mathml(number.formula)}</td>"
        f'<td class="shape">{shown_shape(number.value)}</td>'
        f"<td><pre>{html.escape(shown(number.value))}</pre></td></tr>"
        for i, number in enumerate(numbers)
    ]


def shown(value: AnyArray) -> str:
    """Return the numbers of an array, or of its corners, as text.

    Examples
    --------
    >>> shown(np.array([[0.5, 0.25], [1.0, -2.0]]))
    '[[ 0.5   0.25]\\n [ 1.   -2.  ]]'
    """
    if value.ndim == 0:
        return f"{float(value):.6g}"
    return np.array2string(
        value,
        precision=4,
        suppress_small=False,
        threshold=MOST_NUMBERS,
        edgeitems=EDGE,
        max_line_width=NUMBER_WIDTH,
        floatmode="maxprec",
    )


def shown_shape(value: AnyArray) -> str:
    """Return a shape such as '3 × 2'; empty for a plain number."""
    return " × ".join(map(str, value.shape))


def described(made: Update) -> str:
    """Return the formula of the optimizer with the values of its symbols."""
    return f"{update_equation(made)};  {describe_settings(made)}"


def describe_settings(made: Update) -> str:
    """Return the values of the symbols in an optimizer's formula."""
    optimizer = made.optimizer
    values = {LETTERS.get(k, k): f"{value:g}" for k, value in optimizer.hyperparameters.items()}
    settings = {"learning rate η": f"{made.learning_rate:g}", "step t": str(made.step), **values}
    settings["‖g‖"] = f"{made.gradient_norm:.4g}"
    if optimizer.max_gradient_norm is not None:
        settings["clipped to"] = f"{optimizer.max_gradient_norm:g}"
    if optimizer.weight_decay:
        settings["weight decay λ"] = f"{optimizer.weight_decay:g}"
    if optimizer.amsgrad:
        settings["amsgrad"] = "True"
    return ", ".join(f"{name} = {value}" for name, value in settings.items())
