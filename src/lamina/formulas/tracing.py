"""Formulas as expressions: a NumPy function is traced once, and its text in any language derives.

An Expression takes the place of an array. NumPy's and SciPy's functions and operators on it are
recorded and not computed, by NumPy's protocols for other arrays (NEP 13 and NEP 18).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

Operand: TypeAlias = "Expression | float"


class UntraceableError(TypeError):
    """A function does something that an expression cannot record."""


class TracedType:
    """Type of an Expression: numbers of this type are plain Python numbers."""

    @staticmethod
    def type(number: Operand) -> Operand:
        """Return the number, or the letter that stands for it."""
        return number if isinstance(number, Expression) else float(number)


@dataclass(frozen=True, eq=False)
class Expression(NDArrayOperatorsMixin):
    """Operation on operands, each an Expression or a number.

    Attributes
    ----------
    operation : str
        Name of the NumPy or SciPy function; 'name' for a variable, 'number' for a truth value as
        a number.
    operands : tuple of Expression, float or str
    """

    operation: str
    operands: tuple[Any, ...]

    # Without these, NumPy would treat an expression as an array of objects.
    dtype = TracedType()

    def astype(self, dtype: object) -> Expression:
        """Record the conversion of a truth value to a number."""
        return Expression("number", (self,))

    def __array_ufunc__(
        self, ufunc: np.ufunc, method: str, *inputs: object, **options: object
    ) -> Operand:
        if method != "__call__" or options:
            raise UntraceableError(f"np.{ufunc.__name__} with {method} or {[*options]}")
        return record(ufunc.__name__, inputs)

    def __array_function__(
        self,
        function: Callable[..., object],
        types: Sequence[type],
        inputs: Sequence[object],
        options: object,
    ) -> Operand:
        name = function.__name__
        if name == "ones_like":
            return 1
        if name not in ("where", "clip") or options:
            raise UntraceableError(f"np.{name}")
        return record(name, inputs)


def record(operation: str, operands: Sequence[object]) -> Operand:
    """Return an operation as an expression; a product with 1 and a quotient by 1 are left out."""
    checked = tuple(_operand(each) for each in operands)
    if operation in ("multiply", "divide") and is_one(checked[1]):
        return checked[0]
    if operation == "multiply" and is_one(checked[0]):
        return checked[1]
    return Expression(operation, checked)


def _operand(value: object) -> Operand:
    if isinstance(value, Expression):
        return value
    if isinstance(value, int | float | np.number) and not isinstance(value, bool):
        return value.item() if isinstance(value, np.number) else value
    raise UntraceableError(f"an operand of type {type(value).__name__}")


def is_one(operand: Operand) -> bool:
    """Return True for the number 1."""
    return not isinstance(operand, Expression) and operand == 1


def variable(name: str) -> Expression:
    """Return the expression of a variable."""
    return Expression("name", (name,))


def trace(function: Callable[..., Any], names: Sequence[str], **constants: object) -> Operand:
    """Return the expression that a function computes from variables of these names.

    Raises
    ------
    UntraceableError
        If the function does something that an expression cannot record.

    Examples
    --------
    >>> expression = trace(lambda z: np.maximum(z, 0) * 0.5, ["z"])
    >>> expression.operation, expression.operands[1]
    ('multiply', 0.5)
    """
    return _operand(function(*map(variable, names), **constants))


def is_same(first: Operand, second: Operand) -> bool:
    """Return True if two expressions are the same operations on the same operands."""
    if isinstance(first, Expression) and isinstance(second, Expression):
        return (
            first.operation == second.operation
            and len(first.operands) == len(second.operands)
            and all(map(is_same, first.operands, second.operands))
        )
    return type(first) is type(second) and first == second


def parts(expression: Operand) -> Iterator[Expression]:
    """Yield an expression and all expressions in it."""
    if isinstance(expression, Expression):
        yield expression
        for each in expression.operands:
            yield from parts(each)


def without_guards(expression: Operand) -> Operand:
    """Leave out min(x, 0) where x < 0 chooses the value, which only NumPy must guard.

    `np.where` computes both of its values; a language that chooses first, or ignores overflow,
    gives the same number without the guard.
    """
    if not isinstance(expression, Expression):
        return expression
    operands = tuple(map(without_guards, expression.operands))
    if expression.operation == "where":
        condition, value, other = operands
        if isinstance(condition, Expression) and condition.operation == "less":
            x, bound = condition.operands
            guard = Expression("minimum", (x, bound))
            operands = (condition, _replaced(value, guard, x), other)
    return Expression(expression.operation, operands)


def _replaced(expression: Operand, old: Operand, new: Operand) -> Operand:
    if is_same(expression, old):
        return new
    if not isinstance(expression, Expression):
        return expression
    replaced = tuple(_replaced(each, old, new) for each in expression.operands)
    return Expression(expression.operation, replaced)
