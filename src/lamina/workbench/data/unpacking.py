"""Size of a Parquet file's table in memory, found without decoding the whole table.

A few bytes can store a long text once and refer to it in every row, or store one number a million
times. So numbers are counted by rows and columns, and texts are read in their encoded form: each
text once, and its index for every row.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from lamina.errors import TableError

if TYPE_CHECKING:
    import pyarrow as pa

BITS_A_BYTE = 8
MOST_ROWS_AT_ONCE = 100_000
# For these encodings, which store texts as differences, Arrow cannot read a dictionary.
DIFFERENCES = {"DELTA_BYTE_ARRAY", "DELTA_LENGTH_BYTE_ARRAY"}


def rows_and_columns(path: Path) -> tuple[int, int]:
    """Return the numbers of rows and columns in the metadata; raise TableError if not Parquet."""
    from pyarrow import parquet

    with _refusing(path):
        metadata = parquet.read_metadata(path)
        return int(metadata.num_rows), int(metadata.num_columns)


@contextmanager
def _refusing(path: Path) -> Iterator[None]:
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError) as error:
        raise TableError(f"{path} cannot be read as a Parquet file: {error}") from None


def unpacked_bytes(path: Path, most: int) -> int:
    """Return the bytes a file's table takes in memory; above `most`, any larger number.

    Raises
    ------
    TableError
        For a file that is not Parquet, and for columns of lists or records, whose size is not known
        before they are decoded.
    """
    from pyarrow import parquet

    with _refusing(path):
        metadata, schema = parquet.read_metadata(path), parquet.read_schema(path)
        _refuse_nested(path, schema)
        packed = sum(metadata.row_group(i).total_byte_size for i in range(metadata.num_row_groups))
        size: int = max(packed, sum(map(_bytes_a_row, schema.types)) * metadata.num_rows)
        texts = [i for i, field in enumerate(schema) if _is_text(field.type)]
        for each in _sizes_of_texts(path, texts, most) if size <= most else ():
            size += each
            if size > most:
                break
    return size


def _refuse_nested(path: Path, schema: pa.Schema) -> None:
    import pyarrow as pa

    for field in schema:
        if pa.types.is_nested(field.type):
            raise TableError(
                f"{path}: column {field.name!r} holds lists or records: store one value per cell"
            )


def _bytes_a_row(kind: pa.DataType) -> int:
    """Return the bytes of a value, not counting texts."""
    return -(-_bits(kind) // BITS_A_BYTE)


def _bits(kind: pa.DataType) -> int:
    """Return the bits of a value; 0 if its length varies from row to row."""
    try:
        return int(kind.bit_width)
    except ValueError:
        return 0


def _is_text(kind: pa.DataType) -> bool:
    import pyarrow as pa

    held = kind.value_type if pa.types.is_dictionary(kind) else kind
    return not _bits(held) and not pa.types.is_null(held)


def _sizes_of_texts(path: Path, columns: list[int], most: int) -> Iterator[int]:
    """Yield the total length of the texts in batches of rows, for one column after the other."""
    from pyarrow import parquet

    schema, metadata = parquet.read_schema(path), parquet.read_metadata(path)
    for column in columns:
        name = schema.names[column]
        chunks = [metadata.row_group(i).column(column) for i in range(metadata.num_row_groups)]
        if any(DIFFERENCES & set(chunk.encodings) for chunk in chunks):
            # Read without a dictionary, in batches small enough for the longest possible text.
            longest = max(chunk.total_uncompressed_size for chunk in chunks)
            file, rows = parquet.ParquetFile(path), max(1, most // max(1, longest))
        else:
            file, rows = parquet.ParquetFile(path, read_dictionary=[name]), MOST_ROWS_AT_ONCE
        for batch in file.iter_batches(min(rows, MOST_ROWS_AT_ONCE), columns=[name]):
            yield _length(batch.column(0))


def _length(texts: pa.Array) -> int:
    """Return the total length of the texts."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_dictionary(texts.type):
        return int(pc.sum(pc.binary_length(texts)).as_py() or 0)
    lengths = pc.binary_length(texts.dictionary)
    return int(pc.sum(lengths.take(texts.indices)).as_py() or 0)
