"""Datasets of pyarrow, and folders with hive partitions, as sources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import pyarrow as pa
from pyarrow import dataset as datasets
from pyarrow import fs

from lamina.encoding.batches import Source
from lamina.errors import TableError
from lamina.tables.options import ReadingOptions
from lamina.tables.sources.parquet import naming_damage, open_files
from lamina.tables.sources.streams import open_stream


def open_parquet_folder(folder: Path, rows_per_batch: int, options: ReadingOptions) -> Source:
    """Return the Parquet files of a folder; folders in it such as year=2024 give a column.

    Raises
    ------
    TableError
        If a file is damaged, or two files have different columns.
    """
    with naming_damage(str(folder)):
        dataset = datasets.dataset(str(folder), format="parquet", partitioning="hive")
        members = sorted(_members(dataset), key=lambda member: member[0])
    return open_files(str(folder), members, rows_per_batch, options)


def open_dataset(dataset: datasets.Dataset, rows_per_batch: int, options: ReadingOptions) -> Source:
    """Return a dataset as a source.

    Raises
    ------
    TableError
        If a file is damaged, two files have different columns, or there is no row.
    """
    if isinstance(dataset, datasets.FileSystemDataset) and isinstance(
        dataset.format, datasets.ParquetFileFormat
    ):
        try:
            members = list(_members(dataset))
        except ValueError:
            # A filtered dataset has no fragments; only the dataset knows its rows.
            members = []
        if members:
            local = isinstance(dataset.filesystem, fs.LocalFileSystem)
            filesystem = None if local else dataset.filesystem
            return open_files(_LABEL, members, rows_per_batch, options, filesystem)
    with naming_damage(_LABEL):
        n_rows = dataset.count_rows()
    if not n_rows:
        raise TableError(f"{_LABEL} has no rows")
    read = partial(_batches_of, dataset, rows_per_batch)
    return open_stream(_LABEL, read, rows_per_batch, schema=dataset.schema, n_rows=n_rows)


_LABEL = "the dataset"


def _members(dataset: datasets.FileSystemDataset) -> Iterator[tuple[str, Mapping[str, pa.Scalar]]]:
    for fragment in dataset.get_fragments():
        keys = datasets.get_partition_keys(fragment.partition_expression)
        yield (
            fragment.path,
            {
                name: pa.scalar(value, dataset.schema.field(name).type)
                for name, value in keys.items()
            },
        )


def _batches_of(
    dataset: datasets.Dataset, rows_per_batch: int, columns: Sequence[str] | None
) -> Iterator[pa.RecordBatch]:
    """Read a dataset with little in memory at once."""
    names = None if columns is None else list(columns)
    batches = dataset.to_batches(
        columns=names, batch_size=rows_per_batch, batch_readahead=1, fragment_readahead=1
    )
    while True:
        with naming_damage(_LABEL):
            batch = next(batches, None)
        if batch is None:
            return
        yield batch
