"""The shelf: what was brought along is found again, and does not fill the memory."""

import pandas as pd
import pytest

from lamina.datasets import load
from lamina.errors import ExperimentError
from lamina.workbench.shelf import MemoryShelf
from lamina.workbench.uploads import Table


def table(key, n_rows=100):
    return Table("t.csv", pd.DataFrame({"a": [1.0] * n_rows}), key)


def test_the_same_data_is_kept_once_and_other_data_beside_it():
    shelf = MemoryShelf()
    iris, wine = load("iris"), load("wine")
    first, again, other = shelf.put(iris), shelf.put(load("iris")), shelf.put(wine)
    assert first == again != other
    assert shelf.find(other) is wine


def test_the_oldest_table_goes_where_room_is_scarce_and_what_python_gave_stays():
    shelf = MemoryShelf(most_bytes=table("size").n_bytes * 2)
    given = shelf.put(load("digits"))
    released = [shelf.put_table(table(key)) for key in ("first", "second", "third")]
    assert released == [[], [], ["t.csv"]]
    with pytest.raises(ExperimentError, match="upload it again"):
        shelf.find_table("first")
    assert shelf.find_table("second").key == "second"
    assert shelf.find_table("third").key == "third"
    assert shelf.find(given).name == "digits"


def test_a_table_that_is_used_is_not_the_oldest():
    shelf = MemoryShelf(most_bytes=table("size").n_bytes * 2)
    shelf.put_table(table("first"))
    shelf.put_table(table("second"))
    shelf.find_table("first")
    shelf.put_table(table("third"))
    assert shelf.find_table("first").key == "first"
    with pytest.raises(ExperimentError):
        shelf.find_table("second")


def test_a_table_larger_than_all_room_is_kept_while_it_is_the_latest():
    shelf = MemoryShelf(most_bytes=1)
    shelf.put_table(table("large"))
    assert shelf.find_table("large").key == "large"


def test_a_table_is_no_data_set_and_a_data_set_no_table():
    shelf = MemoryShelf()
    shelf.put_table(table("one"))
    with pytest.raises(ExperimentError, match=r"data\.kind='upload'"):
        shelf.find("one")
    with pytest.raises(ExperimentError, match=r"data\.kind='given'"):
        shelf.find_table(shelf.put(load("iris")))
