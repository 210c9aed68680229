"""Parquet files as a source: batches within row groups, of one schema."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pyarrow as pa
from pyarrow import parquet

from lamina.encoding.batches import Batch, FrameReader, Source
from lamina.encoding.form_finding import ColumnType, Hints
from lamina.errors import TableError
from lamina.tables.options import DEFAULTS, ReadingOptions
from lamina.tables.sources.forms import FormsOfFiles
from lamina.tables.sources.schemas import cleaned, common_schema, conform, is_hidden

if TYPE_CHECKING:
    from pyarrow import fs

READING_ERRORS = (pa.ArrowException, OSError, ValueError, KeyError, TypeError, MemoryError)
# A buffered stream reads a column of a row group in pieces of this size, not as a whole.
_BUFFER_BYTES = 1 << 20


@dataclass(frozen=True)
class ParquetFile:
    """One Parquet file of a source.

    Attributes
    ----------
    path : str
    group_rows : tuple of int
        Number of rows of each row group.
    schema : pyarrow.Schema
        As written in the file, cleaned, without `constants`.
    constants : mapping of str to pyarrow.Scalar
        Columns whose one value is part of the path, such as year=2024.
    """

    path: str
    group_rows: tuple[int, ...]
    schema: pa.Schema
    constants: Mapping[str, pa.Scalar] = field(default_factory=dict)

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return sum(self.group_rows)


@dataclass(frozen=True)
class ParquetSource(Source):
    """Parquet files, read by row groups.

    Attributes
    ----------
    label : str
    members : tuple of ParquetFile
    schema : pyarrow.Schema
    rows_per_batch : int
        Maximum number of rows of a batch.
    options : ReadingOptions
    remarks : tuple of str
    filesystem : pyarrow.fs.FileSystem or None
        None for local files.
    """

    label: str = ""
    members: tuple[ParquetFile, ...] = ()
    schema: pa.Schema = None
    rows_per_batch: int = 1 << 16
    options: ReadingOptions = DEFAULTS
    remarks: tuple[str, ...] = ()
    filesystem: fs.FileSystem | None = None

    @property
    def n_rows(self) -> int:
        """Number of rows, as the files' metadata states it."""
        return sum(member.n_rows for member in self.members)

    @property
    def files(self) -> tuple[str, ...]:
        """Paths of the files in order."""
        return tuple(member.path for member in self.members)

    @property
    def hints(self) -> Hints:
        """Hints of the reading options."""
        return self.options.hints(None)

    @property
    def types(self) -> Mapping[str, ColumnType]:
        """Types of the reading options."""
        return self.options.types

    def parts(self) -> tuple[Source, ...]:
        """Return a source for each file with rows."""
        return tuple(
            replace(self, label=member.path, members=(member,), remarks=())
            for member in self.members
            if member.n_rows
        )

    @property
    def reader(self) -> FrameReader:
        """Function that finds forms as `lamina.tables.reading.read_table` does."""
        return FormsOfFiles(self.options, self.hints, self.remarks)

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[Batch]:
        """Read the rows in order; see Source."""
        names = self.check_names(columns)
        schema = pa.schema([self.schema.field(name) for name in names])
        for member in self.members:
            yield from self._batches_of(member, schema)

    def _batches_of(self, member: ParquetFile, schema: pa.Schema) -> Iterator[Batch]:
        first_row = 1
        if not member.n_rows:
            return
        with open_parquet(member.path, self.filesystem) as file:
            with naming_damage(member.path):
                if _read_member(member.path, file, member.constants) != member:
                    raise TableError(
                        f"{member.path} has changed since it was opened: open the source again"
                    )
                written = _written_names(file, schema.names)
            for group in range(len(member.group_rows)):
                place = f"{member.path}, row group {group},"
                with naming_damage(place):
                    batches = file.iter_batches(
                        self.rows_per_batch, [group], list(written.values())
                    )
                while True:
                    with naming_damage(place):
                        rows = next(batches, None)
                        if rows is None:
                            break
                        rows.validate(full=True)
                        rows = _with_constants(rows.rename_columns(list(written)), member, schema)
                    if rows.num_rows:
                        yield Batch(rows, first_row, member.path, group)
                    first_row += rows.num_rows


def open_files(
    label: str,
    paths: Sequence[tuple[str, Mapping[str, pa.Scalar]]],
    rows_per_batch: int,
    options: ReadingOptions,
    filesystem: fs.FileSystem | None = None,
) -> ParquetSource:
    """Read the metadata of Parquet files, and return them as a source.

    Parameters
    ----------
    label : str
    paths : sequence of (str, mapping)
        Path of each file, with the columns that are part of the path.
    rows_per_batch : int
    options : ReadingOptions
    filesystem : pyarrow.fs.FileSystem, optional

    Raises
    ------
    TableError
        If a file is damaged, two files have different columns, or no file has a row.
    """
    members = []
    for path, constants in paths:
        with open_parquet(path, filesystem) as file, naming_damage(path):
            members.append(_read_member(path, file, constants))
    # A program that had no row to write may have had no types either.
    deciding = [member for member in members if member.n_rows]
    if not deciding:
        raise TableError(f"{label} has no rows")
    schema = common_schema([(member.path, _full_schema(member)) for member in deciding])
    remarks = tuple(f"{each.path} has no rows" for each in members if not each.n_rows)
    for name in options.types:
        if name not in schema.names:
            raise TableError(f"types names a column {name!r}, which {label} does not have")
    return ParquetSource(
        label, tuple(members), schema, rows_per_batch, options, remarks, filesystem
    )


@contextmanager
def open_parquet(path: str, filesystem: fs.FileSystem | None) -> Iterator[parquet.ParquetFile]:
    """Open a Parquet file."""
    with naming_damage(path, "is no Parquet file that can be read: it "):
        file = parquet.ParquetFile(path, buffer_size=_BUFFER_BYTES, filesystem=filesystem)
    with file:
        yield file


@contextmanager
def naming_damage(place: str, beginning: str = "") -> Iterator[None]:
    """Convert the errors of Arrow to a TableError that begins with the place."""
    try:
        yield
    except (TableError, FileNotFoundError, PermissionError):
        raise
    except READING_ERRORS as error:
        first_line = " ".join(str(error).split())[:200]
        raise TableError(
            f"{place} {beginning}is damaged or cut short ({first_line}): copy or write the file "
            "anew"
        ) from None


def _read_member(
    path: str, file: parquet.ParquetFile, constants: Mapping[str, pa.Scalar]
) -> ParquetFile:
    metadata = file.metadata
    rows = tuple(metadata.row_group(i).num_rows for i in range(metadata.num_row_groups))
    return ParquetFile(path, rows, cleaned(path, file.schema_arrow), constants)


def _full_schema(member: ParquetFile) -> pa.Schema:
    schema = member.schema
    for name, value in member.constants.items():
        if name in schema.names:
            raise TableError(
                f"{member.path} has a column {name!r}, which its path sets as well: rename one"
            )
        schema = schema.append(pa.field(name, value.type))
    return schema


def _written_names(file: parquet.ParquetFile, names: Sequence[str]) -> dict[str, str]:
    """Return the name in the file of each column that the file has."""
    written = [field.name for field in file.schema_arrow if not is_hidden(field.name)]
    by_name = dict(zip(cleaned("", file.schema_arrow).names, written, strict=True))
    return {name: by_name[name] for name in names if name in by_name}


def _with_constants(rows: pa.RecordBatch, member: ParquetFile, schema: pa.Schema) -> pa.RecordBatch:
    arrays = dict(zip(rows.schema.names, rows.columns, strict=True))
    for name in schema.names:
        if name in member.constants:
            arrays[name] = pa.repeat(member.constants[name], rows.num_rows)
    return conform(pa.RecordBatch.from_pydict(arrays), schema)
