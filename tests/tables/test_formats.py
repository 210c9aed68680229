"""Tables in every format: compressed, from standard input, and damaged."""

import bz2
import gzip
import io
import lzma
import zipfile

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("pyarrow")

import pyarrow as pa
from pyarrow import parquet

from lamina.encoding.columns import check_table
from lamina.errors import TableError
from lamina.tables.options import ReadingOptions
from lamina.tables.reading import read_table
from lamina.tables.writing import check_output, write_table

CSV = b"name,x\nAnna,1.5\nBen,2.5\n"


def zipped(*names):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in names:
            archive.writestr(name, CSV)
    return packed.getvalue()


WRITTEN = ("csv", "tsv", "csv.gz", "parquet", "feather", "jsonl")
PACKED = {
    "t.csv.gz": gzip.compress(CSV),
    "t.csv.bz2": bz2.compress(CSV),
    "t.csv.xz": lzma.compress(CSV),
    "t.zip": zipped("t.csv"),
    "mac.zip": zipped("t.csv", "__MACOSX/._t.csv"),
    "packed_under_another_name.csv": gzip.compress(CSV),
}


@pytest.mark.parametrize("name", PACKED)
def test_a_compressed_table_is_decompressed(name, tmp_path):
    (tmp_path / name).write_bytes(PACKED[name])
    assert read_table(tmp_path / name)["x"].tolist() == [1.5, 2.5]


@pytest.mark.parametrize("name", PACKED)
def test_a_truncated_compressed_table_is_rejected_by_name(name, tmp_path):
    (tmp_path / name).write_bytes(PACKED[name][: len(PACKED[name]) * 2 // 3])
    with pytest.raises(TableError, match=rf"{name} is .* damaged or cut short"):
        read_table(tmp_path / name)


@pytest.mark.parametrize("name", PACKED)
def test_a_server_decompresses_nothing(name, tmp_path):
    (tmp_path / name).write_bytes(PACKED[name])
    with pytest.raises(TableError, match=r"it is compressed by .*; unpack it first"):
        read_table(tmp_path / name, ReadingOptions(unpacks=False))


def test_an_archive_of_several_files_is_rejected_with_their_names(tmp_path):
    (tmp_path / "t.zip").write_bytes(zipped("a.csv", "b.csv"))
    with pytest.raises(TableError, match=r"holds 2 files \(a.csv, b.csv\): unpack it"):
        read_table(tmp_path / "t.zip")


@pytest.mark.parametrize(
    "name", ["t.csv", "t.tsv", "t.csv.gz", "t.parquet", "t.feather", "t.jsonl"]
)
def test_a_table_is_written_and_read_back_by_its_suffix(name, tmp_path):
    table = pd.DataFrame({"prediction": [0.1, 1 / 3], "class": ["a, b", "c"]})
    check_output(tmp_path / name, overwrite=False)
    write_table(table, tmp_path / name)
    again = read_table(tmp_path / name)
    # pandas writes ten digits to JSON.
    np.testing.assert_allclose(again["prediction"], table["prediction"], rtol=1e-9)
    assert again["class"].tolist() == table["class"].tolist()
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_an_unknown_suffix_is_rejected_before_anything_is_written(tmp_path):
    with pytest.raises(ValueError, match=r"p.doc must end in one of .csv, .tsv, .parquet"):
        check_output(tmp_path / "p.doc", overwrite=False)


def test_excel_is_read_with_its_types_and_mixed_cells(tmp_path):
    pytest.importorskip("openpyxl")
    path = tmp_path / "t.xlsx"
    table = pd.DataFrame(
        {
            "name": ["Anna", "Ben", "Cleo", "Dan"],
            "x": [1.5, "?", 3, 4],
            "day": pd.date_range("2024-01-01", periods=4),
            "n": [1, 2, 3, None],
        }
    )
    table.to_excel(path, index=False)
    read = read_table(path)
    assert read["x"].dtype == np.float64
    assert read["x"].isna().tolist() == [False, True, False, False]
    assert [dtype.kind for dtype in read.dtypes[2:]] == ["M", "f"]


def test_a_list_of_json_objects_is_a_table(tmp_path):
    (tmp_path / "t.json").write_text('[{"a": 1, "b": "x"}, {"a": 2, "b": null}]')
    assert read_table(tmp_path / "t.json")["a"].tolist() == [1, 2]


def test_standard_input_is_read(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(gzip.compress(CSV))))
    assert read_table("-")["x"].tolist() == [1.5, 2.5]


def test_a_column_of_lists_is_rejected_in_a_line_that_names_it(tmp_path):
    table = pa.table({"x": [1, 2], "tags": [["a"], ["b", "c"]]})
    parquet.write_table(table, tmp_path / "t.parquet")
    frame = read_table(tmp_path / "t.parquet")
    with pytest.raises(TableError, match=r"column 'tags' holds lists such as .*drop 'tags'"):
        check_table(frame)
    check_table(frame.drop(columns="tags"))


def test_an_index_written_by_pandas_is_not_a_column(tmp_path):
    pd.DataFrame({"x": [1, 2]}, index=[5, 6]).to_parquet(tmp_path / "t.parquet")
    assert list(read_table(tmp_path / "t.parquet")) == ["x"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("t.parquet", b"PAR1nonsense", "no Parquet file that can be read"),
        ("t.parquet", b"", "is empty"),
        ("t.feather", b"ARROW1nonsense", "no Feather file that can be read"),
        ("t.jsonl", b'{"a": 1}\n{"a": ', "no JSON file that can be read"),
        ("t.json", b"[1, 2]", "something other than objects"),
        ("t.json", b"[" * 100_000, "nested too deeply"),
        ("t.xlsx", b"PK\x03\x04nonsense", "no Excel file that can be read|zip archive and damaged"),
        ("t.xls", b"\xd0\xcf\x11\xe0", "format before 2007: save it as .xlsx"),
        ("t.sav", b"$FL2", "pandas.read_spss and DataFrame.to_parquet"),
        ("t.db", b"SQLite format 3\0", "pandas.read_sql"),
    ],
)
def test_a_file_without_a_table_is_rejected_by_name(name, content, message, tmp_path):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(TableError, match=rf"{name}.*({message})"):
        read_table(tmp_path / name)


def test_a_name_that_is_not_utf8_is_rejected(tmp_path):
    parquet.write_table(pa.table({"abcdefgh": [1, 2]}), tmp_path / "t.parquet")
    content = (tmp_path / "t.parquet").read_bytes().replace(b"abcdefgh", b"abcd\xff\xfegh")
    (tmp_path / "t.parquet").write_bytes(content)
    with pytest.raises(TableError, match=r"t.parquet"):
        read_table(tmp_path / "t.parquet")


def test_a_url_is_rejected_with_the_command_to_download_it():
    with pytest.raises(FileNotFoundError, match=r"curl -L -o table.csv https://example.org/t.csv"):
        read_table("https:/example.org/t.csv")


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"separator": "ab"}, "--sep must be one character"),
        ({"decimal": "x"}, "--decimal must be '.' or ','"),
        ({"encoding": "utf-99"}, "--encoding 'utf-99' is not a known encoding"),
        ({"encoding": "base64"}, "--encoding 'base64' is not a known encoding"),
    ],
)
def test_an_option_out_of_range_is_rejected_by_name(option, message):
    with pytest.raises(ValueError, match=message):
        ReadingOptions(**option)


@pytest.mark.parametrize("ending", ["csv", "parquet", "jsonl", "xlsx"])
def test_booleans_and_marks_are_read_alike_in_every_format(tmp_path, ending):
    if ending == "xlsx":
        pytest.importorskip("openpyxl")
    texts = ["TRUE", "FALSE", "TRUE"] * 3
    notes = ["N/A", "a", "b"] * 3
    frame = pd.DataFrame({"flag": texts, "gaps": ["true", "N/A", "false"] * 3, "note": notes})
    path = tmp_path / f"t.{ending}"
    {
        "csv": lambda: frame.to_csv(path, index=False),
        "parquet": lambda: frame.to_parquet(path),
        "jsonl": lambda: frame.to_json(path, orient="records", lines=True),
        "xlsx": lambda: frame.to_excel(path, index=False),
    }[ending]()
    table = read_table(path)
    assert table["flag"].tolist() == [True, False, True] * 3
    assert table["gaps"].isna().tolist() == [False, True, False] * 3
    assert table["gaps"].dropna().tolist() == [True, False] * 3
    assert table["note"].isna().tolist() == [True, False, False] * 3
