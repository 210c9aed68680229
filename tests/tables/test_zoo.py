"""Messy files, each with a record of its correct content."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("pyarrow")

from lamina.encoding.columns import check_table, find_kind, numbers
from lamina.encoding.cures import BY_OPTIONS, IN_PYTHON
from lamina.encoding.understanding import understand
from lamina.errors import TableError
from lamina.tables.options import ReadingOptions
from lamina.tables.reading import read_table

ZOO = Path(__file__).parent / "zoo"
RECORDS = {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(ZOO.glob("*.json"))}


def read(record, cures=BY_OPTIONS):
    options = record.get("options", {})
    if "marks" in options:
        options = options | {"marks": tuple(options["marks"])}
    return read_table(ZOO / record["file"], ReadingOptions(cures=cures, **options))


def cells(name, column):
    """Return numbers as floats, dates as ISO texts, and texts unchanged; None where missing."""
    kind = find_kind(name, column)
    if kind == "number":
        return [None if np.isnan(x) else x for x in numbers(name, column).tolist()]
    if kind == "date":
        return [None if pd.isna(moment) else moment.isoformat() for moment in column]
    return [None if pd.isna(text) else text for text in column]


def test_there_are_fifty_messy_files():
    assert len(RECORDS) >= 50


@pytest.mark.parametrize("name", [name for name in RECORDS if "error" not in RECORDS[name]])
def test_a_messy_file_is_read_correctly(name):
    record = RECORDS[name]
    table = read(record)
    if "columns" in record:
        assert list(table.columns) == record["columns"]
    for column, kind in record.get("kinds", {}).items():
        assert find_kind(column, table[column]) == kind, column
    for column, n_missing in record.get("missing", {}).items():
        assert table[column].isna().sum() == n_missing, column
    for column, expected in record.get("values", {}).items():
        found = cells(column, table[column])
        if find_kind(column, table[column]) == "date":
            expected = [None if day is None else pd.Timestamp(day).isoformat() for day in expected]
        assert found == expected, column


@pytest.mark.parametrize("name", [name for name in RECORDS if "remarks" in RECORDS[name]])
def test_every_doubt_about_a_messy_file_gives_a_remark(name):
    remarks = understand(read(RECORDS[name])).all_remarks()
    expected = RECORDS[name]["remarks"]
    assert len(remarks) == len(expected), remarks
    for remark, pattern in zip(remarks, expected, strict=True):
        assert re.search(pattern, remark), remark


@pytest.mark.parametrize("name", [name for name in RECORDS if "remarks" in RECORDS[name]])
def test_no_remark_on_a_column_names_an_option_in_python(name):
    for remarks in understand(read(RECORDS[name], IN_PYTHON)).remarks.values():
        assert not [remark for remark in remarks if re.search(r" --\w", remark)]


@pytest.mark.parametrize("name", [name for name in RECORDS if "error" in RECORDS[name]])
def test_an_invalid_file_is_rejected_with_the_place_of_its_fault(name):
    with pytest.raises(TableError, match=RECORDS[name]["error"]):
        check_table(read(RECORDS[name]))
