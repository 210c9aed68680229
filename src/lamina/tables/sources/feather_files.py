"""Read Feather files by their record batches."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from lamina.tables.options import ReadingOptions
from lamina.tables.sources.file_format import FileMember
from lamina.tables.sources.schemas import cleaned, conform, is_hidden


def scan_file(path: str, options: ReadingOptions) -> FileMember:
    """Return the columns of a file, and its number of rows."""
    with pa.memory_map(path) as file, pa.ipc.open_file(file) as reader:
        n_rows = sum(reader.get_batch(i).num_rows for i in range(reader.num_record_batches))
        return FileMember(path, cleaned(path, reader.schema), n_rows)


def read_batches(member: FileMember, options: ReadingOptions) -> Iterator[pa.RecordBatch]:
    """Yield the record batches of a file."""
    with pa.memory_map(member.path) as file, pa.ipc.open_file(file) as reader:
        kept = [i for i, name in enumerate(reader.schema.names) if not is_hidden(name)]
        for number in range(reader.num_record_batches):
            rows = reader.get_batch(number).select(kept).rename_columns(member.schema.names)
            yield conform(rows, member.schema)
