"""Detect the layout of a CSV file: encoding, separator, decimal sign, header and first row."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from lamina.errors import TableError

SEPARATORS = ",;\t|"
# Number of first bytes that decide about the layout.
FIRST_BYTES = 1 << 18
FIRST_RECORDS = 200
_SEP_LINE = re.compile(r'\s*"?sep=(.)"?\s*', re.IGNORECASE)
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|$)")
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1f]")
_DECIMAL_COMMA = re.compile(r"[+-]?\d*(?:\.\d{3})*,\d+")
_DECIMAL_POINT = re.compile(r"[+-]?\d*(?:,\d{3})*\.\d+")
_POINT_GROUPS = re.compile(r"[+-]?[1-9]\d{0,2}(?:\.\d{3})+")
_NUMBER = re.compile(r"[+-]?(?:\d+[.,]?\d*|[.,]\d+)(?:[eE][+-]?\d+)?")
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


class Layout(NamedTuple):
    """The layout of a CSV file.

    Attributes
    ----------
    separator : str
    decimal : {'.', ','}
    names : list of str
        A name for each field of a row; empty if the header has none.
    start : int
        Byte offset of the first row.
    first_line : int
        Line number of the first row.
    has_comments : bool
        True if lines that begin with # are comments.
    remarks : tuple of str
    """

    separator: str
    decimal: str
    names: list[str]
    start: int
    first_line: int
    has_comments: bool
    remarks: tuple[str, ...]


def as_utf8(label: str, data: bytes, encoding: str | None) -> tuple[bytes, tuple[str, ...]]:
    """Convert the text to UTF-8 without a byte order mark; add a remark if the encoding was
    guessed.

    Raises
    ------
    TableError
        If the bytes are not text.
    """
    for mark, marked in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            text = _decoded(label, data[len(mark) :], marked)
            if marked == "utf-8":
                return text, ()
            return text, (f"{label} is read as {marked.upper()[:6]}, by its byte order mark",)
    if encoding is not None:
        return _decoded(label, data, encoding), ()
    if (wide := _wide_encoding(data)) is not None:
        return _decoded(label, data, wide), (f"{label} is read as UTF-16",)
    if _BINARY.search(data[:FIRST_BYTES]) is not None:
        raise TableError(
            f"{label} is not a text file and has no known format: give CSV, Parquet, Feather, JSON "
            "lines or Excel"
        )
    bad = _first_byte_that_is_not_utf8(data)
    if bad is None:
        return data, ()
    line = data.count(b"\n", 0, bad) + 1
    try:
        text = data.decode("cp1252").encode()
    except UnicodeDecodeError:
        raise TableError(
            f"{label} is no UTF-8 text (byte {data[bad]:#x} in line {line}): name its encoding, "
            "for example with --encoding cp1251"
        ) from None
    return text, (
        f"{label} is no UTF-8 text (byte {data[bad]:#x} in line {line}) and is read as "
        "Windows-1252; --encoding names another",
    )


def _decoded(label: str, data: bytes, encoding: str) -> bytes:
    try:
        return data.decode(encoding).removeprefix("\ufeff").encode()
    except (UnicodeError, ValueError) as error:
        raise TableError(
            f"{label} is not text in {encoding}: {error}; --encoding names another"
        ) from None


def _wide_encoding(data: bytes) -> str | None:
    """Detect UTF-16 without a byte order mark: every other byte of Western text is 0."""
    start = data[: FIRST_BYTES // 2 * 2]
    even, odd = start[::2], start[1::2]
    if len(even) < 2 or len(data) % 2:
        return None
    for zeros, others, name in ((odd, even, "utf-16-le"), (even, odd, "utf-16-be")):
        if zeros.count(0) > 0.7 * len(zeros) and others.count(0) < 0.05 * len(others):
            return name
    return None


def _first_byte_that_is_not_utf8(data: bytes) -> int | None:
    decoder = codecs.getincrementaldecoder("utf-8")()
    step = 1 << 20
    for start in range(0, len(data), step):
        before = len(decoder.getstate()[0])
        try:
            decoder.decode(data[start : start + step], start + step >= len(data))
        except UnicodeDecodeError as error:
            return start - before + error.start
    return None


def find_layout(label: str, data: bytes, separator: str | None, decimal: str | None) -> Layout:
    """Detect the layout of a CSV file in UTF-8.

    Raises
    ------
    TableError
        If the file has no header, or two columns of one name.
    """
    lines = _lines(data)
    n_before, chosen, has_comments = _preamble(lines)
    separator = separator or chosen or _find_separator(lines[n_before:])
    names, n_header = _header(lines[n_before:], separator)
    if not names:
        raise TableError(f"{label} is empty")
    n_lines = n_before + n_header
    first = list(_records(lines[n_lines:], separator, FIRST_RECORDS))
    names = _named(names, first)
    _reject_same_names(label, names)
    decimal = decimal or _find_decimal(first, separator)
    remarks = _doubts_of_header(label, names)
    if decimal == ",":
        remarks = (*remarks, f"{label}: numbers are read with a decimal comma")
    start = len("".join(lines[:n_lines]).encode())
    return Layout(separator, decimal, names, start, n_lines + 1, has_comments, remarks)


def bad_line(data: bytes, layout: Layout) -> str | None:
    """Describe the first row with too few or too many fields; return None if all are right."""
    text = io.StringIO(data[layout.start :].decode("utf-8", "replace"), newline="")
    reader = csv.reader(text, delimiter=layout.separator)
    n_names, begun = len(layout.names), layout.first_line
    try:
        for record in reader:
            if len(record) != n_names and record:
                shown = layout.separator.join(record)
                shown = shown if len(shown) <= 60 else f"{shown[:57]}..."
                fields = "1 field" if len(record) == 1 else f"{len(record)} fields"
                return (
                    f"line {begun} has {fields}, but the header has {n_names}: "
                    f"{shown!r}. Correct that line; a cell that contains {layout.separator!r} must "
                    'be in quotes: "..."'
                )
            begun = layout.first_line + reader.line_num
    except csv.Error:
        return None
    return None


def _lines(data: bytes) -> list[str]:
    """Return the lines of the first part with their line ends; the last line may be cut."""
    start = data[:FIRST_BYTES]
    if len(data) > FIRST_BYTES:
        # Extend the part to the next line end, as the header may be longer.
        end = data.find(b"\n", FIRST_BYTES)
        start = data[: end + 1 if end > 0 else len(data)]
    return [line for line in _LINE.findall(start.decode("utf-8", "replace")) if line]


def _preamble(lines: Sequence[str]) -> tuple[int, str | None, bool]:
    """Return the count of lines above the header, the `sep=` separator, and has_comments."""
    separator, has_comments = None, False
    for i, line in enumerate(lines):
        if (named := _SEP_LINE.fullmatch(line)) is not None and separator is None:
            separator = named[1]
        elif line.startswith("#") and not _is_header(line, lines[i + 1 :]):
            has_comments = True
        elif line.strip():
            return i, separator, has_comments
    return len(lines), separator, has_comments


def _is_header(line: str, later: Sequence[str]) -> bool:
    """Return True if a line such as `#id,name` has as many fields as the next line."""
    if not later or later[0].startswith("#"):
        return False
    counts = ((line.count(separator), later[0].count(separator)) for separator in SEPARATORS)
    return any(n and n == n_later for n, n_later in counts)


def _find_separator(lines: Sequence[str]) -> str:
    """Return the separator with the most fields, equally many in the header and first rows."""

    def rank(separator: str) -> tuple[bool, int]:
        records = list(_records(lines, separator, 30))
        widths = [len(record) for record in records]
        # Rows that end in a separator have one more, empty field.
        is_even = len({w - (not r[-1]) for w, r in zip(widths, records, strict=True)}) <= 1
        return is_even or len(set(widths)) <= 1, widths[0] if widths else 0

    ranks = {separator: rank(separator) for separator in SEPARATORS}
    even = [separator for separator in SEPARATORS if ranks[separator][0]]
    several = [separator for separator in even if ranks[separator][1] > 1]
    if even and not several and all(ranks[s][1] <= 1 for s in SEPARATORS):
        return even[0]
    return max(several or SEPARATORS, key=lambda separator: ranks[separator][1])


def _records(lines: Sequence[str], separator: str, at_most: int) -> Iterator[list[str]]:
    """Yield the first records that are not blank, as lists of cells."""
    reader = csv.reader(lines, delimiter=separator)
    try:
        for record in reader:
            if record and not record[0].startswith("#"):
                yield record
                at_most -= 1
            if at_most <= 0:
                return
    except csv.Error:
        return


def _header(lines: Sequence[str], separator: str) -> tuple[list[str], int]:
    reader = csv.reader(lines, delimiter=separator, skipinitialspace=True)
    try:
        return [name.strip() for name in next(reader, [])], reader.line_num
    except csv.Error:
        return [], 0


def _named(names: list[str], records: Sequence[list[str]]) -> list[str]:
    """Return the names, with an empty name if every row has one field more."""
    widths = {len(record) for record in records}
    if widths != {len(names) + 1}:
        return names
    if all(not record[-1].strip() for record in records):
        return [*names, ""]
    # R writes a column of row names, but no name for it in the header.
    counted = [str(i) for i in range(1, len(records) + 1)]
    if len(records) > 1 and [record[0] for record in records] == counted:
        return ["", *names]
    return names


def _reject_same_names(label: str, names: Sequence[str]) -> None:
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        raise TableError(f"{label} has two columns named {twice[0]!r}: rename one of them")


def _doubts_of_header(label: str, names: Sequence[str]) -> tuple[str, ...]:
    """Return a remark if the header resembles a row; raise TableError if it surely is one."""
    named = [name for name in names if name]
    numeric = [name for name in named if _NUMBER.fullmatch(name)]
    if not numeric or len(numeric) < len(named) / 2:
        return ()
    whole = [int(name) for name in numeric if name.isdigit()]
    # Valid numeric names: column numbers from 0 (pandas) or 1, and years.
    are_steps = whole == list(range(whole[0], whole[0] + len(whole))) if whole else False
    are_names = are_steps and (whole[0] in (0, 1) or 1800 <= whole[0] <= 2200)
    if len(numeric) == len(named) == len(whole) and are_names:
        return ()
    if len(numeric) == len(named):
        raise TableError(
            f"{label} has no header: its first line holds numbers only ({named[0]!r}, ...). "
            "Add a line with the names of the columns"
        )
    return (
        f"{label} may have no header: its first line, {', '.join(named[:4])}, is used as names",
    )


def _find_decimal(records: Sequence[Sequence[str]], separator: str) -> str:
    """Return ',' if more numbers have a decimal comma than a point that must be decimal."""
    if separator == ",":
        return "."
    cells = [cell.strip() for record in records for cell in record]
    commas = sum(_DECIMAL_COMMA.fullmatch(cell) is not None for cell in cells)
    points = sum(
        _DECIMAL_POINT.fullmatch(cell) is not None and _POINT_GROUPS.fullmatch(cell) is None
        for cell in cells
    )
    return "," if commas > points else "."
