"""Equations of traced formulas, as the text that documentation and the page of a step show."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from lamina.formulas.rendering import (
    ATOM,
    COMPARISON,
    POWER,
    PRODUCT,
    SIGN,
    SUM,
    Form,
    Text,
)
from lamina.formulas.tracing import (
    Expression,
    Operand,
    UntraceableError,
    is_one,
    is_same,
    parts,
    record,
    without_guards,
)

OPPOSITES = {
    "less": "≥",
    "less_equal": ">",
    "greater": "≤",
    "greater_equal": "<",
    "equal": "≠",
    "not_equal": "=",
}
FORMS = {
    "add": Form("{0} + {1}", SUM, (SUM, PRODUCT)),
    "subtract": Form("{0} - {1}", SUM, (SUM, PRODUCT)),
    "multiply": Form("{0} {1}", PRODUCT, (PRODUCT, POWER)),
    "divide": Form("{0} / {1}", PRODUCT, (PRODUCT, POWER)),
    "negative": Form("-{0}", SIGN, (PRODUCT,)),
    "square": Form("{0}²", POWER, (ATOM,)),
    "absolute": Form("|{0}|"),
    "less": Form("{0} < {1}", COMPARISON, (SUM, SUM)),
    "less_equal": Form("{0} ≤ {1}", COMPARISON, (SUM, SUM)),
    "greater": Form("{0} > {1}", COMPARISON, (SUM, SUM)),
    "greater_equal": Form("{0} ≥ {1}", COMPARISON, (SUM, SUM)),
    "equal": Form("{0} = {1}", COMPARISON, (SUM, SUM)),
    "not_equal": Form("{0} ≠ {1}", COMPARISON, (SUM, SUM)),
    "bitwise_and": Form("{0} and {1}", COMPARISON),
    "bitwise_or": Form("{0} or {1}", COMPARISON),
    "maximum": Form("max({1}, {0})"),
    "minimum": Form("min({0}, {1})"),
    "clip": Form("min(max({1}, {0}), {2})"),
    "number": Form("1 for {0}, else 0", COMPARISON),
    "expm1": Form("exp({0}) - 1", SUM),
    "log1p": Form("log(1 + {0})"),
    "sqrt": Form("√({0})"),
    **{name: Form(f"{name}({{0}})") for name in ("exp", "log", "sin", "cos", "tanh")},
    "ndtr": Form("Φ({0})"),
    "expit": Form("σ({0})"),
}
NOTES = {
    "ndtr": "Φ the standard normal distribution",
    "expit": "σ(z) = 1 / (1 + exp(-z))",
}


def equation(left: str, expression: Operand) -> str:
    """Return the equation of a traced formula, and a note on each letter for a function in it.

    Examples
    --------
    >>> import numpy as np
    >>> from lamina.formulas.tracing import trace
    >>> equation("f(z)", trace(lambda z: np.where(z < 0, 0.5 * z, z), ["z"]))
    'f(z) = z for z ≥ 0, else 0.5 z'
    """
    expression = without_guards(expression)
    functions = [part.operation for part in parts(expression)]
    # A logistic function that occurs once is written out.
    written_out = functions.count("expit") == 1
    text = _choice(simplified(_written_out(expression) if written_out else expression))
    notes = [
        note
        for function, note in NOTES.items()
        if function in functions and not (function == "expit" and written_out)
    ]
    return ", ".join([f"{left} = {text}", *notes])


def rounded(number: float) -> str:
    """Return a number with at most five digits after the point, else with four and an …."""
    exact = f"{number:.12g}"
    if not re.search(r"\.\d{6}", exact):
        return exact
    return f"{number:.4f}…"


def _choice(expression: Operand) -> str:
    """Return the text of an expression, and of a choice as its cases."""
    if not isinstance(expression, Expression) or expression.operation != "where":
        return _text(expression)[0]
    condition, value, other = expression.operands
    opposite = OPPOSITES[condition.operation]
    if isinstance(other, Expression) and other.operation == "where":
        return f"{_text(value)[0]} for {_text(condition)[0]}, {_choice(other)}"
    if condition.operation == "less":
        left, right = (_text(each)[0] for each in condition.operands)
        return f"{_text(other)[0]} for {left} {opposite} {right}, else {_text(value)[0]}"
    return f"{_text(value)[0]} for {_text(condition)[0]}, else {_text(other)[0]}"


def _text(expression: Operand) -> Text:
    if not isinstance(expression, Expression):
        return rounded(expression), SIGN if expression < 0 else ATOM
    if expression.operation == "name":
        return expression.operands[0], ATOM
    if expression.operation not in FORMS:
        raise UntraceableError(f"{expression.operation!r} has no text in equations")
    return FORMS[expression.operation].fill([_text(each) for each in expression.operands])


def _written_out(expression: Operand) -> Operand:
    """Return z / (1 + exp(-z)) in place of z σ(z)."""
    return _changed(expression, {"expit": _logistic})


def _logistic(operands: tuple[Operand, ...]) -> Operand:
    exponential = Expression("exp", (Expression("negative", operands),))
    return Expression("divide", (1, Expression("add", (1, exponential))))


def _changed(
    expression: Operand, changes: Mapping[str, Callable[[tuple[Operand, ...]], Operand]]
) -> Operand:
    if not isinstance(expression, Expression) or expression.operation == "name":
        return expression
    operands = tuple(_changed(each, changes) for each in expression.operands)
    change = changes.get(expression.operation)
    return Expression(expression.operation, operands) if change is None else change(operands)


def simplified(expression: Operand) -> Operand:
    """Return an expression in a form that reads well: x² for x x, z / d for z (1 / d).

    A factor of a choice moves into its cases, and a product of two numbers becomes one.
    """
    return _changed(expression, {"multiply": _product})


def _product(operands: tuple[Operand, ...]) -> Operand:
    first, second = operands
    if is_same(first, second):
        return Expression("square", (first,))
    if not isinstance(second, Expression):
        return _product((second, first)) if isinstance(first, Expression) else first * second
    if second.operation == "where":
        condition, value, other = second.operands
        return Expression("where", (condition, _product((first, value)), _product((first, other))))
    if second.operation == "divide" and is_one(second.operands[0]):
        return Expression("divide", (first, second.operands[1]))
    if second.operation == "multiply" and not isinstance(first, Expression):
        factor, rest = second.operands
        if not isinstance(factor, Expression):
            return record("multiply", (first * factor, rest))
    return Expression("multiply", operands)
