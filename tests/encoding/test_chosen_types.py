"""A type in column_types that the values cannot have is refused, never ignored."""

import datetime

import numpy as np
import pandas as pd
import pytest

from lamina.encoding import TableEncoding
from lamina.errors import TableError
from lamina.tables.options import ReadingOptions
from lamina.tables.reading import read_table

DAYS = pd.date_range("2024-01-01", periods=4)
NUMBERS = {
    "int": [20240131, 20240201, 20240202, 20240203],
    "float": [20240131.0, None, 20240202.0, 20240203.0],
    "bool": [True, False, True, True],
    "duration": DAYS - DAYS[0],
    "objects": pd.Series([1, 2.5, 3, None], dtype=object),
    "arrow": pd.Series([1, 2, 3, 4], dtype="int64[pyarrow]"),
    "times": [datetime.time(6, 30), datetime.time(7), datetime.time(8), datetime.time(9)],
}
DATES = {
    "naive": DAYS,
    "zoned": DAYS.tz_localize("Europe/Rome"),
    "objects": pd.Series([day.date() for day in DAYS], dtype=object),
    "periods": DAYS.to_period("D"),
}
CATEGORIES = {
    "dtype": pd.Series(["1", "2", "3", "1"], dtype="category"),
    "mixture": pd.Series([1, "2", "x", 3], dtype=object),
}
WORDS = {"words": ["red", "blue", "red", None], "marks too": ["?", "red", "n/a", "blue"]}


def fit(values, chosen):
    table = pd.DataFrame({"d": values, "x": range(4)})
    return TableEncoding(column_types={"d": chosen}).fit(table)


@pytest.mark.parametrize("values", NUMBERS.values(), ids=NUMBERS)
def test_numbers_declared_as_dates_are_refused(values):
    with pytest.raises(
        TableError,
        match=r"column 'd' is declared a date by column_types=\{'d': 'date'\}, but holds numbers "
        r"such as .* in row 1: convert it with pandas\.to_datetime\(table\['d'\], format='%Y%m%d'"
        r"\), or leave the type out",
    ):
        fit(values, "date")


@pytest.mark.parametrize("values", DATES.values(), ids=DATES)
def test_dates_declared_as_numbers_are_refused(values):
    with pytest.raises(
        TableError,
        match=r"'d' is declared a number by .*, but holds dates such as 2024-01-01.* in row 1: "
        r"convert it with .*, or leave the type out",
    ):
        fit(values, "number")


@pytest.mark.parametrize("chosen", ["number", "date"])
@pytest.mark.parametrize("values", CATEGORIES.values(), ids=CATEGORIES)
def test_categories_declared_as_numbers_or_dates_are_refused(values, chosen):
    with pytest.raises(TableError, match=r"but holds categories such as .*\.astype\(str\), or"):
        fit(values, chosen)


@pytest.mark.parametrize("values", CATEGORIES.values(), ids=CATEGORIES)
def test_the_cure_for_categories_declared_as_numbers_works(values):
    assert fit(values.astype(str), "number").kinds_["d"] == "number"


@pytest.mark.parametrize("chosen", ["number", "date"])
@pytest.mark.parametrize("values", WORDS.values(), ids=WORDS)
def test_words_declared_as_numbers_or_dates_are_refused(values, chosen):
    with pytest.raises(
        TableError,
        match=rf"declared a {chosen} by .*, but none of its cells is a {chosen}: it holds 'red' in "
        rf"row \d \(and \d more\); write each {chosen} like .*, or leave the type out",
    ):
        fit(values, chosen)


@pytest.mark.parametrize(
    ("values", "chosen"),
    [
        *((values, "number") for values in NUMBERS.values()),
        *((values, "date") for values in DATES.values()),
        (["1", "red", "blue", None], "number"),
        (["2024-01-31", "red", "blue", "?"], "date"),
    ],
)
def test_a_type_that_the_values_have_is_accepted(values, chosen):
    assert fit(values, chosen).kinds_["d"] == chosen


@pytest.mark.parametrize("values", [[None] * 4, ["?", "n/a", None, "?"]], ids=["none", "marks"])
def test_a_column_without_a_value_is_left_out_with_any_type(values):
    assert "d" in fit(pd.Series(values, dtype=object), "number").left_out_


@pytest.mark.parametrize("values", [*NUMBERS.values(), *DATES.values()])
@pytest.mark.parametrize("chosen", ["category", "text"])
def test_all_values_can_be_categories(values, chosen):
    assert fit(values, chosen).kinds_["d"] == "category"


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_file_with_numbers_declared_as_dates_is_refused(tmp_path, suffix):
    path = tmp_path / f"table{suffix}"
    table = pd.DataFrame({"d": NUMBERS["int"], "x": range(4)})
    table.to_csv(path, index=False) if suffix == ".csv" else table.to_parquet(path)
    with pytest.raises(TableError, match=r"'d' is declared a date by .*20240131.* row 1 of the fi"):
        read_table(path, ReadingOptions(types={"d": "date"}))


def array_of_texts():
    """Return numbers, dates with the day first, and whole numbers, as texts in an object array."""
    days = pd.date_range("2024-01-20", periods=20).strftime("%d.%m.%Y")
    numbers = [f"{i},5" if i % 6 else "?" for i in range(20)]
    return np.array([numbers, list(days), [i % 3 for i in range(20)]], dtype=object).T


CHOSEN = {"x0": "number", "x1": "date", "x2": "category"}


def test_chosen_types_of_an_array_are_those_of_its_frame():
    array = array_of_texts()
    frame = pd.DataFrame(array, columns=list(CHOSEN))
    of_array = TableEncoding(column_types=CHOSEN, min_frequency=1).fit(array)
    of_frame = TableEncoding(column_types=CHOSEN, min_frequency=1).fit(frame)
    assert of_array.kinds_ == CHOSEN
    expected = of_frame.transform(frame)
    np.testing.assert_array_equal(of_array.transform(array), expected)
    np.testing.assert_array_equal(of_array.transform(frame), expected)
    with pytest.warns(UserWarning, match="fitted without feature names"):
        renamed = of_array.transform(frame.set_axis(["a", "b", "c"], axis=1))
    np.testing.assert_array_equal(renamed, expected)
    restored = TableEncoding.from_plain(of_array.to_plain())
    np.testing.assert_array_equal(restored.transform(array[3:5]), expected[3:5])


def test_texts_of_an_array_without_chosen_types_remain_texts():
    assert set(TableEncoding().fit(array_of_texts()[:, :2]).kinds_.values()) == {"category"}


def test_a_chosen_type_of_a_column_that_the_array_lacks_is_refused():
    with pytest.raises(TableError, match=r"names a column 'x3', which the table does not have"):
        TableEncoding(column_types={"x3": "number"}).fit(array_of_texts())
    with pytest.raises(TableError, match=r"column 'x2' is declared a date by column_types"):
        TableEncoding(column_types={"x2": "date"}).fit(array_of_texts())
