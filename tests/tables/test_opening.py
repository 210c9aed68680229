"""Paths, patterns and lists that `lamina.tables.open` receives."""

import pytest

pytest.importorskip("pyarrow")

import pyarrow as pa
from pyarrow import parquet

import lamina.tables
from lamina.errors import TableError


@pytest.fixture
def folder(tmp_path):
    for name in ("a", "b"):
        parquet.write_table(pa.table({"x": [1]}), tmp_path / f"{name}.parquet")
    (tmp_path / "c.csv").write_text("x\n1\n")
    return tmp_path


def test_a_pattern_without_files_is_an_error_that_lists_the_folder(folder):
    with pytest.raises(FileNotFoundError, match=r"no file matches .*\.pq'. The folder .* holds a"):
        lamina.tables.open(folder / "*.pq")
    with pytest.raises(FileNotFoundError, match="There is no folder"):
        lamina.tables.open(folder / "nowhere" / "*.pq")


def test_a_file_of_another_format_is_refused(folder):
    (folder / "d.tex").write_text("x")
    with pytest.raises(TableError, match=r"must end in one of \.parquet"):
        lamina.tables.open(folder / "d.tex")


def test_a_name_with_brackets_is_a_file_before_it_is_a_pattern(folder):
    path = folder / "[1].parquet"
    parquet.write_table(pa.table({"x": [7]}), path)
    assert lamina.tables.open(path).files == (str(path),)


def test_a_list_of_paths_keeps_its_order_and_names_no_file_twice(folder):
    paths = [folder / "b.parquet", str(folder / "a.parquet")]
    assert lamina.tables.open(paths).files == tuple(map(str, paths))
    with pytest.raises(TableError, match="is named twice"):
        lamina.tables.open([*paths, folder / "*.parquet"])
    with pytest.raises(TableError, match="the list is empty"):
        lamina.tables.open([])


def test_a_url_and_a_misspelt_name_are_errors_with_a_cure(folder):
    with pytest.raises(FileNotFoundError, match="is a URL"):
        lamina.tables.open("s3://bucket/*.parquet")
    with pytest.raises(FileNotFoundError, match=r"Did you mean 'a\.parquet'"):
        lamina.tables.open(folder / "a.parqet")


@pytest.mark.parametrize("rows", [0, -1, 1.5, True])
def test_batches_have_at_least_one_row(folder, rows):
    with pytest.raises((ValueError, TypeError), match="rows_per_batch must be"):
        lamina.tables.open(folder / "a.parquet", rows_per_batch=rows)
