"""Source of a Python file while the operations of a program are rendered one by one."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from lamina.export.lowering.operations import renderer_of, sources_of
from lamina.export.lowering.program import ModelProgram
from lamina.formulas.table import AnyArray

DEFINED = re.compile(r"^def (\w+)\(", re.MULTILINE)
FORMULA = """

def {name}({arguments}):
    return {expression}
"""


class Source:
    """Functions, constants and statements of a file; every matrix has a variable."""

    def __init__(self, program: ModelProgram) -> None:
        self.program = program
        self.functions: list[str] = []
        self.constants: dict[str, str] = {}
        self.statements: list[str] = []
        self.variables: dict[int, str] = {}
        self._free: list[str] = []
        self._last_uses = program.last_uses()

    def name(self, index: int) -> str:
        """Return the variable of a matrix."""
        return self.variables[index]

    def constant(self, name: str, value: str) -> str:
        """Add a constant and return its name."""
        self.constants[name] = value
        return name

    def array(self, kind: str, index: int, numbers: AnyArray) -> str:
        """Add an array of an operation's numbers and return its name."""
        return self.constant(f"{kind}{index}", array_text(numbers))

    def function(self, code: str) -> None:
        """Add functions unless the file has them."""
        if code not in self.functions:
            self.functions.append(code)

    def formula(self, name: str, arguments: list[str], expression: str) -> str:
        """Add a function that returns an expression, unless the file has it; return its name."""
        taken = {each for code in self.functions for each in DEFINED.findall(code)}
        chosen, number = name, 2
        while True:
            listed = ", ".join(arguments)
            code = FORMULA.format(name=chosen, arguments=listed, expression=expression)
            if code in self.functions or chosen not in taken:
                self.function(code)
                return chosen
            chosen, number = f"{name}_{number}", number + 1

    def render(self, renderers: Mapping[type, Renderer], refused: Mapping[type, str]) -> None:
        """Add a statement for each operation."""
        for i, operation in enumerate(self.program.operations):
            expression = renderer_of(operation, renderers, refused)(self, operation, i)
            variable = self._variable(i)
            if variable != expression:
                self.statements.append(f"{variable} = {expression}")

    def _variable(self, index: int) -> str:
        """Return the variable of a new matrix: one of a matrix that is read for the last time."""
        sources = dict.fromkeys(sources_of(self.program.operations[index]))
        self._free[:0] = [
            self.variables[source] for source in sources if self._last_uses[source] == index
        ]
        name = self._free.pop(0) if self._free else f"v{len(set(self.variables.values()))}"
        self.variables[index] = name
        return name


Renderer: TypeAlias = Callable[[Source, Any, int], str]


def array_text(numbers: AnyArray) -> str:
    """Return an array as a call of the file's `_array`."""
    stored = numbers.astype(numbers.dtype.newbyteorder("<"))
    text = base64.encodebytes(stored.tobytes()).decode()
    return f'_array("{stored.dtype.str}", {numbers.shape}, """\n{text}""")'
