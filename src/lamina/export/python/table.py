"""Preprocessing in a Python file: reads a table and converts it to a matrix."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from numpy.typing import NDArray

from lamina.export import calendar_code
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

READ_TABLE = """

# Kind of each column; columns may be in any order, and further ones are ignored.
COLUMNS = {columns}
MISSING = {missing}
# Texts are not parsed as numbers: the training table used a special number format.
NO_TEXT = {no_text}


def _columns(table):
    rows = table if isinstance(table, (list, tuple)) else None
    for name in COLUMNS:
        for i, row in enumerate([table] if rows is None else rows):
            if name not in row:
                where = "" if rows is None else f" in row {{i + 1}}"
                raise ValueError(f"the table has no column {{name!r}}{{where}}")
    if rows is not None:
        table = {{name: [row[name] for row in rows] for name in COLUMNS}}
    columns = [READERS[kind](name, table[name]) for name, kind in COLUMNS.items()]
    for name, column in zip(COLUMNS, columns):
        if len(column) != len(columns[0]):
            first = next(iter(COLUMNS))
            raise ValueError(
                f"column {{name!r}} has {{len(column)}} values, but column {{first!r}} has "
                f"{{len(columns[0])}}"
            )
    return columns


def _is_missing(value):
    return value is None or type(value).__name__ == "NAType" or bool(value != value)


def _each(name, column, convert, expected):
    numbers = np.full(len(column), np.nan)
    for i, value in enumerate(column):
        try:
            is_blank = isinstance(value, str) and not value.strip()
            if isinstance(value, str) and name in NO_TEXT and not is_blank:
                raise TypeError("text")
            numbers[i] = np.nan if is_blank or _is_missing(value) else convert(value)
        except (TypeError, ValueError, OverflowError):
            raise ValueError(
                f"column {{name!r}} holds {{value!r}} in row {{i + 1}}, where {{expected}} is "
                "expected"
            ) from None
    return numbers


def _numbers(name, column):
    array = np.asarray(column)
    if array.dtype.kind in "biuf":
        numbers = array.astype("float64")
    else:
        numbers = _each(name, column, _number, "a number")
    if np.isinf(numbers).any():
        row = int(np.argmax(np.isinf(numbers))) + 1
        raise ValueError(f"column {{name!r}} holds infinity in row {{row}}")
    return numbers


def _number(value):
    if isinstance(value, np.timedelta64):
        return value / np.timedelta64(1, "s")
    return value.total_seconds() if hasattr(value, "total_seconds") else float(value)


def _dates(name, column):
    array = np.asarray(column)
    if array.dtype.kind != "M":
        return _each(name, column, _days, "a date")
    per_second = {{"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}}
    if np.datetime_data(array.dtype)[0] not in per_second:
        array = array.astype("datetime64[us]")
    seconds = array.astype("int64") / per_second[np.datetime_data(array.dtype)[0]]
    return np.where(np.isnat(array), np.nan, seconds / 86400)


def _days(value):
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if isinstance(value, np.datetime64):
        value = value.astype("datetime64[us]").item()
    if not isinstance(value, date):
        raise TypeError("no date")
    if not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)
    if value.tzinfo is not None:
        value = value.astimezone(timezone.utc).replace(tzinfo=None)
    gone = value - datetime(1970, 1, 1)
    microseconds = (gone.days * 86400 + gone.seconds) * 10**6 + gone.microseconds
    return microseconds / 10**6 / 86400


def _categories(name, column):
    missing = {{None, *MISSING.get(name, ())}}
    texts = [None if _is_missing(value) else _text(value) for value in column]
    return [None if text in missing else text for text in texts]


def _text(value):
    if isinstance(value, np.datetime64):
        value = value.astype("datetime64[us]")
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value.isoformat() if isinstance(value, datetime) else str(value)


READERS = {{"number": _numbers, "date": _dates, "category": _categories}}
"""
ONE_HOT = """

def _one_hot(name, texts, categories, fill, strict, aliases=()):
    places = {category: i for i, category in enumerate(categories)}
    places.update((text, places[category]) for text, category in aliases)
    encoded = np.zeros((len(texts), len(categories)))
    for row, text in enumerate(texts):
        place = places.get(fill if text is None else text)
        if place is not None:
            encoded[row, place] = 1
        elif strict:
            raise ValueError(
                f"column {name!r} holds {text!r} in row {row + 1}, an unknown category"
            )
    return encoded
"""
CODES = """

def _codes(texts, categories, aliases=()):
    places = {category: i for i, category in enumerate(categories, 1)}
    places.update((text, places[category]) for text, category in aliases)
    return np.array([[places.get(text, 0.0)] for text in texts], dtype="float64").reshape(-1, 1)
"""
ONE_HOT_NUMBER = """

def _one_hot_number(x, values, strict):
    x = x[:, np.newaxis]
    encoded = (x == values) | (np.isnan(x) & np.isnan(values))
    unknown = ~encoded.any(axis=1)
    if strict and unknown.any():
        row = int(np.argmax(unknown))
        raise ValueError(f"X holds {x[row, 0]!r} in row {row + 1}, an unknown category")
    return encoded.astype("float64")
"""
ENCODE = """

def _encode(X):
{lines}
    return v{last}
"""


class OperationsCode(NamedTuple):
    """Operations of a program in Python.

    Attributes
    ----------
    functions, constants : str
    lines : list of str
        Statements that compute the matrices v0, v1, … from X.
    """

    functions: str
    constants: str
    lines: list[str]


def operations_code(program: Preparation) -> OperationsCode:
    """Return the preprocessing of a program in Python."""
    kinds = {type(operation) for operation in program.operations}
    code = _read_table(program.inputs) if program.takes_a_table else ""
    code += ONE_HOT if OneHot in kinds else ""
    code += CODES if CategoryCode in kinds else ""
    code += ONE_HOT_NUMBER if OneHotNumber in kinds else ""
    code += calendar_code.PYTHON if Calendar in kinds else ""
    constants, lines = [], []
    for i, operation in enumerate(program.operations):
        expression, arrays = RENDERED[type(operation)](program, operation, i)
        constants += [f"{name} = {value}\n" for name, value in arrays.items()]
        lines.append(f"    v{i} = {expression}")
    if program.takes_a_table:
        lines.insert(0, "    columns = _columns(X)")
    return OperationsCode(code, "\n\n" + "".join(constants), lines)


def encoding_code(program: Program) -> str:
    """Return the functions and constants up to `_encode`, which computes the network's matrix."""
    code = operations_code(program)
    encode = ENCODE.format(lines="\n".join(code.lines), last=len(program.operations) - 1)
    return code.functions + code.constants + encode


def _read_table(inputs: Sequence[InputColumn]) -> str:
    columns = "".join(
        f"    {each.name!r}: {each.kind!r},{f'  # {each.unit}' if each.unit else ''}\n"
        for each in inputs
    )
    no_text = [each.name for each in inputs if each.was_text and each.kind == "number"]
    missing = {each.name: list(each.missing) for each in inputs if each.missing}
    return READ_TABLE.format(
        columns="{\n" + columns + "}", missing=repr(missing), no_text=repr(no_text)
    )


def array_text(numbers: NDArray[Any]) -> str:
    """Return an array as a call of the file's `_array`."""
    stored = numbers.astype(numbers.dtype.newbyteorder("<"))
    text = base64.encodebytes(stored.tobytes()).decode()
    return f'_array("{stored.dtype.str}", {numbers.shape}, """\n{text}""")'


Rendered = tuple[str, dict[str, str]]


def _columns(program: Preparation, operation: Columns, i: int) -> Rendered:
    if program.takes_a_table:
        return f"np.column_stack([{', '.join(f'columns[{j}]' for j in operation.columns)}])", {}
    if operation.columns == tuple(range(program.n_features)):
        return "X", {}
    return f"X[:, {list(operation.columns)}]", {}


def _impute(program: Preparation, operation: Impute, i: int) -> Rendered:
    source = f"v{operation.source}"
    return (
        f"np.where(np.isnan({source}), FILL{i}, {source})",
        {f"FILL{i}": array_text(operation.values)},
    )


def _is_missing(program: Preparation, operation: IsMissing, i: int) -> Rendered:
    columns = list(operation.columns)
    return f'np.isnan(v{operation.source}[:, {columns}]).astype("float64")', {}


def _standardize(program: Preparation, operation: Standardize, i: int) -> Rendered:
    arrays = {f"MEAN{i}": operation.mean, f"SCALE{i}": operation.scale}
    return f"(v{operation.source} - MEAN{i}) / SCALE{i}", _texts(arrays)


def _affine(program: Preparation, operation: Affine, i: int) -> Rendered:
    arrays = {f"FACTOR{i}": operation.factor, f"OFFSET{i}": operation.offset}
    return f"v{operation.source} * FACTOR{i} + OFFSET{i}", _texts(arrays)


def _texts(arrays: Mapping[str, NDArray[Any]]) -> dict[str, str]:
    return {name: array_text(array) for name, array in arrays.items()}


def _clip(program: Preparation, operation: Clip, i: int) -> Rendered:
    return f"np.clip(v{operation.source}, {operation.low!r}, {operation.high!r})", {}


def _smooth_clip(program: Preparation, operation: SmoothClip, i: int) -> Rendered:
    x = f"v{operation.source}"
    return f"{x} / np.hypot(1.0, {x} / {operation.bound!r})", {}


def _take(program: Preparation, operation: Take, i: int) -> Rendered:
    return f"v{operation.source}[:, {list(operation.columns)}]", {}


def _one_hot(program: Preparation, operation: OneHot, i: int) -> Rendered:
    name = program.inputs[operation.column].name
    arguments = f"{name!r}, columns[{operation.column}], CATEGORIES{i}, {operation.fill!r}"
    call = f"_one_hot({arguments}, {operation.strict}"
    return _with_categories(call, operation, i)


def _code(program: Preparation, operation: CategoryCode, i: int) -> Rendered:
    return _with_categories(f"_codes(columns[{operation.column}], CATEGORIES{i}", operation, i)


def _with_categories(call: str, operation: OneHot | CategoryCode, i: int) -> Rendered:
    """Return the end of a call that has categories as arguments, and their constants."""
    categories = "".join(f"    {text!r},\n" for text in operation.categories)
    constants = {f"CATEGORIES{i}": f"[\n{categories}]"}
    if not operation.aliases:
        return f"{call})", constants
    aliases = "".join(f"    {pair!r},\n" for pair in operation.aliases.items())
    return f"{call}, ALIASES{i})", constants | {f"ALIASES{i}": f"[\n{aliases}]"}


def _lookup(program: Preparation, operation: Lookup, i: int) -> Rendered:
    codes = f'v{operation.source}[:, {operation.column}].astype("int64")'
    return f"TABLE{i}[{codes}]", {f"TABLE{i}": array_text(operation.table)}


def _one_hot_number(program: Preparation, operation: OneHotNumber, i: int) -> Rendered:
    x = f"v{operation.source}[:, {operation.column}]"
    return (
        f"_one_hot_number({x}, VALUES{i}, {operation.strict})",
        {f"VALUES{i}": array_text(operation.values)},
    )


def _calendar(program: Preparation, operation: Calendar, i: int) -> Rendered:
    days = f"v{operation.source}[:, {operation.column}]"
    return calendar_code.in_python(operation.part, days), {}


def _join(program: Preparation, operation: Join, i: int) -> Rendered:
    return f"np.hstack([{', '.join(f'v{source}' for source in operation.sources)}])", {}


RENDERED: Mapping[type[Operation], Callable[[Preparation, Any, int], Rendered]] = {
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
