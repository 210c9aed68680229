"""Feather, CSV and JSON lines as a source: files whose rows are counted when they are opened."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count

import pyarrow as pa

from lamina.encoding.batches import Batch, FrameReader, Source
from lamina.encoding.form_finding import ColumnType, Hints
from lamina.errors import TableError
from lamina.tables.options import ReadingOptions
from lamina.tables.sources import csv_files, feather_files, json_files
from lamina.tables.sources.file_format import FileMember
from lamina.tables.sources.forms import FormsOfFiles
from lamina.tables.sources.parquet import naming_damage
from lamina.tables.sources.schemas import cleaned, common_schema, conform

_FORMATS = {"Feather": feather_files, "CSV": csv_files, "JSON lines": json_files}


@dataclass(frozen=True, kw_only=True)
class FilesSource(Source):
    """Files of one format, read from their beginning at each pass.

    Attributes
    ----------
    label : str
    file_format : {'Feather', 'CSV', 'JSON lines'}
    members : tuple of FileMember
    schema : pyarrow.Schema
    rows_per_batch : int
    options : ReadingOptions
    remarks : tuple of str
    """

    label: str
    file_format: str
    members: tuple[FileMember, ...]
    schema: pa.Schema
    rows_per_batch: int
    options: ReadingOptions
    remarks: tuple[str, ...] = ()

    @property
    def n_rows(self) -> int:
        """Number of rows, as counted when the files were opened."""
        return sum(member.n_rows for member in self.members)

    @property
    def files(self) -> tuple[str, ...]:
        """Paths of the files in order."""
        return tuple(member.path for member in self.members)

    @property
    def hints(self) -> Hints:
        """Hints of the reading options, and the decimal comma of the first file."""
        return self.options.hints("," if self.members[0].decimal == "," else None)

    @property
    def types(self) -> Mapping[str, ColumnType]:
        """Types of the reading options."""
        return self.options.types

    @property
    def reader(self) -> FrameReader:
        """Function that finds forms as `lamina.tables.reading.read_table` does."""
        return FormsOfFiles(self.options, self.hints, self.remarks)

    def parts(self) -> tuple[Source, ...]:
        """Return a source for each file with rows."""
        return tuple(
            replace(self, label=member.path, members=(member,), remarks=())
            for member in self.members
            if member.n_rows
        )

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[Batch]:
        """Read the rows in order; see Source."""
        names = self.check_names(columns)
        schema = pa.schema([self.schema.field(name) for name in names])
        for member in self.members:
            n_rows = 0
            for group, rows in _groups(self.file_format, member, self.options):
                chosen = conform(rows.select(names), schema)
                for start in range(0, rows.num_rows, self.rows_per_batch):
                    part = chosen.slice(start, self.rows_per_batch)
                    yield Batch(part, n_rows + 1, member.path, group)
                    n_rows += part.num_rows
            if n_rows != member.n_rows:
                raise TableError(
                    f"{member.path} has {n_rows:,} rows, but had {member.n_rows:,} when it was "
                    "opened: open the source again"
                )


def _groups(
    file_format: str, member: FileMember, options: ReadingOptions
) -> Iterator[tuple[int | None, pa.RecordBatch]]:
    """Yield the batches of a file, with their numbers where the format divides its rows."""
    batches = _FORMATS[file_format].read_batches(member, options)
    for number in count():
        group = number if file_format == "Feather" else None
        place = member.path if group is None else f"{member.path}, row group {group},"
        with naming_damage(place):
            rows = next(batches, None)
            if rows is None:
                return
            rows.validate(full=True)
        if rows.num_rows:
            yield group, rows


def open_text_files(
    label: str, paths: Sequence[str], file_format: str, rows_per_batch: int, options: ReadingOptions
) -> FilesSource:
    """Read files once to find their columns and to count their rows; return them as a source.

    Raises
    ------
    TableError
        If a file is damaged, two files have different columns, or no file has a row.
    """
    scan: Callable[[str, ReadingOptions], FileMember] = _FORMATS[file_format].scan_file
    members = []
    for path in paths:
        with naming_damage(path, f"is no {file_format} file that can be read: it "):
            members.append(scan(path, options))
    deciding = [member for member in members if member.n_rows]
    if not deciding:
        raise TableError(f"{label} has no rows")
    schema = common_schema(
        [(member.path, cleaned(member.path, member.schema)) for member in deciding]
    )
    for name in options.types:
        if name not in schema.names:
            raise TableError(f"types names a column {name!r}, which {label} does not have")
    remarks = [f"{member.path} has no rows" for member in members if not member.n_rows]
    remarks += [remark for member in members for remark in member.remarks]
    return FilesSource(
        label=label,
        file_format=file_format,
        members=tuple(deciding),
        schema=schema,
        rows_per_batch=rows_per_batch,
        options=options,
        remarks=tuple(remarks),
    )
