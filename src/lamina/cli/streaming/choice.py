"""Decide whether a command reads its table as a whole or in batches."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import lamina.tables
from lamina.cli.request import TrainingRequest
from lamina.encoding.batches import Source
from lamina.encoding.column_form import ColumnForm
from lamina.encoding.source_sampling import SourceSize, measure_source
from lamina.errors import TableError
from lamina.files.disk_arrays import in_units
from lamina.files.memory import available_memory
from lamina.tables.contents import STANDARD_INPUT
from lamina.tables.options import ReadingOptions

PATTERN = frozenset("*?[")
# A smaller file is read as a whole, without looking into it.
LEAST_BYTES = 1 << 25


def names_several(data: Path) -> bool:
    """Return True for a pattern or a folder, which only a source reads."""
    return data.is_dir() or (bool(PATTERN & set(str(data))) and not data.exists())


def open_data(
    data: Path, reading: ReadingOptions, forms: dict[str, ColumnForm] | None = None
) -> Source | None:
    """Return the table as a source; None for small files and those that no source reads.

    Raises
    ------
    FileNotFoundError, TableError
        If a pattern has no file, or the files cannot be read together.
    """
    if data.name == STANDARD_INPUT:
        return None
    several = names_several(data)
    if not several and (not data.is_file() or data.stat().st_size < LEAST_BYTES):
        return None
    reading = reading if forms is None else replace(reading, forms=forms)
    try:
        return lamina.tables.open(data, reading=reading)
    except TableError:
        # Files that no source reads, such as Excel's, are read as a whole.
        if several:
            raise
        return None


def source_of_training(request: TrainingRequest) -> Source | None:
    """Return the source of a request, or None to read its file as a whole."""
    if request.data is None:
        return None
    if request.spool is not None and request.in_memory:
        raise ValueError("--spool and --in-memory exclude each other: leave one out")
    if request.in_memory and not names_several(request.data):
        return None
    source = open_data(request.data, request.reading)
    if source is None and request.spool is not None:
        # The user asks for a spool, whatever the size.
        return lamina.tables.open(request.data, reading=request.reading)
    return source


def is_streamed(request: TrainingRequest, size: SourceSize) -> bool:
    """Return True if the fit reads its rows from a spool."""
    if request.in_memory:
        return False
    return request.spool is not None or size.fraction_that_fits < 1


def reason_to_stream(request: TrainingRequest, size: SourceSize) -> str:
    """Return the sentence that says why the rows are read from a spool."""
    if size.fraction_that_fits == 1:
        return "the rows are encoded into a spool on disk, as --spool asks"
    free = available_memory() or 0
    return (
        f"the table takes {in_units(size.n_bytes)} as a data frame, and {in_units(free)} of memory "
        "are free: its rows are encoded into a spool on disk; --in-memory reads it as a whole"
    )


__all__ = [
    "is_streamed",
    "measure_source",
    "names_several",
    "open_data",
    "reason_to_stream",
    "source_of_training",
]
