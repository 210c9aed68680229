"""Source code of a traced formula in NumPy, C and ONNX: one table of operations a language.

Each text comes with its precedence, so that it has brackets only where an operator binds more
tightly. The order of the operations is that of the Python function, so that results have the same
rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from lamina.formulas.tracing import Expression, Operand, UntraceableError, without_guards

CHOICE, COMPARISON, SUM, PRODUCT, SIGN, POWER, ATOM = range(7)
Text: TypeAlias = tuple[str, int]


@dataclass(frozen=True)
class Form:
    """Text of an operation: a template with the operands, and precedences.

    Attributes
    ----------
    template : str
        Format string with the operands {0}, {1}, ….
    precedence : int
        How tightly the text binds; operands that bind less tightly than `needs` get brackets.
    needs : tuple of int
        Precedence that each operand needs at least; 0 for all if empty.
    """

    template: str
    precedence: int = ATOM
    needs: tuple[int, ...] = ()

    def fill(self, operands: list[Text]) -> Text:
        """Return the text with these operands."""
        needs = self.needs or (CHOICE,) * len(operands)
        texts = [
            text if precedence >= need else f"({text})"
            for (text, precedence), need in zip(operands, needs, strict=True)
        ]
        return self.template.format(*texts), self.precedence


ARITHMETIC = {
    "add": Form("{0} + {1}", SUM, (SUM, PRODUCT)),
    "subtract": Form("{0} - {1}", SUM, (SUM, PRODUCT)),
    "multiply": Form("{0} * {1}", PRODUCT, (PRODUCT, SIGN)),
    "divide": Form("{0} / {1}", PRODUCT, (PRODUCT, SIGN)),
    "negative": Form("-{0}", SIGN, (POWER,)),
    "less": Form("{0} < {1}", COMPARISON, (SUM, SUM)),
    "less_equal": Form("{0} <= {1}", COMPARISON, (SUM, SUM)),
    "greater": Form("{0} > {1}", COMPARISON, (SUM, SUM)),
    "greater_equal": Form("{0} >= {1}", COMPARISON, (SUM, SUM)),
    "equal": Form("{0} == {1}", COMPARISON, (SUM, SUM)),
    "not_equal": Form("{0} != {1}", COMPARISON, (SUM, SUM)),
}
COMMON_FUNCTIONS = ("exp", "expm1", "log", "log1p", "sqrt", "sin", "cos", "tanh")

NUMPY = {
    **ARITHMETIC,
    **{name: Form(f"np.{name}({{0}})") for name in (*COMMON_FUNCTIONS, "square")},
    "absolute": Form("np.abs({0})"),
    "maximum": Form("np.maximum({0}, {1})"),
    "minimum": Form("np.minimum({0}, {1})"),
    "clip": Form("np.clip({0}, {1}, {2})"),
    "where": Form("np.where({0}, {1}, {2})"),
    "bitwise_and": Form("{0} & {1}", CHOICE, (ATOM, ATOM)),
    "bitwise_or": Form("{0} | {1}", CHOICE, (ATOM, ATOM)),
    "number": Form("1.0 * {0}", PRODUCT, (SIGN,)),
    # An exported file has no SciPy.
    "expit": Form("np.exp(-np.logaddexp(0, -{0}))", ATOM, (POWER,)),
    "ndtr": Form(
        "0.5 * np.vectorize(math.erfc, otypes=[z.dtype])(-{0} / math.sqrt(2))", PRODUCT, (POWER,)
    ),
}
NUMPY_AND_SCIPY = {**NUMPY, "expit": Form("expit({0})"), "ndtr": Form("ndtr({0})")}
C = {
    **ARITHMETIC,
    **{name: Form(f"{name}({{0}})") for name in COMMON_FUNCTIONS},
    "absolute": Form("fabs({0})"),
    "square": Form("{0} * {0}", PRODUCT, (SIGN,)),
    # Unlike fmax and fmin, these return a NaN in the first operand.
    "maximum": Form("{0} < {1} ? {1} : {0}", CHOICE, (SUM, SUM)),
    "minimum": Form("{0} > {1} ? {1} : {0}", CHOICE, (SUM, SUM)),
    "clip": Form("{0} < {1} ? {1} : {0} > {2} ? {2} : {0}", CHOICE, (SUM, SUM, SUM)),
    "where": Form("{0} ? {1} : {2}", CHOICE, (COMPARISON, COMPARISON, CHOICE)),
    "bitwise_and": Form("{0} && {1}", CHOICE, (COMPARISON, COMPARISON)),
    "bitwise_or": Form("{0} || {1}", CHOICE, (COMPARISON, COMPARISON)),
    "number": Form("{0} ? 1 : 0", CHOICE, (COMPARISON,)),
    "expit": Form("1 / (1 + exp(-{0}))", PRODUCT, (POWER,)),
    "ndtr": Form("0.5 * erfc(-0.7071067811865476 * {0})", PRODUCT, (SIGN,)),
}
ONNX_OPERATORS = {
    "add": "Add({0}, {1})",
    "subtract": "Sub({0}, {1})",
    "multiply": "Mul({0}, {1})",
    "divide": "Div({0}, {1})",
    "less": "Less({0}, {1})",
    "greater": "Greater({0}, {1})",
    "maximum": "Max({0}, {1})",
    "minimum": "Min({0}, {1})",
    "relu": "Relu({0})",
    "negative": "Neg({0})",
    "absolute": "Abs({0})",
    "square": "Mul({0}, {0})",
    "exp": "Exp({0})",
    "expm1": "Sub(Exp({0}), 1)",
    "log": "Log({0})",
    "log1p": "Log(Add(1, {0}))",
    "sqrt": "Sqrt({0})",
    "sin": "Sin({0})",
    "cos": "Cos({0})",
    "tanh": "Tanh({0})",
    "expit": "Sigmoid({0})",
    "ndtr": "Mul(0.5, Add(1, Erf(Mul(0.7071067811865476, {0}))))",
    "clip": "Clip({0}, {1}, {2})",
    "where": "Where({0}, {1}, {2})",
}
ONNX = {operation: Form(call) for operation, call in ONNX_OPERATORS.items()}


def render(
    expression: Operand, forms: Mapping[str, Form], number: Callable[[float], str] = repr
) -> str:
    """Return an expression as text by the forms of a language.

    Raises
    ------
    UntraceableError
        For an operation without a form.
    """

    def text_of(part: Operand) -> Text:
        if not isinstance(part, Expression):
            return number(part), SIGN if part < 0 else ATOM
        if part.operation == "name":
            return part.operands[0], ATOM
        if part.operation not in forms:
            raise UntraceableError(f"{part.operation!r} has no form in this language")
        return forms[part.operation].fill([text_of(each) for each in part.operands])

    return text_of(expression)[0]


def numpy_code(expression: Operand) -> str:
    """Return an expression of NumPy and `math`, which raises no warning where Python's does not."""
    return render(expression, NUMPY)


def scipy_code(expression: Operand) -> str:
    """Return an expression of NumPy, and `expit` and `ndtr` of scipy.special."""
    return render(expression, NUMPY_AND_SCIPY)


def c_code(expression: Operand) -> str:
    """Return an expression of C99 with <math.h>."""
    return render(without_guards(expression), C)


def onnx_code(expression: Operand) -> str:
    """Return calls of ONNX operators."""
    return render(_with_relu(without_guards(expression)), ONNX)


def _with_relu(expression: Operand) -> Operand:
    if not isinstance(expression, Expression):
        return expression
    if expression.operation == "maximum" and expression.operands[1] == 0:
        return Expression("relu", (_with_relu(expression.operands[0]),))
    return Expression(expression.operation, tuple(map(_with_relu, expression.operands)))
