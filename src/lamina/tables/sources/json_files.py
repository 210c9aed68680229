"""Read JSON lines in pieces that end with a line."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
from pyarrow import json as arrow_json

from lamina.errors import TableError
from lamina.tables.options import ReadingOptions
from lamina.tables.sources.file_format import FileMember
from lamina.tables.sources.schemas import cleaned, common_type, said

_PIECE_BYTES = 1 << 24


def scan_file(path: str, options: ReadingOptions) -> FileMember:
    """Return the columns of a file with types that hold all their values, and count its rows.

    Raises
    ------
    TableError
        If a column has values of different types.
    """
    types: dict[str, pa.DataType] = {}
    n_rows = 0
    for piece in _pieces(path):
        if n_rows == 0 and piece.startswith(b"["):
            raise TableError(
                f"{path} is one JSON list, which cannot be read in batches: write one object a "
                "line, for example with pandas.DataFrame.to_json(orient='records', lines=True)"
            )
        table = _parsed(piece)
        for field in table.schema:
            found = types.get(field.name, field.type)
            joint = _joint(found, field.type)
            if joint is None:
                raise TableError(
                    f"column {field.name!r} is {said(field.type)} in the rows of {path} from "
                    f"{n_rows + 1:,} on, but {said(found)} before: write one type of values"
                )
            types[field.name] = joint
        n_rows += table.num_rows
    return FileMember(path, cleaned(path, pa.schema(types)) if types else pa.schema([]), n_rows)


def read_batches(member: FileMember, options: ReadingOptions) -> Iterator[pa.RecordBatch]:
    """Yield the rows of each piece of a file."""
    for piece in _pieces(member.path):
        table = _parsed(piece, member.schema)
        yield from table.select(member.schema.names).combine_chunks().to_batches()


def _pieces(path: str) -> Iterator[bytes]:
    rest = b""
    with pa.input_stream(path, compression="detect") as file:
        while data := file.read(_PIECE_BYTES):
            end = data.rfind(b"\n") + 1
            if not end:
                rest += data
                continue
            if (piece := (rest + data[:end]).removeprefix(b"\xef\xbb\xbf")).strip():
                yield piece
            rest = data[end:]
    if (piece := rest.removeprefix(b"\xef\xbb\xbf")).strip():
        yield piece


def _parsed(piece: bytes, schema: pa.Schema | None = None) -> pa.Table:
    parsing = arrow_json.ParseOptions(
        explicit_schema=schema,
        unexpected_field_behavior="infer" if schema is None else "ignore",
    )
    reading = arrow_json.ReadOptions(block_size=len(piece) + 1)
    return arrow_json.read_json(pa.BufferReader(piece), reading, parsing)


def _joint(one: pa.DataType, other: pa.DataType) -> pa.DataType | None:
    # Arrow reads texts as times if all of a piece are.
    if {pa.types.is_timestamp(one), pa.types.is_timestamp(other)} == {True, False}:
        text = other if pa.types.is_timestamp(one) else one
        return text if pa.types.is_string(text) else common_type(one, other)
    return common_type(one, other)
