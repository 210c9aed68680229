"""Operations on tables in a Python file: each is an expression for one matrix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lamina.export import calendar_code
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
from lamina.export.python.rendering import Renderer, Source

READ_TABLE = """

# Kind of each column; columns may be in any order, and further ones are ignored.
COLUMNS = {columns}
MISSING = {missing}
# Texts are not parsed as numbers: the training table used a special number format.
NO_TEXT = {no_text}
# True for dates with a time zone in training, False for dates without one.
ZONED = {zoned}


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
        days = _each(name, column, _days, "a date")
        _require_same_zone(name, column)
        return days
    if ZONED.get(name):
        _require_same_zone(name, array)
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


def _require_same_zone(name, column):
    for i, value in enumerate(column if name in ZONED else ()):
        if _is_missing(value) or isinstance(value, str) and not value.strip():
            continue
        date_or_time = datetime.fromisoformat(value) if isinstance(value, str) else value
        if (getattr(date_or_time, "tzinfo", None) is None) == ZONED[name]:
            here, there = ("no", "one") if ZONED[name] else ("a", "none")
            raise ValueError(
                f"column {{name!r}} holds {{str(value)!r}} in row {{i + 1}}, which has {{here}} "
                f"time zone, but the dates of training have {{there}}"
            )


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


def read_table(inputs: Sequence[InputColumn]) -> str:
    """Return the functions that read a table, the last of which is `_columns`."""
    columns = "".join(
        f"    {each.name!r}: {each.kind!r},{f'  # {each.unit}' if each.unit else ''}\n"
        for each in inputs
    )
    no_text = [each.name for each in inputs if each.was_text and each.kind == "number"]
    missing = {each.name: list(each.missing) for each in inputs if each.missing}
    zoned = {each.name: each.zoned for each in inputs if each.zoned is not None}
    return READ_TABLE.format(
        columns="{\n" + columns + "}",
        missing=repr(missing),
        no_text=repr(no_text),
        zoned=repr(zoned),
    )


def _columns(source: Source, operation: Columns, i: int) -> str:
    if source.program.takes_a_table:
        return f"np.column_stack([{', '.join(f'columns[{j}]' for j in operation.columns)}])"
    if operation.columns == tuple(range(source.program.n_features)):
        return "X"
    return f"X[:, {list(operation.columns)}]"


def _impute(source: Source, operation: Impute, i: int) -> str:
    x = source.name(operation.source)
    return f"np.where(np.isnan({x}), {source.array('FILL', i, operation.values)}, {x})"


def _is_missing(source: Source, operation: IsMissing, i: int) -> str:
    columns = list(operation.columns)
    return f'np.isnan({source.name(operation.source)}[:, {columns}]).astype("float64")'


def _standardize(source: Source, operation: Standardize, i: int) -> str:
    mean, scale = source.array("MEAN", i, operation.mean), source.array("SCALE", i, operation.scale)
    return f"({source.name(operation.source)} - {mean}) / {scale}"


def _rescale(source: Source, operation: Rescale, i: int) -> str:
    factor = source.array("FACTOR", i, operation.factor)
    offset = source.array("OFFSET", i, operation.offset)
    return f"{source.name(operation.source)} * {factor} + {offset}"


def _clip(source: Source, operation: Clip, i: int) -> str:
    return f"np.clip({source.name(operation.source)}, {operation.low!r}, {operation.high!r})"


def _smooth_clip(source: Source, operation: SmoothClip, i: int) -> str:
    x = source.name(operation.source)
    return f"{x} / np.hypot(1.0, {x} / {operation.bound!r})"


def _take(source: Source, operation: Take, i: int) -> str:
    return f"{source.name(operation.source)}[:, {list(operation.columns)}]"


def _one_hot(source: Source, operation: OneHot, i: int) -> str:
    source.function(ONE_HOT)
    name = source.program.inputs[operation.column].name
    categories = _categories(source, operation, i)
    arguments = f"{name!r}, columns[{operation.column}], {categories}, {operation.fill!r}"
    return f"_one_hot({arguments}, {operation.strict}{_aliases(source, operation, i)})"


def _code(source: Source, operation: CategoryCode, i: int) -> str:
    source.function(CODES)
    categories = _categories(source, operation, i)
    return f"_codes(columns[{operation.column}], {categories}{_aliases(source, operation, i)})"


def _categories(source: Source, operation: OneHot | CategoryCode, i: int) -> str:
    categories = "".join(f"    {text!r},\n" for text in operation.categories)
    return source.constant(f"CATEGORIES{i}", f"[\n{categories}]")


def _aliases(source: Source, operation: OneHot | CategoryCode, i: int) -> str:
    """Return the last argument of a call that has categories as arguments, if there is one."""
    if not operation.aliases:
        return ""
    aliases = "".join(f"    {pair!r},\n" for pair in operation.aliases.items())
    return ", " + source.constant(f"ALIASES{i}", f"[\n{aliases}]")


def _lookup(source: Source, operation: Lookup, i: int) -> str:
    codes = f'{source.name(operation.source)}[:, {operation.column}].astype("int64")'
    return f"{source.array('TABLE', i, operation.table)}[{codes}]"


def _one_hot_number(source: Source, operation: OneHotNumber, i: int) -> str:
    source.function(ONE_HOT_NUMBER)
    x, values = source.name(operation.source), source.array("VALUES", i, operation.values)
    return f"_one_hot_number({x}[:, {operation.column}], {values}, {operation.strict})"


def _calendar(source: Source, operation: Calendar, i: int) -> str:
    source.function(calendar_code.PYTHON)
    days = f"{source.name(operation.source)}[:, {operation.column}]"
    return calendar_code.in_python(operation.part, days)


def _join(source: Source, operation: Join, i: int) -> str:
    return f"np.hstack([{', '.join(map(source.name, operation.sources))}])"


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
