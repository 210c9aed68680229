"""The kind of a column, and its values as an array."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from lamina.encoding.columns import categories, dates, find_kind, frequent, numbers
from lamina.errors import TableError


@pytest.mark.parametrize(
    ("values", "dtype", "kind"),
    [
        ([1, 2], "int64", "number"),
        ([1, None], "Int64", "number"),
        ([1.5, None], "float32", "number"),
        ([True, False], "bool", "number"),
        ([True, None], "boolean", "number"),
        ([True, None], object, "number"),
        ([Decimal("1.5"), None], object, "number"),
        (["a", None], None, "category"),
        (["a", "b"], "category", "category"),
        ([3, 4], "category", "category"),
        (["a", 1], object, "category"),
        (["2020-01-01", None], "datetime64[ns]", "date"),
        (["2020-01-01", None], "datetime64[s, UTC]", "date"),
        ([date(2020, 1, 1), None], object, "date"),
        (["1h", None], "timedelta64[ns]", "number"),
        ([timedelta(hours=1), None], object, "number"),
        ([np.timedelta64(1, "h"), pd.Timedelta("1s"), pd.NaT], object, "number"),
        ([timedelta(hours=1), 5], object, "category"),
        ([np.timedelta64(1, "h"), 5], object, "category"),
        ([1, None], "int64[pyarrow]", "number"),
        (["a", None], "string[pyarrow]", "category"),
        ([time(6, 30), None], object, "number"),
        ([time(6, 30), None], "time64[us][pyarrow]", "number"),
        (["2024-01", None], "period[M]", "date"),
        ([pd.Period("2024-01", "M"), None], object, "date"),
        ([date(1, 1, 1), None], object, "date"),
    ],
)
def test_the_kind_of_a_column_follows_from_its_dtype_or_values(values, dtype, kind):
    assert find_kind("c", pd.Series(values, dtype=dtype)) == kind


@pytest.mark.parametrize("dtype", ["bool", "int8", "Int64", "boolean", "float32", "int64[pyarrow]"])
def test_numbers_are_float64_whatever_their_dtype(dtype):
    read = numbers("c", pd.Series([0, 1, 1], dtype=dtype))
    assert read.dtype == np.float64
    assert read.tolist() == [0.0, 1.0, 1.0]


@pytest.mark.parametrize("dtype", ["Int64", "boolean", "float64", "int64[pyarrow]", object])
def test_a_missing_number_is_nan(dtype):
    read = numbers("c", pd.Series([1, None], dtype=dtype))
    assert read[0] == 1.0
    assert np.isnan(read[1])


def test_a_duration_is_a_number_of_seconds():
    assert numbers("c", pd.Series(pd.to_timedelta(["1min", "2h"]))).tolist() == [60.0, 7200.0]


@pytest.mark.parametrize("unit", ["us", "ms", "s", "m", "h", "D"])
def test_a_duration_as_an_object_is_the_same_number_of_seconds(unit):
    durations = pd.Series(np.array([1, 90, "NaT", -3], dtype=f"timedelta64[{unit}]"))
    expected = numbers("c", durations)
    in_numpy = durations.to_numpy().astype(f"timedelta64[{unit}]")
    for values in (
        list(durations),
        list(in_numpy),
        [*pd.to_timedelta(durations).array.to_pytimedelta()],
    ):
        column = pd.Series(values, dtype=object)
        assert type(column.iloc[0]) is type(values[0])
        assert find_kind("c", column) == "number"
        # pandas rounds the seconds of a negative timedelta64.
        np.testing.assert_allclose(numbers("c", column), expected, rtol=1e-10)


def test_a_duration_without_a_fixed_length_is_refused():
    column = pd.Series([np.timedelta64(1, "M")], dtype=object)
    with pytest.raises(TableError, match="column 'c' holds 1 months in row 1, where a number is"):
        numbers("c", column)


def test_a_moment_is_a_number_of_days_since_1970_in_utc():
    read = dates("c", pd.Series(pd.to_datetime(["1970-01-02 12:00", None])))
    assert read[0] == 1.5
    assert np.isnan(read[1])
    assert dates("c", pd.Series(pd.to_datetime(["1970-01-01T02:00+02:00"]))).tolist() == [0.0]
    assert dates("c", pd.Series([date(1970, 1, 3), None], dtype=object))[0] == 2.0


def test_moments_may_be_iso_texts_or_all_missing():
    assert dates("c", pd.Series(["1970-01-02", "1970-01-01T06:00"])).tolist() == [1.0, 0.25]
    assert np.isnan(dates("c", pd.Series([None, None], dtype="float64"))).all()


def test_a_category_is_its_text_and_a_whole_float_the_text_of_the_integer():
    read = categories("c", pd.Series(["a", 2.0, 2.5, None, True, date(2020, 1, 1)], dtype=object))
    assert read.tolist() == ["a", "2", "2.5", None, "True", "2020-01-01"]


def test_frequent_categories_are_sorted_and_a_missing_value_comes_last():
    values = np.array(["b", "a", None, "b", "c", "a"], dtype=object)
    assert frequent(values, at_least=2, at_most=10) == ["a", "b", None]


def test_the_most_frequent_categories_are_kept_if_there_are_too_many():
    values = np.array([*"aab", *"bbc", *"cd", None], dtype=object)
    assert frequent(values, at_least=1, at_most=3) == ["a", "b", None]


def test_a_word_among_numbers_is_named_with_its_row():
    with pytest.raises(TableError, match=r"column 'age' holds 'old' in row 3, where a number"):
        numbers("age", pd.Series(["1", "2", "old"]))


def test_a_date_is_not_a_number_and_a_number_is_not_a_date():
    with pytest.raises(TableError, match=r"holds 20.* in row 1, where a number"):
        numbers("c", pd.Series(pd.to_datetime(["2020-01-01"])))
    with pytest.raises(TableError, match=r"column 'day' holds .*5.* in row 1, where a date"):
        dates("day", pd.Series([5.0]))
    with pytest.raises(TableError, match=r"column 'day' holds 'soon' in row 2, where a date"):
        dates("day", pd.Series(["2020-01-01", "soon"]))


def test_infinity_is_named_with_its_row():
    with pytest.raises(TableError, match=r"column 'c' holds infinity in row 2"):
        numbers("c", pd.Series([1.0, -np.inf]))


def test_a_column_without_any_value_is_rejected():
    with pytest.raises(TableError, match=r"column 'c' has no value in any of its 2 rows: leave it"):
        find_kind("c", pd.Series([None, None], dtype=object))


@pytest.mark.parametrize("dtype", [object, "time64[us][pyarrow]"])
def test_a_time_of_day_is_hours_since_midnight(dtype):
    read = numbers("c", pd.Series([time(18, 30), time(0, 0, 36), None], dtype=dtype))
    np.testing.assert_array_equal(read, [18.5, 0.01, np.nan])


@pytest.mark.parametrize("dtype", [object, "period[D]"])
def test_a_period_is_read_as_its_start(dtype):
    periods = pd.Series([pd.Period("1970-01-03", "D"), pd.NaT], dtype=dtype)
    np.testing.assert_array_equal(dates("c", periods), [2.0, np.nan])


@pytest.mark.parametrize(
    "value",
    [
        date(1, 1, 1),
        date(1600, 2, 29),
        date(9999, 12, 31),
        datetime(1600, 1, 1, 12),
        datetime(3000, 1, 1, tzinfo=UTC),
        pd.Timestamp("1500-01-01"),
        np.datetime64("1600-01-01", "s"),
    ],
)
def test_any_date_of_the_calendar_is_read(value):
    read = dates("c", pd.Series([value, None, value]))
    days = np.datetime64(value.replace(tzinfo=None) if hasattr(value, "tzinfo") else value, "us")
    expected = (days - np.datetime64(0, "us")) / np.timedelta64(1, "D")
    np.testing.assert_array_equal(read, [expected, np.nan, expected])
