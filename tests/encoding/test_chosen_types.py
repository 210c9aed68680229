"""A type in column_types that the values cannot have is refused, never ignored."""

import datetime

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
