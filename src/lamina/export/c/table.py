"""Preprocessing in a C header: reads a row and converts it to numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from lamina.export import calendar_code
from lamina.export.c.texts import (
    comment,
    identifiers,
    integer_array,
    number_array,
    string_array,
    utf8,
)
from lamina.export.lowering.program import (
    Affine,
    Calendar,
    CategoryCode,
    Clip,
    Columns,
    Impute,
    InputColumn,
    IsMissing,
    Join,
    Lookup,
    OneHot,
    OneHotNumber,
    Operation,
    Preparation,
    Program,
    SmoothClip,
    Standardize,
    Take,
)

MEANINGS = {
    "number": "a number; NAN where it is missing",
    "date": "a date, as days since 1970-01-01 in UTC; NAN where it is missing",
    "category": "a category in UTF-8; NULL where it is missing",
}
ROW = """\
/* One row of the table. */
typedef struct {{
{fields}
}} {name}_row;

"""
PLACE = """\
/* The place that belongs to a text, found among sorted ones; -1 where it is none of them. */
static inline int {name}_place(
    const char *text, const char *const *texts, const int *places, int n_texts, int missing)
{{
    int low = 0, high = text == NULL ? 0 : n_texts;
    while (low < high) {{
        const int middle = low + (high - low) / 2, order = strcmp(text, texts[middle]);
        if (order == 0) return places[middle];
        if (order < 0) high = middle;
        else low = middle + 1;
    }}
    return text == NULL ? missing : -1;
}}

"""
ONE_HOT = """\
/* 1 at a place, and 0 elsewhere; returns the place. */
static inline int {name}_one_hot(int place, int width, double *encoded)
{{
    for (int i = 0; i < width; i++) encoded[i] = i == place ? 1 : 0;
    return place;
}}

"""
ENCODE = """\
/* The numbers that the network takes; all are NAN where a number is infinite{strict}. */
static inline void {name}_encode(const {row} *row, {real} *x)
{{
{body}
}}

"""


@dataclass(frozen=True)
class Part:
    """One operation in C: definitions outside the function, and statements inside."""

    statements: tuple[str, ...]
    definitions: str = ""


class Encoder:
    """Places of a program's matrices in C; parts of a join are written into its array directly."""

    def __init__(self, name: str, program: Preparation) -> None:
        self.name, self.program = name, program
        self.fields = identifiers(each.name for each in program.inputs)
        self.places: dict[int, tuple[int, int]] = {}
        for i in reversed(range(len(program.operations))):
            array, offset = self.places.setdefault(i, (i, 0))
            operation = program.operations[i]
            if isinstance(operation, Join):
                for source in operation.sources:
                    self.places.setdefault(source, (array, offset))
                    offset += program.operations[source].width

    def at(self, value: int, index: str | int = "i") -> str:
        """Return the expression for one number of a matrix's row."""
        array, offset = self.places[value]
        if isinstance(index, int):
            return f"v{array}[{offset + index}]"
        return f"v{array}[{offset} + {index}]" if offset else f"v{array}[{index}]"

    def each(self, value: int, expression: str) -> str:
        """Return the statement that sets every number of a matrix's row."""
        width = self.program.operations[value].width
        return f"for (int i = 0; i < {width}; i++) {self.at(value)} = {expression};"

    def constant(self, kind: str, value: int) -> str:
        """Return the name of an array of constants."""
        return f"{self.name}_{kind}_{value}"


def row_type(name: str, program: Program, real: str) -> str:
    """Return the definition of the row type."""
    return f"{name}_row" if program.takes_a_table else real


class EncodingInC(NamedTuple):
    """Preprocessing of a program in C.

    Attributes
    ----------
    encoder : Encoder
        Holds the places of all matrices.
    definitions : str
        Row type, constants and functions.
    statements : list of str
        Set every matrix of a row, and `invalid`, which is NaN if there is no prediction.
    """

    encoder: Encoder
    definitions: str
    statements: list[str]


def operations_in_c(name: str, program: Preparation) -> EncodingInC:
    """Return the operations of a program in C."""
    encoder = Encoder(name, program)
    parts = [
        RENDERED[type(operation)](encoder, operation, i)
        for i, operation in enumerate(program.operations)
    ]
    lines = [
        "double invalid = 0;",
        *(
            f"double v{i}[{operation.width}];"
            for i, operation in enumerate(program.operations)
            if encoder.places[i] == (i, 0)
        ),
        *(statement for part in parts for statement in part.statements),
    ]
    functions = {
        PLACE: _has(program, OneHot, CategoryCode),
        ONE_HOT: _has(program, OneHot),
        calendar_code.C: _has(program, Calendar),
    }
    definitions = [
        _row(encoder) if program.takes_a_table else "",
        *(part.definitions for part in parts),
        *(code.format(name=name) for code, is_needed in functions.items() if is_needed),
    ]
    return EncodingInC(encoder, "".join(definitions), lines)


def encoding_in_c(name: str, program: Program, real: str) -> str:
    """Return row type, constants, and the function that computes network inputs from a row."""
    encoding = operations_in_c(name, program)
    last = len(program.operations) - 1
    width, x = program.operations[last].width, encoding.encoder.at(last)
    copied = f"for (int i = 0; i < {width}; i++) x[i] = ({real})({x} + invalid);"
    strict = any(getattr(operation, "strict", False) for operation in program.operations)
    return encoding.definitions + ENCODE.format(
        name=name,
        row=row_type(name, program, real),
        real=real,
        strict=" or a category unknown" if strict else "",
        body="\n".join(f"    {line}" for line in [*encoding.statements, copied]),
    )


def headers(program: Preparation) -> list[str]:
    """Return the headers of C's library that the program needs."""
    return ["stddef", "string"] if _has(program, OneHot, CategoryCode) else []


def _has(program: Preparation, *kinds: type) -> bool:
    return any(isinstance(operation, kinds) for operation in program.operations)


def _row(encoder: Encoder) -> str:
    lines = [
        f"    {'const char *' if each.kind == 'category' else 'double '}{field};"
        f" /* {comment(each.name)}: {_meaning(each)} */"
        for field, each in zip(encoder.fields, encoder.program.inputs, strict=True)
    ]
    return ROW.format(name=encoder.name, fields="\n".join(lines))


def _meaning(column: InputColumn) -> str:
    meaning = MEANINGS[column.kind]
    return meaning.replace("a number", f"a number, {column.unit}") if column.unit else meaning


def _columns(encoder: Encoder, operation: Columns, i: int) -> Part:
    check = (
        f"for (int i = 0; i < {operation.width}; i++)\n"
        f"        if ({encoder.at(i)} == {encoder.at(i)}) "
        f"invalid += {encoder.at(i)} - {encoder.at(i)};"
    )
    if encoder.program.takes_a_table:
        fields = [encoder.fields[column] for column in operation.columns]
        read = [f"{encoder.at(i, j)} = row->{field};" for j, field in enumerate(fields)]
        return Part((*read, check))
    return Part(*_picked(encoder, i, operation.columns, "row[{}]", check))


def _picked(
    encoder: Encoder, i: int, columns: tuple[int, ...], source: str, *more: str
) -> tuple[tuple[str, ...], str]:
    """Return statements that copy these columns, and the constants they need."""
    if columns == tuple(range(columns[0], columns[0] + len(columns))):
        start = f"{columns[0]} + i" if columns[0] else "i"
        return (encoder.each(i, source.format(start)), *more), ""
    places = encoder.constant("columns", i)
    copied = encoder.each(i, source.format(f"{places}[i]"))
    return (copied, *more), integer_array(f"int {places}", columns)


def _impute(encoder: Encoder, operation: Impute, i: int) -> Part:
    fill, x = encoder.constant("fill", i), encoder.at(operation.source)
    return Part(
        (encoder.each(i, f"{x} == {x} ? {x} : {fill}[i]"),),
        number_array(f"double {fill}", operation.values),
    )


def _is_missing(encoder: Encoder, operation: IsMissing, i: int) -> Part:
    lines = []
    for j, column in enumerate(operation.columns):
        x = encoder.at(operation.source, column)
        lines.append(f"{encoder.at(i, j)} = {x} == {x} ? 0 : 1;")
    return Part(tuple(lines))


def _standardize(encoder: Encoder, operation: Standardize, i: int) -> Part:
    mean, scale = encoder.constant("mean", i), encoder.constant("scale", i)
    return Part(
        (encoder.each(i, f"({encoder.at(operation.source)} - {mean}[i]) / {scale}[i]"),),
        number_array(f"double {mean}", operation.mean)
        + number_array(f"double {scale}", operation.scale),
    )


def _affine(encoder: Encoder, operation: Affine, i: int) -> Part:
    factor, offset = encoder.constant("factor", i), encoder.constant("offset", i)
    return Part(
        (encoder.each(i, f"{encoder.at(operation.source)} * {factor}[i] + {offset}[i]"),),
        number_array(f"double {factor}", operation.factor)
        + number_array(f"double {offset}", operation.offset),
    )


def _clip(encoder: Encoder, operation: Clip, i: int) -> Part:
    x, low, high = encoder.at(operation.source), repr(operation.low), repr(operation.high)
    return Part((encoder.each(i, f"{x} < {low} ? {low} : {x} > {high} ? {high} : {x}"),))


def _smooth_clip(encoder: Encoder, operation: SmoothClip, i: int) -> Part:
    x = encoder.at(operation.source)
    return Part((encoder.each(i, f"{x} / hypot(1.0, {x} / {operation.bound!r})"),))


def _take(encoder: Encoder, operation: Take, i: int) -> Part:
    array, offset = encoder.places[operation.source]
    columns = tuple(offset + column for column in operation.columns)
    return Part(*_picked(encoder, i, columns, f"v{array}[{{}}]"))


def _one_hot(encoder: Encoder, operation: OneHot, i: int) -> Part:
    place, definitions = _place(encoder, operation, i)
    call = f"{encoder.name}_one_hot({place}, {operation.width}, &{encoder.at(i, 0)})"
    strict = f"if ({call} < 0) invalid = NAN;"
    return Part((strict if operation.strict else f"(void){call};",), definitions)


def _code(encoder: Encoder, operation: CategoryCode, i: int) -> Part:
    place, definitions = _place(encoder, operation.one_hot, i)
    return Part((f"{encoder.at(i, 0)} = 1 + {place};",), definitions)


def _place(encoder: Encoder, operation: OneHot, i: int) -> tuple[str, str]:
    """Return the call that finds the index of a row's category, and the constants it needs."""
    column = encoder.program.inputs[operation.column]
    indices = operation.places
    missing = indices.get(operation.fill if operation.fill is not None else None, -1)
    by_text = {text: place for text, place in indices.items() if text is not None}
    by_text |= dict.fromkeys(column.missing, missing)
    texts = sorted(by_text, key=utf8)
    names, places = encoder.constant("texts", i), encoder.constant("places", i)
    definitions = ""
    if texts:
        definitions = string_array(names, texts)
        definitions += integer_array(f"int {places}", (by_text[text] for text in texts))
    arrays = f"{names}, {places}, {len(texts)}" if texts else "NULL, NULL, 0"
    field = f"row->{encoder.fields[operation.column]}"
    return f"{encoder.name}_place({field}, {arrays}, {missing})", definitions


def _lookup(encoder: Encoder, operation: Lookup, i: int) -> Part:
    table, code = encoder.constant("table", i), encoder.at(operation.source, operation.column)
    return Part(
        (encoder.each(i, f"{table}[(int){code} * {operation.width} + i]"),),
        number_array(f"double {table}", operation.table),
    )


def _one_hot_number(encoder: Encoder, operation: OneHotNumber, i: int) -> Part:
    values, x = encoder.constant("values", i), encoder.at(operation.source, operation.column)
    equal = f"{x} == {values}[i] || ({x} != {x} && {values}[i] != {values}[i])"
    lines = [encoder.each(i, f"{equal} ? 1 : 0")]
    if operation.strict:
        found = f"found_{i}"
        lines += [
            f"double {found} = 0;",
            f"for (int i = 0; i < {operation.width}; i++) {found} += {encoder.at(i)};",
            f"if ({found} == 0) invalid = NAN;",
        ]
    return Part(tuple(lines), number_array(f"double {values}", operation.values))


def _calendar(encoder: Encoder, operation: Calendar, i: int) -> Part:
    days = encoder.at(operation.source, operation.column)
    encoded = f"&{encoder.at(i, 0)}"
    return Part((calendar_code.in_c(encoder.name, operation.part, days, encoded),))


def _join(encoder: Encoder, operation: Join, i: int) -> Part:
    """Copy the parts of a join that are already stored in another array."""
    array, offset = encoder.places[i]
    lines = []
    for source in operation.sources:
        width = encoder.program.operations[source].width
        if encoder.places[source] != (array, offset):
            lines.append(
                f"for (int i = 0; i < {width}; i++) v{array}[{offset} + i] = {encoder.at(source)};"
            )
        offset += width
    return Part(tuple(lines))


RENDERED: Mapping[type[Operation], Callable[[Encoder, Any, int], Part]] = {
    Columns: _columns,
    Impute: _impute,
    IsMissing: _is_missing,
    Standardize: _standardize,
    Affine: _affine,
    Clip: _clip,
    SmoothClip: _smooth_clip,
    Take: _take,
    OneHot: _one_hot,
    CategoryCode: _code,
    Lookup: _lookup,
    OneHotNumber: _one_hot_number,
    Calendar: _calendar,
    Join: _join,
}
