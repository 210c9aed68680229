"""Read CSV with Arrow: first with inferred types, then again as text where types may mislead."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
from pyarrow import compute
from pyarrow import csv as arrow_csv

from lamina.errors import TableError
from lamina.tables.contents import Contents
from lamina.tables.csv_text import Layout, as_utf8, bad_line, find_layout
from lamina.tables.options import ReadingOptions

if TYPE_CHECKING:
    pass

# Upper limit for the size of a row, which must fit into one block.
BLOCK_BYTES = 1 << 24
_CHUNK = 1 << 22
# Prefix of the temporary names of unnamed fields, which no header contains.
_NAMELESS = "\0"
LEADING_ZERO = r"^\s*[+-]?0\d+\s*$"


class CsvTable(NamedTuple):
    """A table with Arrow's types; text columns hold their cells as written.

    Attributes
    ----------
    table : pyarrow.Table
    decimal : {'.', ','}
    remarks : tuple of str
    """

    table: pa.Table
    decimal: str
    remarks: tuple[str, ...]


def read_csv(contents: Contents, options: ReadingOptions) -> CsvTable:
    """Read the table in a CSV file.

    Raises
    ------
    TableError
        If the bytes are not text, the file is empty, or a row has a different number of fields.
    """
    label = contents.label
    data, remarks = as_utf8(label, contents.data, options.encoding)
    separator = options.separator or ("\t" if contents.ending == ".tsv" else None)
    layout = find_layout(label, data, separator, options.decimal)
    if not data[layout.start :].strip():
        raise TableError(f"{label} has no rows below its header")
    file = _File(label, data, layout, options.marks)
    written = [*options.forms, *(n for n, kind in options.types.items() if kind != "number")]
    table = file.typed(written)
    written += file.columns_to_reread(table)
    again = file.written(written)
    columns = {name: table.column(name) for name in table.column_names}
    for name in again.column_names:
        column = again.column(name)
        was_number = name in columns and _is_number(columns[name].type)
        if not was_number or _any_leading_zero(column):
            columns[name] = column
    table = pa.table([columns[name] for name in file.names], names=file.names)
    return CsvTable(_without_unnamed(table), layout.decimal, (*remarks, *layout.remarks))


class _File(NamedTuple):
    """The text of a CSV file, with its layout."""

    label: str
    data: bytes
    layout: Layout
    marks: tuple[str, ...] | None

    @property
    def names(self) -> list[str]:
        """Names of the columns; unnamed ones are numbered."""
        return [name or f"{_NAMELESS}{i}" for i, name in enumerate(self.layout.names)]

    def typed(self, others: Collection[str]) -> pa.Table:
        """Return the columns with Arrow's types, except `others`."""
        names = [name for name in self.names if name not in others]
        marks = {} if self.marks is None else {"null_values": [*self.marks, ""]}
        converting = arrow_csv.ConvertOptions(
            strings_can_be_null=True,
            include_columns=names,
            decimal_point=self.layout.decimal,
            **marks,
        )
        # Arrow treats an empty list as all columns.
        return self._parse(converting) if names else pa.table({})

    def written(self, names: Collection[str]) -> pa.Table:
        """Return the cells of these columns as written; null for empty cells."""
        chosen = [name for name in self.names if name in names]
        if not chosen:
            return pa.table({})
        converting = arrow_csv.ConvertOptions(
            strings_can_be_null=True,
            null_values=[""],
            include_columns=chosen,
            column_types=dict.fromkeys(chosen, pa.string()),
        )
        return self._parse(converting)

    def columns_to_reread(self, table: pa.Table) -> list[str]:
        """Return text columns in which NA may be a value, and numbers with possible leading 0s."""
        kinds = dict(zip(table.column_names, table.schema.types, strict=True))
        texts = [name for name, kind in kinds.items() if _is_text(kind) and table[name].null_count]
        numbers = [name for name, kind in kinds.items() if _is_number(kind)]
        if numbers and _has_leading_zeros(self.data, self.layout.separator):
            texts += numbers
        return texts

    def _parse(self, converting: arrow_csv.ConvertOptions) -> pa.Table:
        try:
            return arrow_csv.read_csv(
                pa.BufferReader(pa.py_buffer(memoryview(self.data)[self.layout.start :])),
                read_options=arrow_csv.ReadOptions(block_size=BLOCK_BYTES, column_names=self.names),
                parse_options=arrow_csv.ParseOptions(
                    delimiter=self.layout.separator,
                    newlines_in_values=True,
                    invalid_row_handler=self._skip_or_reject,
                ),
                convert_options=converting,
            )
        except pa.ArrowInvalid as error:
            problem = bad_line(self.data, self.layout) or _in_plain_words(error)
            raise TableError(f"{self.label} cannot be read as CSV: {problem}") from None

    def _skip_or_reject(self, row: arrow_csv.InvalidRow) -> str:
        is_comment = self.layout.has_comments and row.text.startswith("#")
        is_blank = not row.text.strip().strip(self.layout.separator)
        return "skip" if is_comment or is_blank else "error"


def _has_leading_zeros(data: bytes, separator: str) -> bool:
    """Return True if any cell is a number with a leading zero, such as 007."""
    begins = np.zeros(256, dtype=bool)
    begins[[*separator.encode(), *b"\r\n\" '+-"]] = True
    is_digit = np.zeros(256, dtype=bool)
    is_digit[48:58] = True
    cell = re.compile(rb"0\d+ *(?:[\r\n\"']|%b|$)" % re.escape(separator.encode()))
    for start in range(0, len(data), _CHUNK):
        part = np.frombuffer(data[start : start + _CHUNK + 2], dtype=np.uint8)
        places = np.flatnonzero(begins[part[:-2]] & (part[1:-1] == 48) & is_digit[part[2:]])
        if any(cell.match(data, start + place + 1) for place in places.tolist()):
            return True
    return False


def _any_leading_zero(column: pa.ChunkedArray) -> bool:
    return bool(compute.any(compute.match_substring_regex(column, LEADING_ZERO)).as_py())


def _without_unnamed(table: pa.Table) -> pa.Table:
    """Name the unnamed fields, and drop empty ones and a first column of row numbers."""
    names = []
    for i, name in enumerate(table.column_names):
        if name.startswith(_NAMELESS):
            is_empty = table.column(i).null_count == table.num_rows
            names.append(None if i == 0 or is_empty else f"column {i + 1}")
        else:
            names.append(name)
    kept = [i for i, name in enumerate(names) if name is not None]
    return table.select(kept).rename_columns([name for name in names if name is not None])


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


def _in_plain_words(error: Exception) -> str:
    return str(error).removeprefix("CSV parse error: ").strip()
