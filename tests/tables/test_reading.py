"""Tables from files: types of columns, and every kind of broken file."""

import gzip

import pandas as pd
import pytest

pytest.importorskip("pyarrow")

from lamina.encoding.understanding import understand
from lamina.errors import TableError
from lamina.tables.options import ReadingOptions
from lamina.tables.reading import read_table


@pytest.fixture
def written(tmp_path):
    """Return a function that writes content to a file and returns its path."""

    def write(content, name="table.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def test_columns_get_the_type_that_all_their_values_have(written):
    table = read_table(written("i,f,b,d,t\n1,1.5,true,2020-01-31,x\n2,,false,2020-02-01,NA\n"))
    assert [dtype.kind for dtype in table.dtypes] == ["i", "f", "b", "M", "O"]
    assert table["f"].isna().tolist() == [False, True]
    assert table["t"].isna().tolist() == [False, True]


def test_quotes_separators_and_line_breaks_in_cells_are_kept(written):
    table = read_table(written('name,n\n"a, ""b""",1\n"two\nlines",2\n'))
    assert table["name"].tolist() == ['a, "b"', "two\nlines"]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_detected_in_the_header(written, separator):
    header = separator.join(["a", '"b, c; d"', "é"])
    table = read_table(written(f"{header}\n{separator.join('123')}\n"))
    assert table.columns.tolist() == ["a", "b, c; d", "é"]
    assert table.iloc[0].tolist() == [1, 2, 3]


def test_a_byte_order_mark_blank_lines_and_spaces_around_names_are_ignored(written):
    table = read_table(written(b"\xef\xbb\xbf\n a , b\n\n1,2\n\n"))
    assert table.columns.tolist() == ["a", "b"]
    assert len(table) == 1


def test_an_unnamed_first_column_holds_row_numbers_and_is_left_out(written):
    assert read_table(written(",a\n0,5\n1,6\n")).columns.tolist() == ["a"]


def test_columns_declared_as_text_are_read_verbatim(written):
    types = {"code": "text"}
    table = read_table(written("code,n\n1.50,1\n10,2\n"), ReadingOptions(types=types))
    assert table["code"].tolist() == ["1.50", "10"]


def test_a_compressed_file_is_read(written):
    assert read_table(written(gzip.compress(b"a,b\n1,2\n"), "t.csv.gz"))["b"].tolist() == [2]


def test_a_type_that_changes_far_down_the_file_is_detected(written):
    table = read_table(written("a\n" + "1\n" * 200_000 + "x\n"))
    assert table["a"].iloc[[0, -1]].tolist() == ["1", "x"]


def test_parquet_is_recognised_by_its_suffix_or_its_first_bytes(tmp_path):
    frame = pd.DataFrame({"a": [1, 2], "é": ["x", None]})
    for name in ("t.parquet", "t.data"):
        frame.to_parquet(tmp_path / name)
        assert read_table(tmp_path / name)["a"].tolist() == [1, 2]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a,b,c\n1,2,3\n4,5\n", r"line 3 has 2 fields, but the header has 3: '4,5'"),
        ("a,b\n1,2\n3,4,5\n", r"line 3 has 3 fields, but the header has 2: '3,4,5'"),
        ('a,b\n"1,2\n', r"line 2 has 1 field, but"),
        ("", r"table.csv is empty"),
        ("\n\n \n", r"table.csv is empty"),
        ("a,b\n", r"table.csv has no rows below its header"),
        ("a,a\n1,2\n", r"two columns named 'a': rename one"),
        (bytes(range(256)), r"table.csv is not a text file"),
        (b"\x89PNG\r\n\x1a\n\xff\xfe", r"table.csv is not a text file"),
        (b"a,b\n1,\x81\n", r"table.csv is no UTF-8 text \(byte 0x81 in line 2\): .* --encoding"),
    ],
    ids=lambda value: None if isinstance(value, str) else "bytes",
)
def test_a_broken_csv_file_is_rejected_with_its_fault(written, content, message):
    with pytest.raises(TableError, match=message):
        read_table(written(content))


def test_windows_text_is_read_with_a_remark(written):
    table = read_table(written(b"a,b\n" + b"1,x\n" * 300_000 + "1,é\n".encode("latin-1")))
    assert table["b"].iloc[-1] == "é"
    (remark,) = understand(table).file_remarks
    assert "is no UTF-8 text (byte 0xe9 in line 300002) and is read as Windows-1252" in remark


def test_a_character_split_at_the_end_of_the_first_part_is_no_error(written):
    for shift in range(3):
        header = "a" * shift + "é" * (1 << 15)
        assert read_table(written(f"{header},b\n1,2\n")).shape == (1, 2)


def test_a_broken_parquet_file_is_rejected(written):
    with pytest.raises(TableError, match=r"t.parquet is no Parquet file that can be read"):
        read_table(written(b"PAR1nonsense", "t.parquet"))


def test_a_missing_file_is_rejected_with_the_nearest_name_in_its_folder(written, tmp_path):
    written("a\n1\n", "houses.csv")
    with pytest.raises(
        FileNotFoundError, match=r"house.csv: no such file. Did you mean 'houses.csv'"
    ):
        read_table(tmp_path / "house.csv")


def test_a_folder_is_not_a_table(tmp_path):
    with pytest.raises(IsADirectoryError, match="is a folder: name a table's file in it"):
        read_table(tmp_path)
