"""Calendar parts of dates: quantities equal the standard library's, forms their definitions."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, strategies

from lamina.encoding import TableEncoding
from lamina.encoding.calendar import PARTS, QUANTITIES, calendar_columns, check_parts, varying_parts

pd = pytest.importorskip("pandas")

EXPECTED = {
    "weekday": lambda date: date.weekday(),
    "weekend": lambda date: float(date.weekday() in (5, 6)),
    "month": lambda date: date.month - 1,
    "day_of_month": lambda date: date.day - 1,
    "day_of_year": lambda date: date.timetuple().tm_yday - 1,
    "date_of_year": lambda date: 31 * (date.month - 1) + date.day - 1,
    "decade": lambda date: (date.year - 2000) / 10,
    "hour": lambda date: date.hour + date.minute / 60 + date.second / 3600,
    "whole_hour": lambda date: date.hour,
}


@pytest.mark.parametrize("name", QUANTITIES)
@given(date=strategies.datetimes().map(lambda date: date.replace(microsecond=0)))
def test_a_quantity_equals_that_of_the_standard_library(name, date):
    days = (date - datetime(1970, 1, 1)) / timedelta(days=1)
    [found, missing] = QUANTITIES[name](np.array([days, np.nan]))
    assert found == pytest.approx(EXPECTED[name](date), abs=1e-4)
    assert np.isnan(missing)


@pytest.mark.parametrize("name", PARTS)
def test_a_part_has_a_column_for_each_name_and_is_0_for_a_missing_date(name):
    columns = calendar_columns(np.array([0.0, 19_999.7, np.nan]), [name])
    assert columns.shape == (3, len(PARTS[name].suffixes))
    assert np.isfinite(columns).all()
    assert not columns[2].any()
    if PARTS[name].form == "one-hot":
        np.testing.assert_array_equal(columns.sum(axis=1), [1, 1, 0])


def test_chosen_parts_are_columns_of_the_table_and_saved_with_the_encoding():
    table = pd.DataFrame({"day": pd.date_range("2024-01-01", periods=60, freq="5h")})
    chosen = ["weekend", "hour_of_day", "year", "half_day"]
    encoding = TableEncoding(calendar_parts=chosen).fit(table)
    assert encoding.calendar_ == {"day": ["weekend", "hour_of_day", "half_day"]}
    names = encoding.get_feature_names_out().tolist()
    assert names[:4] == ["day", "day is at a weekend", "day is hour 0", "day is hour 1"]
    assert "weekend, hour of day and half day" in encoding.report_[0]["action"]
    again = TableEncoding.from_plain(encoding.to_plain())
    np.testing.assert_array_equal(again.transform(table), encoding.transform(table))


def test_days_of_the_year_have_columns_if_dates_cover_years_of_days():
    def parts(days):
        return varying_parts(np.asarray(days, dtype=np.float64), ["date_of_year"])

    assert parts(np.arange(1200)) == ["date_of_year"]
    assert parts(np.arange(0, 5000, 2)) == ["date_of_year"]
    assert parts(np.arange(900)) == []
    assert parts(np.arange(0, 5000, 30)) == []


def test_an_unknown_part_is_rejected_with_the_nearest_one():
    with pytest.raises(ValueError, match=r"got 'weekdays'. Did you mean 'weekday'"):
        check_parts(["weekdays"])
