"""C header while the operations of a program are rendered one by one; places of its matrices.

A matrix's row is stored in an array on the stack. Arrays are used again once a matrix has been
read for the last time; the parts of a join are computed where the join has them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

from lamina.export.c.texts import identifiers, number_array
from lamina.export.lowering.network_operations import (
    Activate,
    AddResidual,
    Dtype,
    Features,
    InvertLink,
    Normalize,
    RequireFinite,
    Sort,
)
from lamina.export.lowering.operations import renderer_of
from lamina.export.lowering.program import ModelProgram
from lamina.export.lowering.table_operations import Join
from lamina.formulas.table import AnyArray

DECIMAL = re.compile(r"(?<![\w.])(\d+\.\d*(?:e[+-]?\d+)?|\d+e[+-]?\d+)", re.IGNORECASE)
FUNCTION_OF_MATH = re.compile(
    r"\b(exp|expm1|log|log1p|tanh|erf|erfc|sin|cos|sqrt|floor|fabs|fmin|fmax)\("
)
# Operations that may write their matrix over that of their source.
IN_PLACE = (Activate, AddResidual, InvertLink, Normalize, RequireFinite, Sort)


class Place(NamedTuple):
    """Array of a matrix's row, and the index of its first number there."""

    array: str
    offset: int


class Header:
    """Constants, functions and statements of a header; `name` begins all their names."""

    def __init__(self, name: str, program: ModelProgram) -> None:
        self.name, self.program = name, program
        self.fields = identifiers(each.name for each in program.inputs)
        self.constants: list[str] = []
        self.functions: dict[str, str] = {}
        self.includes = {"math": None}
        self.statements: list[str] = []
        self.places, self.arrays = place_matrices(program)

    def at(self, index: int, number: str | int = "i") -> str:
        """Return the expression for one number of a matrix's row."""
        array, offset = self.places[index]
        if isinstance(number, int):
            return f"{array}[{offset + number}]"
        return f"{array}[{offset} + {number}]" if offset else f"{array}[{number}]"

    def pointer(self, index: int) -> str:
        """Return the expression for the address of a matrix's row."""
        array, offset = self.places[index]
        return f"&{array}[{offset}]" if offset else array

    def each(self, index: int, expression: str) -> str:
        """Return the statement that sets every number of a matrix's row."""
        width = self.program.operations[index].width
        return f"for (int i = 0; i < {width}; i++) {self.at(index)} = {expression};"

    def copy(self, index: int, source: int) -> list[str]:
        """Return the statement that copies a matrix, unless both have the same place."""
        if self.places[index] == self.places[source]:
            return []
        return [self.each(index, self.at(source))]

    def real(self, index: int) -> str:
        """Return the type of a matrix's numbers."""
        return c_type(self.program.dtype_of(index))

    def constant(self, kind: str, index: int) -> str:
        """Return the name of an array of constants."""
        return f"{self.name}_{kind}_{index}"

    def numbers(self, kind: str, index: int, numbers: AnyArray) -> str:
        """Add an array of constants with the type of its numbers, and return its name."""
        name = self.constant(kind, index)
        self.constants.append(number_array(f"{c_type(numbers.dtype)} {name}", numbers))
        return name

    def function(self, name: str, code: str) -> str:
        """Add a function, whose name in its code is {function}; return the name."""
        chosen, number = name, 2
        while True:
            text = code.replace("{function}", chosen)
            if self.functions.setdefault(chosen, text) == text:
                return chosen
            chosen, number = f"{name}_{number}", number + 1

    def function_at(self, i: int, name: str, code: str) -> str:
        """Add a function in the precision of operation i, with the header's name before its own."""
        return self.function(f"{self.name}_{name}", in_precision(code, self.real(i)))

    def include(self, *headers: str) -> None:
        """Add headers of C's library."""
        self.includes |= dict.fromkeys(headers)

    def render(self, renderers: Mapping[type, Renderer], refused: Mapping[type, str]) -> None:
        """Add the statements of each operation."""
        for i, operation in enumerate(self.program.operations):
            render = renderer_of(operation, renderers, refused)
            self.statements += render(self, operation, i)


Renderer: TypeAlias = Callable[[Header, Any, int], list[str]]


def place_matrices(program: ModelProgram) -> tuple[dict[int, Place], dict[str, str]]:
    """Return the place of each matrix, and the type and size of each array."""
    owners = _owners(program)
    last_uses = program.last_uses()
    ends: dict[int, int] = {}
    for i, (owner, _) in owners.items():
        ends[owner] = max(ends.get(owner, 0), last_uses.get(i, i))
    names: dict[int, str] = {}
    sizes: dict[str, tuple[str, int]] = {}
    free_after: dict[str, int] = {}
    for i in range(len(program.operations)):
        owner = owners[i][0]
        if owner in names:
            continue
        if isinstance(program.operations[owner], Features):
            names[owner] = "x"
            continue
        real, width = c_type(program.dtype_of(owner)), program.operations[owner].width
        free = (name for name, end in free_after.items() if end < i and sizes[name][0] == real)
        name = next(free, f"v{len(sizes)}")
        sizes[name] = real, max(width, sizes.get(name, (real, 0))[1])
        names[owner], free_after[name] = name, ends[owner]
    places = {i: Place(names[owner], offset) for i, (owner, offset) in owners.items()}
    return places, {f"{name}[{size}]": real for name, (real, size) in sizes.items()}


def _owners(program: ModelProgram) -> dict[int, tuple[int, int]]:
    """Return the operation in whose array each matrix is, and the index of its first number."""
    owners: dict[int, tuple[int, int]] = {}
    for i in reversed(range(len(program.operations))):
        owner, offset = owners.setdefault(i, (i, 0))
        operation = program.operations[i]
        if isinstance(operation, Join):
            for source in operation.sources:
                owners.setdefault(source, (owner, offset))
                offset += program.operations[source].width
        elif isinstance(operation, IN_PLACE) and _is_read_once(program, operation.source):
            owners.setdefault(operation.source, (owner, offset))
    return owners


def _is_read_once(program: ModelProgram, index: int) -> bool:
    """Return True if nothing but one operation reads a matrix, which is no input."""
    if isinstance(program.operations[index], Features):
        return False
    return program.reads().count(index) == 1


def c_type(dtype: Dtype) -> str:
    """Return the type of numbers in C."""
    return "float" if dtype.itemsize == 4 else "double"


def in_precision(code: str, real: str) -> str:
    """Return code on `real` numbers as C in float or double; for float, constants end in f.

    Examples
    --------
    >>> in_precision("real half = 0.5 * exp(z);", "float")
    'float half = 0.5f * expf(z);'
    """
    if real == "float":
        code = FUNCTION_OF_MATH.sub(r"\1f(", DECIMAL.sub(r"\1f", code))
    return re.sub(r"\breal\b", real, code)
