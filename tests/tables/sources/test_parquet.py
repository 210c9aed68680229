"""Parquet files as a source: batches with their place, and every way in which files can differ."""

import pickle

import pytest

pytest.importorskip("pyarrow")

import pyarrow as pa
from pyarrow import parquet

import lamina.tables
from lamina.errors import TableError


@pytest.fixture
def write(tmp_path):
    """Return a function that writes columns to a file in row groups of two rows."""

    def write(name, **columns):
        path = tmp_path / name
        parquet.write_table(pa.table(columns), path, row_group_size=2)
        return path

    return write


def rows_of(source, columns=None):
    tables = [pa.Table.from_batches([batch.rows]) for batch in source.batches(columns)]
    return pa.concat_tables(tables).to_pylist()


def test_batches_name_their_file_row_group_and_first_row(write, tmp_path):
    write("a.parquet", x=[1, 2, 3, 4, 5])
    write("b.parquet", x=[6])
    source = lamina.tables.open(tmp_path / "*.parquet", rows_per_batch=1)
    places = [(b.file, b.row_group, b.first_row, b.rows["x"].to_pylist()) for b in source.batches()]
    a, b = (str(tmp_path / name) for name in ("a.parquet", "b.parquet"))
    assert places == [
        *((a, 0, 1, [1]), (a, 0, 2, [2]), (a, 1, 3, [3]), (a, 1, 4, [4]), (a, 2, 5, [5])),
        (b, 0, 1, [6]),
    ]
    assert source.n_rows == 6
    assert source.files == (a, b)


def test_a_source_is_read_again_and_in_another_process_alike(write, tmp_path):
    write("a.parquet", x=[1, 2, 3], t=["a", None, "c"])
    source = lamina.tables.open(tmp_path / "a.parquet")
    once = rows_of(source)
    assert rows_of(source) == once == rows_of(pickle.loads(pickle.dumps(source)))
    assert rows_of(source, ["t"]) == [{"t": "a"}, {"t": None}, {"t": "c"}]


def test_the_parts_of_a_source_hold_its_rows_in_order(write, tmp_path):
    for i in range(3):
        write(f"{i}.parquet", x=[i, i + 10])
    source = lamina.tables.open(str(tmp_path / "*.parquet"))
    parts = source.parts()
    assert [part.n_rows for part in parts] == [2, 2, 2]
    assert [row for part in parts for row in rows_of(part)] == rows_of(source)


def test_integers_floats_and_columns_without_values_have_a_common_type(write, tmp_path):
    write("a.parquet", x=pa.array([1, 2], pa.int32()), t=pa.array([None, None], pa.null()))
    write("b.parquet", t=["a", "b"], x=[0.5, 1.5])
    source = lamina.tables.open(tmp_path / "*.parquet")
    assert source.columns == {"x": pa.float64(), "t": pa.string()}
    assert rows_of(source)[::2] == [{"x": 1.0, "t": None}, {"x": 0.5, "t": "a"}]


def test_a_column_that_turns_to_text_in_file_7_is_an_error_with_both_files(write, tmp_path):
    for i in range(1, 10):
        write(f"{i}.parquet", x=["1"] if i == 7 else [1])
    with pytest.raises(TableError, match=r"'x' is string \(text\) in .*7\.parquet, but int64") as e:
        lamina.tables.open(tmp_path / "*.parquet")
    assert "1.parquet" in str(e.value)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"x": [1]}, r"b\.parquet has no column 'city', which .*a\.parquet has"),
        ({"x": [1], "City": ["a"]}, r"has no column 'city'.* Did you mean 'City'\?"),
        ({"x": [1], "city": ["a"], "z": [1]}, r"b\.parquet has a column 'z', which"),
    ],
)
def test_a_file_with_other_columns_is_an_error(write, tmp_path, columns, message):
    write("a.parquet", x=[1], city=["a"])
    write("b.parquet", **columns)
    with pytest.raises(TableError, match=message):
        lamina.tables.open(tmp_path / "*.parquet")


def test_a_corrupt_row_group_is_named(write, tmp_path):
    path = write("a.parquet", x=list(range(6)))
    column = parquet.ParquetFile(path).metadata.row_group(1).column(0)
    content = bytearray(path.read_bytes())
    # Damage every page of the second row group.
    start = column.dictionary_page_offset or column.data_page_offset
    content[start : start + column.total_compressed_size] = b"\xff" * column.total_compressed_size
    path.write_bytes(content)
    source = lamina.tables.open(path)
    with pytest.raises(TableError, match=r"a\.parquet, row group 1, is damaged or cut short"):
        rows_of(source)


def test_a_file_that_is_cut_short_or_empty_is_refused_by_name(write, tmp_path):
    write("a.parquet", x=[1])
    path = write("b.parquet", x=[1, 2, 3])
    for content in (path.read_bytes()[:-9], b"", b"x,y\n1,2\n"):
        path.write_bytes(content)
        with pytest.raises(TableError, match=r"b\.parquet is no Parquet file that can be read"):
            lamina.tables.open(tmp_path / "*.parquet")


def test_a_file_without_rows_is_skipped_with_a_remark(write, tmp_path):
    write("a.parquet", x=pa.array([], pa.null()))
    write("b.parquet", x=[1, 2])
    source = lamina.tables.open(tmp_path / "*.parquet")
    assert rows_of(source) == [{"x": 1}, {"x": 2}]
    assert source.remarks == (f"{tmp_path / 'a.parquet'} has no rows",)
    with pytest.raises(TableError, match="has no rows"):
        lamina.tables.open(tmp_path / "a.parquet")


def test_a_file_that_changes_between_two_passes_is_an_error(write, tmp_path):
    path = write("a.parquet", x=[1, 2])
    source = lamina.tables.open(path)
    rows_of(source)
    write("a.parquet", x=[1, 2, 3])
    with pytest.raises(TableError, match=r"a\.parquet has changed since it was opened"):
        rows_of(source)


def test_names_are_trimmed_row_labels_dropped_and_times_of_day_are_hours(tmp_path):
    pd = pytest.importorskip("pandas")
    from datetime import time

    frame = pd.DataFrame({" x ": [1, 2], "at": [time(6, 30), None]}, index=["a", "b"])
    frame.to_parquet(tmp_path / "a.parquet")
    source = lamina.tables.open(tmp_path / "a.parquet")
    assert rows_of(source) == [{"x": 1, "at": 6.5}, {"x": 2, "at": None}]


def test_a_column_that_the_source_lacks_is_named_with_the_nearest_match(write):
    source = lamina.tables.open(write("a.parquet", price=[1]))
    with pytest.raises(TableError, match=r"has no column 'prise'\. Did you mean 'price'"):
        next(source.batches(["prise"]))
