"""Read CSV files block by block, with the types that Arrow finds for all rows at once in memory."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO

import pyarrow as pa
from pyarrow import compute
from pyarrow import csv as arrow_csv

from lamina.errors import TableError
from lamina.tables.csv_reading import BLOCK_BYTES, LEADING_ZERO
from lamina.tables.csv_text import FIRST_BYTES, Layout, as_utf8, find_layout
from lamina.tables.options import ReadingOptions
from lamina.tables.sources.file_format import FileMember

# The order in which Arrow tries types; a column has the first one that all its cells have.
_TYPES = (
    *(pa.int64(), pa.bool_(), pa.date32(), pa.time32("s"), pa.timestamp("s")),
    *(pa.timestamp("ns"), pa.float64()),
)
_NAMELESS = "\0"


def scan_file(path: str, options: ReadingOptions) -> FileMember:
    """Return the columns of a file with their types, and count its rows."""
    layout, remarks = _layout(path, options)
    names = _names(layout)
    possible = {name: list(_TYPES) for name in names}
    n_rows = 0
    n_missing = dict.fromkeys(names, 0)
    written = {*options.forms, *(n for n, kind in options.types.items() if kind != "number")}
    possible |= {name: [] for name in names if name in written}
    for rows in _written(path, layout, options):
        for name, cells in zip(names, rows.columns, strict=True):
            n_missing[name] += cells.null_count
            kinds = [k for k in possible[name] if _converted(cells, k, layout, options) is not None]
            has_zeros = (
                bool(kinds)
                and compute.any(compute.match_substring_regex(cells, LEADING_ZERO)).as_py()
            )
            possible[name] = [] if has_zeros else kinds
        n_rows += rows.num_rows
    dropped = frozenset(
        name
        for i, name in enumerate(names)
        if name.startswith(_NAMELESS) and (i == 0 or n_missing[name] == n_rows)
    )
    fields = [
        (f"column {i + 1}" if name.startswith(_NAMELESS) else name, _type(possible[name]))
        for i, name in enumerate(names)
        if name not in dropped
    ]
    schema = pa.schema([(name, pa.string() if name in written else kind) for name, kind in fields])
    return FileMember(path, schema, n_rows, layout, dropped, remarks)


def read_batches(member: FileMember, options: ReadingOptions) -> Iterator[pa.RecordBatch]:
    """Yield the rows of each block of a file."""
    layout = member.layout
    assert layout is not None
    kept = [i for i, name in enumerate(_names(layout)) if name not in member.dropped]
    for rows in _written(member.path, layout, options):
        columns = []
        for i, kind in zip(kept, member.schema.types, strict=True):
            column = _converted(rows.column(i), kind, layout, options)
            if column is None:
                raise TableError(f"{member.path} has changed since it was opened: open it again")
            columns.append(column)
        yield pa.RecordBatch.from_arrays(columns, schema=member.schema)


def _type(possible: list[pa.DataType]) -> pa.DataType:
    if len(possible) == len(_TYPES):
        return pa.null()
    return possible[0] if possible else pa.string()


def _names(layout: Layout) -> list[str]:
    return [name or f"{_NAMELESS}{i}" for i, name in enumerate(layout.names)]


def _layout(path: str, options: ReadingOptions) -> tuple[Layout, tuple[str, ...]]:
    with pa.input_stream(path, compression="detect") as file:
        head = file.read(FIRST_BYTES)
    if not head:
        raise TableError(f"{path} is empty")
    if len(head) == FIRST_BYTES and options.encoding is None:
        # A cut character would look like another encoding.
        head = head[: head.rfind(b"\n") + 1] or head
    data, remarks = as_utf8(path, head, options.encoding)
    if remarks:
        raise TableError(
            f"{remarks[0]}: to read it in batches, name its encoding, for example "
            "reading=ReadingOptions(encoding='cp1252')"
        )
    tab = "\t" if ".tsv" in path.lower()[-8:] else None
    layout = find_layout(path, data, options.separator or tab, options.decimal)
    return layout, layout.remarks


def _written(path: str, layout: Layout, options: ReadingOptions) -> Iterator[pa.RecordBatch]:
    """Yield the cells as written in blocks; null for empty cells."""
    names = _names(layout)
    wrong: list[arrow_csv.InvalidRow] = []

    def skip_or_reject(row: arrow_csv.InvalidRow) -> str:
        is_comment = layout.has_comments and row.text.startswith("#")
        if is_comment or not row.text.strip().strip(layout.separator):
            return "skip"
        wrong.append(row)
        return "error"

    reading = arrow_csv.ReadOptions(
        block_size=BLOCK_BYTES,
        column_names=names,
        skip_rows=layout.first_line - 1,
        encoding=options.encoding or "utf8",
        use_threads=False,
    )
    parsing = arrow_csv.ParseOptions(
        delimiter=layout.separator, newlines_in_values=True, invalid_row_handler=skip_or_reject
    )
    converting = arrow_csv.ConvertOptions(
        strings_can_be_null=True, null_values=[""], column_types=dict.fromkeys(names, pa.string())
    )
    n_rows = 0
    try:
        with pa.input_stream(path, compression="detect") as file:
            for rows in arrow_csv.open_csv(file, reading, parsing, converting):
                yield rows
                n_rows += rows.num_rows
    except pa.ArrowInvalid as error:
        if "Empty CSV file" in str(error):
            return
        raise TableError(_problem(path, n_rows, wrong, error)) from None


def _problem(path: str, n_rows: int, wrong: list[arrow_csv.InvalidRow], error: Exception) -> str:
    if not wrong:
        first_line = " ".join(str(error).split())[:200]
        return f"{path} cannot be read as CSV after its row {n_rows:,}: {first_line}"
    row = wrong[0]
    shown = row.text if len(row.text) <= 60 else f"{row.text[:57]}..."
    return (
        f"{path} cannot be read as CSV: a line after row {n_rows:,} has {row.actual_columns} "
        f"fields, but the header has {row.expected_columns}: {shown!r}. Correct that line, or "
        "write the file anew if it was cut short"
    )


def _converted(
    cells: pa.Array, kind: pa.DataType, layout: Layout, options: ReadingOptions
) -> pa.Array | None:
    """Return cells as Arrow's reader of CSV converts them; None if a cell has another type."""
    if pa.types.is_string(kind):
        return cells
    marks = [""] if options.marks is None else [*options.marks, ""]
    if options.marks is None and layout.decimal == "." and kind in (pa.int64(), pa.float64()):
        try:
            # The same parser without the detour, unless cells are marks or have spaces.
            return cells.cast(kind)
        except pa.ArrowInvalid:
            pass
    sink = BytesIO()
    quoting = arrow_csv.WriteOptions(include_header=False, quoting_style="all_valid")
    arrow_csv.write_csv(pa.table({"x": cells}), sink, quoting)
    converting = arrow_csv.ConvertOptions(
        strings_can_be_null=True,
        decimal_point=layout.decimal,
        column_types={"x": kind},
        **({} if options.marks is None else {"null_values": marks}),
    )
    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(sink.getvalue()),
            arrow_csv.ReadOptions(column_names=["x"], block_size=1 << 28, use_threads=False),
            arrow_csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
            converting,
        )
    except pa.ArrowInvalid:
        return None
    return table.column("x").combine_chunks()
