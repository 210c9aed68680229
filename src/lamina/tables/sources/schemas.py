"""Compare the schemas of the files of one source, and find types that hold the values of all."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
from pyarrow import compute

from lamina.errors import TableError, suggestion

# pandas stores its row labels as further columns.
_HIDDEN = "__index_level_"


def cleaned(label: str, schema: pa.Schema) -> pa.Schema:
    """Return a file's schema without pandas' row labels and metadata, with trimmed names.

    Raises
    ------
    TableError
        If two columns have one name, a name is not UTF-8, or there is no column.
    """
    try:
        fields = [field for field in schema if not is_hidden(field.name)]
    except UnicodeDecodeError:
        raise TableError(
            f"{label} has column names that are no UTF-8: rename them in the program that wrote "
            "the file"
        ) from None
    if not fields:
        raise TableError(f"{label} has no columns")
    names = [field.name for field in fields]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise TableError(f"{label} has two columns named {twice[0]!r}: rename one of them")
    trimmed = [name.strip() for name in names]
    names = trimmed if len(set(trimmed)) == len(names) else names
    # Times of day become hours, as in a table in memory.
    types = [pa.float64() if pa.types.is_time(field.type) else field.type for field in fields]
    return pa.schema(list(zip(names, types, strict=True)))


def is_hidden(name: str) -> bool:
    """Return True for a column in which pandas stores its row labels."""
    return name.startswith(_HIDDEN)


def common_schema(schemas: Sequence[tuple[str, pa.Schema]]) -> pa.Schema:
    """Return the schema that holds the values of all files, each given with its name.

    Columns are matched by name; the first file decides their order. Integers may be followed by
    floats, and columns without a value by any type.

    Raises
    ------
    TableError
        If a file lacks a column, has a further one, or one of another type; the message names both
        files.
    """
    first, common = schemas[0]
    # File in which each column got its type, for the message.
    origin = dict.fromkeys(common.names, first)
    for label, schema in schemas[1:]:
        if schema.equals(common):
            continue
        _require_same_names(first, common.names, label, schema.names)
        fields = []
        for field in common:
            kind = schema.field(field.name).type
            joint = common_type(field.type, kind)
            if joint is None:
                raise TableError(
                    f"column {field.name!r} is {said(kind)} in {label}, but {said(field.type)} "
                    f"in {origin[field.name]}: write all files with one type for it, or leave the "
                    "file out"
                )
            if joint != field.type:
                origin[field.name] = label
            fields.append(pa.field(field.name, joint))
        common = pa.schema(fields)
    return common


def common_type(one: pa.DataType, other: pa.DataType) -> pa.DataType | None:
    """Return the type that holds the values of both types; None if there is none.

    Examples
    --------
    >>> import pyarrow as pa
    >>> common_type(pa.int32(), pa.float32()), common_type(pa.int64(), pa.string()) is None
    (DataType(double), True)
    """
    if one == other or pa.types.is_null(other):
        return one
    if pa.types.is_null(one):
        return other
    if _is_number(one) and _is_number(other):
        return _common_number(one, other)
    if _is_text(one) and _is_text(other):
        return pa.large_string()
    one, other = (pa.timestamp("s") if pa.types.is_date(each) else each for each in (one, other))
    if pa.types.is_timestamp(one) and pa.types.is_timestamp(other) and one.tz == other.tz:
        units = ("s", "ms", "us", "ns")
        return pa.timestamp(max(one.unit, other.unit, key=units.index), one.tz)
    return None


def _common_number(one: pa.DataType, other: pa.DataType) -> pa.DataType:
    if pa.types.is_integer(one) and pa.types.is_integer(other):
        unsigned = pa.types.is_unsigned_integer(one) and pa.types.is_unsigned_integer(other)
        return pa.uint64() if unsigned else pa.int64()
    return pa.float64()


def conform(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """Return a batch with the columns of a schema in its order, each converted to its type."""
    if batch.schema.equals(schema):
        return batch
    columns = []
    for field in schema:
        column = batch.column(batch.schema.get_field_index(field.name))
        columns.append(_converted(column, field.type))
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _converted(column: pa.Array, kind: pa.DataType) -> pa.Array:
    if pa.types.is_time(column.type):
        return hours_of_day(column)
    # Integers above 2⁵³ become floats as pandas makes them.
    return column if column.type == kind else column.cast(kind, safe=False)


def hours_of_day(column: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """Convert times of day to hours since midnight."""
    micros = column.cast(pa.time64("us")).cast(pa.int64())
    return compute.divide(micros.cast(pa.float64()), 3.6e9)


def _require_same_names(
    first: str, expected: Sequence[str], label: str, found: Sequence[str]
) -> None:
    missing = [name for name in expected if name not in found]
    further = [name for name in found if name not in expected]
    if missing:
        raise TableError(
            f"{label} has no column {missing[0]!r}, which {first} has."
            f"{suggestion(missing[0], further)} All files need the same columns: add it, or leave "
            "the file out"
        )
    if further:
        raise TableError(
            f"{label} has a column {further[0]!r}, which {first} does not have: all files need the "
            "same columns; drop it, or leave the file out"
        )


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    )


def said(kind: pa.DataType) -> str:
    """Return a type in words, such as 'int64 (numbers)'."""
    if _is_number(kind):
        return f"{kind} (numbers)"
    if _is_text(kind):
        return f"{kind} (text)"
    return str(kind)
