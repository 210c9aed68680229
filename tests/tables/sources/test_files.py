"""Feather, CSV and JSON lines as sources: the table in memory, and every kind of broken file."""

import gzip
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("pyarrow")

import lamina.tables
from lamina.encoding import TableEncoding
from lamina.encoding.statistics import encode_batch, fit_encoding
from lamina.errors import TableError
from lamina.tables.options import ReadingOptions
from lamina.tables.reading import read_table

ZOO = Path(__file__).parents[1] / "zoo"
FRAME = pd.DataFrame(
    {
        "i": range(1, 31),
        "x": [0.5, None, 2.5] * 10,
        "day": pd.to_datetime(["2024-01-31", "2024-02-29", "2024-03-01"] * 10).date,
        "city": ["Rome", "Oslo", "NA"] * 10,
        "code": ["007", "12", "013"] * 10,
        "price": ["$1,200", "$900", "?"] * 10,
        "yes": [True, False, True] * 10,
    }
)


def write(frame, path):
    if path.suffix == ".csv":
        frame.to_csv(path, index=False)
    elif path.suffix == ".feather":
        frame.to_feather(path)
    else:
        frame.to_json(path, orient="records", lines=True, date_format="iso")
    return path


@pytest.mark.parametrize("ending", [".csv", ".feather", ".jsonl"])
def test_a_file_gives_the_encoding_in_memory_and_its_rows(tmp_path, ending):
    path = write(FRAME, tmp_path / f"table{ending}")
    source = lamina.tables.open(path, rows_per_batch=7)
    assert source.n_rows == 30
    batches = list(pickle.loads(pickle.dumps(source)).batches())
    assert [batch.first_row for batch in batches] == [1, 8, 15, 22, 29]
    encoding = fit_encoding(TableEncoding(), source)
    expected = TableEncoding().fit(read_table(path))
    np.testing.assert_equal(encoding.to_plain(), expected.to_plain())
    encoded = np.concatenate([encode_batch(encoding, batch) for batch in batches])
    np.testing.assert_array_equal(encoded, expected.transform(read_table(path)).astype(np.float32))
    assert list(next(source.batches(["city", "i"])).rows.schema.names) == ["city", "i"]


CSV_FILES = sorted(path for path in ZOO.rglob("*") if path.suffix in (".csv", ".tsv"))


@pytest.mark.parametrize("path", CSV_FILES, ids=lambda path: path.stem)
def test_every_csv_of_the_zoo_has_the_columns_in_memory_or_is_refused(path):
    try:
        source = lamina.tables.open(path)
    except TableError:
        return
    frame = read_table(path)
    if len(frame) < source.n_rows:
        # In memory, a last row of totals is left out.
        return
    try:
        expected = TableEncoding(min_frequency=1).fit(frame).to_plain()
    except TableError:
        with pytest.raises(TableError):
            fit_encoding(TableEncoding(min_frequency=1), source)
        return
    encoding = fit_encoding(TableEncoding(min_frequency=1), source)
    np.testing.assert_equal(encoding.to_plain(), expected)


def test_files_of_other_line_ends_and_compressed_ones_are_read_together(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"x,t\n1,a\n2,b\n")
    (tmp_path / "b.csv").write_bytes(b"\xef\xbb\xbft;x\r\nc;3,5\r\n\r\nd;4\r\n")
    (tmp_path / "c.csv.gz").write_bytes(gzip.compress(b"x,t\n5,e\n"))
    source = lamina.tables.open(tmp_path / "*.csv*")
    rows = [row for batch in source.batches() for row in batch.rows.to_pylist()]
    assert [row["x"] for row in rows] == [1, 2, 3.5, 4, 5]
    assert [row["t"] for row in rows] == list("abcde")
    assert [part.n_rows for part in source.parts()] == [2, 2, 1]


def test_a_column_that_turns_to_text_in_file_7_is_an_error(tmp_path):
    for i in range(1, 9):
        (tmp_path / f"{i}.csv").write_text(f"x,y\n{'many' if i == 7 else i},1\n")
    with pytest.raises(TableError, match=r"'x' is string \(text\) in .*7\.csv, but int64"):
        lamina.tables.open(tmp_path / "*.csv")
    options = ReadingOptions(types={"x": "category"})
    source = lamina.tables.open(tmp_path / "*.csv", reading=options)
    assert source.n_rows == 8


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"a,b\n", "has no rows"),
        (b"a,b\n1,2\n3\n", r"a line after row \d has 1 fields, but the header has 2: '3'"),
        (b"a,a\n1,2\n", "two columns named 'a'"),
        (b"a,b\n\xff\xe9,2\n", "name its encoding"),
        (b"a\x00\x01,b\n1,2\n", "not a text file"),
    ],
)
def test_a_broken_csv_is_refused_by_name(tmp_path, content, message):
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    with pytest.raises(TableError, match=message):
        list(lamina.tables.open(path).batches())


def test_a_csv_that_grows_between_two_passes_is_an_error(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,b\n1,2\n")
    source = lamina.tables.open(path)
    path.write_text("a,b\n1,2\n3,4\n")
    with pytest.raises(TableError, match="has 2 rows, but had 1 when it was opened"):
        list(source.batches())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "has no rows"),
        (b'[{"x": 1}]', "is one JSON list"),
        (b'{"x": 1}\n{"x": ', "is no JSON lines file that can be read"),
    ],
)
def test_broken_json_lines_are_refused_by_name(tmp_path, content, message):
    path = tmp_path / "t.jsonl"
    path.write_bytes(content)
    with pytest.raises(TableError, match=message):
        lamina.tables.open(path)


def test_a_feather_file_that_is_cut_short_is_refused_by_name(tmp_path):
    path = write(FRAME, tmp_path / "t.feather")
    path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(TableError, match=r"t\.feather is no Feather file that can be read"):
        lamina.tables.open(path)


def test_files_of_several_formats_are_refused(tmp_path):
    write(FRAME, tmp_path / "a.csv")
    write(FRAME, tmp_path / "b.jsonl")
    with pytest.raises(TableError, match=r"a\.csv is CSV, but .*b\.jsonl is JSON lines"):
        lamina.tables.open(tmp_path / "*.*")
