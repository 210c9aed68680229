"""Builder of a program: collects its operations, and the kind of data in each input column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeAlias

from lamina.encoding.column_form import ColumnForm
from lamina.encoding.written_numbers import NumberForm
from lamina.errors import ExportError
from lamina.export.lowering.operations import Operation
from lamina.export.lowering.program import InputColumn, InputKind
from lamina.export.lowering.table_operations import CategoryCode, Columns, Join, OneHot


class NotLoweredError(ExportError):
    """Raised for a pipeline step without operations; skl2onnx may still convert it."""


@dataclass(frozen=True)
class Raw:
    """Unprocessed input columns, each with the value that replaces a missing one."""

    columns: tuple[int, ...]
    fills: tuple[str | None, ...] = ()

    def taken(self, places: Sequence[int]) -> Raw:
        """Return some of the columns."""
        fills = tuple(self.fills[i] for i in places) if self.fills else ()
        return Raw(tuple(self.columns[i] for i in places), fills)

    def fill(self, place: int) -> str | None:
        """Return the value that replaces a missing one in a column; None if there is none."""
        return self.fills[place] if self.fills else None


# Raw columns, or the index of the operation that computes a matrix.
Value: TypeAlias = Raw | int


class Lowering:
    """Operations of one model as they are added, and the kinds of its input columns."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = list(names)
        self.kinds: dict[int, InputKind] = {}
        self.forms: dict[int, ColumnForm] = {}
        self.zoned: dict[int, bool] = {}
        self.operations: list[Operation] = []
        self.takes_a_table = False

    def add(self, operation: Operation) -> int:
        """Add an operation and return its index."""
        self.operations.append(operation)
        return len(self.operations) - 1

    def width(self, value: Value) -> int:
        """Return the number of columns of a value."""
        return len(value.columns) if isinstance(value, Raw) else self.operations[value].width

    def hold(self, column: int, kind: InputKind) -> None:
        """Set the kind of an input column; raise an error if it already has another kind."""
        if self.kinds.setdefault(column, kind) != kind:
            raise NotLoweredError(
                f"column {self.names[column]!r} is used both as {self.kinds[column]} and as "
                f"{kind}: an export supports only one kind per column"
            )
        self.takes_a_table |= kind != "number"

    def matrix(self, value: Value) -> int:
        """Return the index of the operation for a value; raw columns are read as numbers."""
        if not isinstance(value, Raw):
            return value
        for column in value.columns:
            self.hold(column, "number")
        return self.add(Columns(value.columns))

    def join(self, values: Sequence[Value]) -> Value:
        """Join values side by side."""
        parts = [value for value in values if self.width(value)]
        if len(parts) == 1:
            return parts[0]
        sources = tuple(self.matrix(part) for part in parts)
        return self.add(Join(sources, sum(map(self.width, sources))))


class TableProgram(NamedTuple):
    """Columns that an encoding reads, and the operations that compute its matrix."""

    inputs: tuple[InputColumn, ...]
    operations: tuple[Operation, ...]


def table_program(lowering: Lowering) -> TableProgram:
    """Return the inputs that are read, and the operations with renumbered inputs."""
    read = sorted(lowering.kinds)
    names = [lowering.names[i] for i in read]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise ExportError(f"two columns are named {twice[0]!r}: rename one of them")
    place = {column: i for i, column in enumerate(read)}
    inputs = tuple(_input(lowering, i) for i in read)
    return TableProgram(inputs, tuple(_renumbered(each, place) for each in lowering.operations))


def _input(lowering: Lowering, column: int) -> InputColumn:
    name, kind, form = lowering.names[column], lowering.kinds[column], lowering.forms.get(column)
    zoned = lowering.zoned.get(column) if kind == "date" else None
    if form is None:
        return InputColumn(name, kind, zoned=zoned)
    if kind == "category":
        return InputColumn(name, kind, missing=form.missing)
    unit = "hours since midnight" if form.kind == "time of day" else ""
    is_plain = form.kind == "number" and form.number == NumberForm()
    return InputColumn(name, kind, was_text=not is_plain, unit=unit, zoned=zoned)


def _renumbered(operation: Operation, place: dict[int, int]) -> Operation:
    """Return an operation whose input columns are indices into the inputs that are read."""
    if isinstance(operation, Columns):
        return Columns(tuple(place[column] for column in operation.columns))
    if isinstance(operation, OneHot | CategoryCode):
        return replace(operation, column=place[operation.column])
    return operation
