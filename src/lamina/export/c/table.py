"""Operations on tables in a C header: each is a list of statements on one row."""

from __future__ import annotations

from collections.abc import Mapping

from lamina.export import calendar_code
from lamina.export.c.rendering import Header, Renderer
from lamina.export.c.texts import comment, integer_array, string_array, utf8
from lamina.export.lowering.program import InputColumn
from lamina.export.lowering.table_operations import (
    Calendar,
    CategoryCode,
    Clip,
    Columns,
    Impute,
    IsMissing,
    Join,
    Lookup,
    OneHot,
    OneHotNumber,
    Rescale,
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
static inline int {function}(
    const char *text, const char *const *texts, const int *places, int n_texts, int missing)
{
    int low = 0, high = text == NULL ? 0 : n_texts;
    while (low < high) {
        const int middle = low + (high - low) / 2, order = strcmp(text, texts[middle]);
        if (order == 0) return places[middle];
        if (order < 0) high = middle;
        else low = middle + 1;
    }
    return text == NULL ? missing : -1;
}

"""
ONE_HOT = """\
/* 1 at a place, and 0 elsewhere; returns the place. */
static inline int {function}(int place, int width, double *encoded)
{
    for (int i = 0; i < width; i++) encoded[i] = i == place ? 1 : 0;
    return place;
}

"""


def row_in_c(header: Header) -> str:
    """Return the definition of the struct that holds a row of a table."""
    lines = [
        f"    {'const char *' if each.kind == 'category' else 'double '}{field};"
        f" /* {comment(each.name)}: {_meaning(each)} */"
        for field, each in zip(header.fields, header.program.inputs, strict=True)
    ]
    return ROW.format(name=header.name, fields="\n".join(lines))


def _meaning(column: InputColumn) -> str:
    meaning = MEANINGS[column.kind]
    return meaning.replace("a number", f"a number, {column.unit}") if column.unit else meaning


def _columns(header: Header, operation: Columns, i: int) -> list[str]:
    check = (
        f"for (int i = 0; i < {operation.width}; i++)\n"
        f"        if ({header.at(i)} == {header.at(i)}) "
        f"invalid += {header.at(i)} - {header.at(i)};"
    )
    if header.program.takes_a_table:
        fields = [header.fields[column] for column in operation.columns]
        return [*(f"{header.at(i, j)} = row->{field};" for j, field in enumerate(fields)), check]
    return [_picked(header, i, operation.columns, "row[{}]"), check]


def _picked(header: Header, i: int, columns: tuple[int, ...], source: str) -> str:
    """Return the statement that copies these columns."""
    if columns == tuple(range(columns[0], columns[0] + len(columns))):
        start = f"{columns[0]} + i" if columns[0] else "i"
        return header.each(i, source.format(start))
    places = header.constant("columns", i)
    header.constants.append(integer_array(f"int {places}", columns))
    return header.each(i, source.format(f"{places}[i]"))


def _impute(header: Header, operation: Impute, i: int) -> list[str]:
    fill, x = header.numbers("fill", i, operation.values), header.at(operation.source)
    return [header.each(i, f"{x} == {x} ? {x} : {fill}[i]")]


def _is_missing(header: Header, operation: IsMissing, i: int) -> list[str]:
    lines = []
    for j, column in enumerate(operation.columns):
        x = header.at(operation.source, column)
        lines.append(f"{header.at(i, j)} = {x} == {x} ? 0 : 1;")
    return lines


def _standardize(header: Header, operation: Standardize, i: int) -> list[str]:
    mean = header.numbers("mean", i, operation.mean)
    scale = header.numbers("scale", i, operation.scale)
    return [header.each(i, f"({header.at(operation.source)} - {mean}[i]) / {scale}[i]")]


def _rescale(header: Header, operation: Rescale, i: int) -> list[str]:
    factor = header.numbers("factor", i, operation.factor)
    offset = header.numbers("offset", i, operation.offset)
    return [header.each(i, f"{header.at(operation.source)} * {factor}[i] + {offset}[i]")]


def _clip(header: Header, operation: Clip, i: int) -> list[str]:
    x, low, high = header.at(operation.source), repr(operation.low), repr(operation.high)
    return [header.each(i, f"{x} < {low} ? {low} : {x} > {high} ? {high} : {x}")]


def _smooth_clip(header: Header, operation: SmoothClip, i: int) -> list[str]:
    x = header.at(operation.source)
    return [header.each(i, f"{x} / hypot(1.0, {x} / {operation.bound!r})")]


def _take(header: Header, operation: Take, i: int) -> list[str]:
    array, offset = header.places[operation.source]
    columns = tuple(offset + column for column in operation.columns)
    return [_picked(header, i, columns, f"{array}[{{}}]")]


def _one_hot(header: Header, operation: OneHot, i: int) -> list[str]:
    place = _place(header, operation, i)
    function = header.function(f"{header.name}_one_hot", ONE_HOT)
    call = f"{function}({place}, {operation.width}, &{header.at(i, 0)})"
    return [f"if ({call} < 0) invalid = NAN;" if operation.strict else f"(void){call};"]


def _code(header: Header, operation: CategoryCode, i: int) -> list[str]:
    return [f"{header.at(i, 0)} = 1 + {_place(header, operation.one_hot, i)};"]


def _place(header: Header, operation: OneHot, i: int) -> str:
    """Return the call that finds the index of a row's category."""
    header.include("stddef", "string")
    column = header.program.inputs[operation.column]
    indices = operation.places
    missing = indices.get(operation.fill if operation.fill is not None else None, -1)
    by_text = {text: place for text, place in indices.items() if text is not None}
    by_text |= dict.fromkeys(column.missing, missing)
    texts = sorted(by_text, key=utf8)
    names, places = header.constant("texts", i), header.constant("places", i)
    if texts:
        header.constants.append(string_array(names, texts))
        header.constants.append(integer_array(f"int {places}", (by_text[text] for text in texts)))
    arrays = f"{names}, {places}, {len(texts)}" if texts else "NULL, NULL, 0"
    field = f"row->{header.fields[operation.column]}"
    return f"{header.function(f'{header.name}_place', PLACE)}({field}, {arrays}, {missing})"


def _lookup(header: Header, operation: Lookup, i: int) -> list[str]:
    table = header.numbers("table", i, operation.table)
    code = header.at(operation.source, operation.column)
    return [header.each(i, f"{table}[(int){code} * {operation.width} + i]")]


def _one_hot_number(header: Header, operation: OneHotNumber, i: int) -> list[str]:
    values = header.numbers("values", i, operation.values)
    x = header.at(operation.source, operation.column)
    equal = f"{x} == {values}[i] || ({x} != {x} && {values}[i] != {values}[i])"
    lines = [header.each(i, f"{equal} ? 1 : 0")]
    if operation.strict:
        found = f"found_{i}"
        lines += [
            f"double {found} = 0;",
            f"for (int i = 0; i < {operation.width}; i++) {found} += {header.at(i)};",
            f"if ({found} == 0) invalid = NAN;",
        ]
    return lines


def _calendar(header: Header, operation: Calendar, i: int) -> list[str]:
    header.functions.setdefault(f"{header.name}_calendar", calendar_code.C.format(name=header.name))
    days = header.at(operation.source, operation.column)
    return [calendar_code.in_c(header.name, operation.part, days, f"&{header.at(i, 0)}")]


def _join(header: Header, operation: Join, i: int) -> list[str]:
    """Copy the parts of a join that are stored in another array."""
    array, offset = header.places[i]
    lines = []
    for source in operation.sources:
        width = header.program.operations[source].width
        if header.places[source] != (array, offset):
            place = f"{array}[{offset} + i]" if offset else f"{array}[i]"
            lines.append(f"for (int i = 0; i < {width}; i++) {place} = {header.at(source)};")
        offset += width
    return lines


RENDERERS: Mapping[type, Renderer] = {
    Columns: _columns,
    Impute: _impute,
    IsMissing: _is_missing,
    Standardize: _standardize,
    Rescale: _rescale,
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
