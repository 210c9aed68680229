"""Tables, data frames, datasets and batches of other libraries as sources, with the same rows."""

import importlib
import pickle
import sys

import pytest

pytest.importorskip("pyarrow")

import pandas as pd
import pyarrow as pa
from pyarrow import dataset as datasets
from pyarrow import parquet

import lamina.tables
from lamina.encoding import TableEncoding
from lamina.encoding.statistics import fit_encoding
from lamina.errors import TableError

COLUMNS = {"x": [1.5, 2.5, None, 4.5, 5.5], "city": ["Rome", "Oslo", None, "Rome", "Oslo"]}
ROWS = pa.table(COLUMNS).to_pylist()


def rows_of(source, columns=None):
    batches = list(source.batches(columns))
    ends = {}
    for batch in batches:
        # Rows count from 1 in each file.
        assert batch.first_row == ends.get(batch.file, 0) + 1
        ends[batch.file] = ends.get(batch.file, 0) + batch.n_rows
    return pa.Table.from_batches([batch.rows for batch in batches]).to_pylist()


def make_table(folder):
    return pa.table(COLUMNS)


def make_record_batch(folder):
    return pa.table(COLUMNS).to_batches()[0]


def make_pandas(folder):
    return pd.DataFrame(COLUMNS)


def make_polars(folder):
    return pytest.importorskip("polars").DataFrame(COLUMNS)


def make_lazy(folder):
    return make_polars(folder).lazy()


def make_dask(folder):
    frames = pytest.importorskip("dask.dataframe")
    return frames.from_pandas(pd.DataFrame(COLUMNS), npartitions=2)


def make_dataset(folder):
    for i in range(2):
        part = pa.table(COLUMNS).slice(3 * i, 3 - i)
        parquet.write_table(part, folder / f"{i}.parquet")
    return datasets.dataset(folder, format="parquet")


def make_feather_dataset(folder):
    datasets.write_dataset(pa.table(COLUMNS), folder, format="feather")
    return datasets.dataset(folder, format="feather")


def make_dataset_in_memory(folder):
    return datasets.dataset(pa.table(COLUMNS))


def make_list(folder):
    frame = pd.DataFrame(COLUMNS)
    return [frame.iloc[:2], frame.iloc[2:2], frame.iloc[2:]]


def make_function(folder):
    return lambda: iter(make_list(folder))


MAKERS = [value for name, value in list(globals().items()) if name.startswith("make_")]


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__[5:])
def test_every_kind_of_table_gives_its_rows_at_every_pass(tmp_path, make):
    source = lamina.tables.open(make(tmp_path), rows_per_batch=2)
    assert rows_of(source) == rows_of(source) == ROWS
    assert rows_of(source, ["city"]) == [{"city": row["city"]} for row in ROWS]
    assert source.n_rows in (None, 5)
    encoding = fit_encoding(TableEncoding(), source)
    assert encoding.get_feature_names_out().tolist() == [
        *("x", "x is missing", "city=Oslo", "city=Rome", "city is missing"),
    ]


@pytest.mark.parametrize("make", [make_pandas, make_list, make_dataset, make_lazy])
def test_sources_of_tables_can_be_pickled(tmp_path, make):
    source = lamina.tables.open(make(tmp_path))
    assert rows_of(pickle.loads(pickle.dumps(source))) == ROWS


def test_hive_partitions_are_columns_also_of_each_part(tmp_path):
    for year in (2023, 2024):
        folder = tmp_path / f"year={year}"
        folder.mkdir()
        parquet.write_table(pa.table({"x": [year - 2000]}), folder / "part-0.parquet")
        (folder / "_SUCCESS").touch()
    source = lamina.tables.open(tmp_path)
    assert rows_of(source) == [{"x": 23, "year": 2023}, {"x": 24, "year": 2024}]
    assert rows_of(source.parts()[1], ["year"]) == [{"year": 2024}]
    assert rows_of(pickle.loads(pickle.dumps(source)), ["year", "x"])[0] == {"year": 2023, "x": 23}
    dataset = datasets.dataset(tmp_path, partitioning="hive")
    assert rows_of(lamina.tables.open(dataset)) == rows_of(source)


def test_a_filtered_dataset_gives_the_rows_that_are_left(tmp_path):
    make_dataset(tmp_path)
    dataset = datasets.dataset(tmp_path).filter(datasets.field("x") > 2)
    source = lamina.tables.open(dataset)
    assert source.n_rows == 3
    assert [row["x"] for row in rows_of(source)] == [2.5, 4.5, 5.5]


def test_an_iterator_is_refused_with_the_cure():
    with pytest.raises(TypeError, match=r"gives its batches once.*give a function that makes"):
        lamina.tables.open(iter(make_list(None)))
    with pytest.raises(TypeError, match=r"a generator gives its batches once"):
        lamina.tables.open(frame for frame in make_list(None))


def test_a_function_that_returns_a_used_iterator_is_an_error_at_the_second_pass():
    used = iter(make_list(None) * 2)
    source = lamina.tables.open(lambda: used)
    list(source.batches())
    with pytest.raises(TableError, match="gives no rows at this pass"):
        list(source.batches())


@pytest.mark.parametrize("wrong", [7, {"x": [1]}, b"x", pd.Series([1]), None])
def test_other_objects_are_refused(wrong):
    with pytest.raises((TypeError, TableError)):
        lamina.tables.open(wrong)


def test_batches_of_other_columns_or_types_are_errors_with_their_number():
    frames = [pd.DataFrame({"x": [1]}), pd.DataFrame({"y": [1]})]
    source = lamina.tables.open(frames)
    with pytest.raises(TableError, match="batch 2 of the list has no column 'x'"):
        list(source.batches())
    source = lamina.tables.open([pd.DataFrame({"x": [1]}), pd.DataFrame({"x": ["a"]})])
    with pytest.raises(TableError, match=r"'x' is .*string \(text\) in batch 2 of the list, but"):
        list(source.batches())


def test_a_column_of_several_types_is_an_error_with_a_cure():
    with pytest.raises(TableError, match=r"cannot be read as columns of one type each.*astype"):
        lamina.tables.open(pd.DataFrame({"x": [1, "a", 2.5]}))


@pytest.mark.parametrize("empty", [pd.DataFrame({"x": []}), [], [pd.DataFrame({"x": []})]])
def test_a_table_without_rows_is_refused(empty):
    with pytest.raises(TableError, match=r"has no rows|list is empty"):
        lamina.tables.open(empty)


def test_a_data_frame_of_spark_is_collected_in_its_arrow_form():
    class Frame:
        def toArrow(self):
            return pa.table(COLUMNS)

    Frame.__module__ = "pyspark.sql.dataframe"
    assert rows_of(lamina.tables.open(Frame())) == ROWS
    Old = type("Frame", (), {"__module__": "pyspark.sql.dataframe"})
    with pytest.raises(TableError, match=r"frame\.write\.parquet"):
        lamina.tables.open(Old())


def test_opening_a_table_imports_no_other_library():
    for name in ("pyspark", "dask.dataframe"):
        if importlib.util.find_spec(name.partition(".")[0]) is None:
            assert name not in sys.modules
