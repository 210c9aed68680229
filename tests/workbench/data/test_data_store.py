"""Data store: stored data is found again, and memory stays bounded."""

import pandas as pd
import pytest

from lamina.datasets import load
from lamina.errors import ExperimentError
from lamina.workbench.data.data_store import MemoryDataStore
from lamina.workbench.data.uploads import UploadedTable


def table(key, n_rows=100):
    return UploadedTable("t.csv", pd.DataFrame({"a": [1.0] * n_rows}), key)


def test_equal_data_is_stored_once():
    data_store = MemoryDataStore()
    iris, wine = load("iris"), load("wine")
    first, again, other = data_store.put(iris), data_store.put(load("iris")), data_store.put(wine)
    assert first == again != other
    assert data_store.find(other) is wine


def test_the_oldest_table_is_released_but_data_from_python_stays():
    data_store = MemoryDataStore(most_bytes=table("size").n_bytes * 2)
    from_python = data_store.put(load("digits"))
    released = [data_store.put_table(table(key)) for key in ("first", "second", "third")]
    assert released == [[], [], ["t.csv"]]
    with pytest.raises(ExperimentError, match="upload it again"):
        data_store.find_table("first")
    assert data_store.find_table("second").key == "second"
    assert data_store.find_table("third").key == "third"
    assert data_store.find(from_python).name == "digits"


def test_using_a_table_makes_it_the_latest():
    data_store = MemoryDataStore(most_bytes=table("size").n_bytes * 2)
    data_store.put_table(table("first"))
    data_store.put_table(table("second"))
    data_store.find_table("first")
    data_store.put_table(table("third"))
    assert data_store.find_table("first").key == "first"
    with pytest.raises(ExperimentError):
        data_store.find_table("second")


def test_a_table_above_the_limit_is_kept_while_it_is_the_latest():
    data_store = MemoryDataStore(most_bytes=1)
    data_store.put_table(table("large"))
    assert data_store.find_table("large").key == "large"


def test_tables_and_data_sets_are_not_interchangeable():
    data_store = MemoryDataStore()
    data_store.put_table(table("one"))
    with pytest.raises(ExperimentError, match=r"data\.kind='upload'"):
        data_store.find("one")
    with pytest.raises(ExperimentError, match=r"data\.kind='given'"):
        data_store.find_table(data_store.put(load("iris")))
