"""Times with and without a time zone are not mixed up."""

import datetime

import pandas as pd
import pytest

from lamina.encoding import TableEncoding
from lamina.encoding.time_zones import find_zone
from lamina.errors import TableError

DAYS = pd.date_range("2024-01-01 09:30", periods=12, freq="D")
ZONED = {
    "dtype": DAYS.tz_localize("Europe/Rome"),
    "other zone": DAYS.tz_localize("US/Pacific"),
    "text Z": DAYS.strftime("%Y-%m-%dT%H:%M:%SZ"),
    "text offset": DAYS.strftime("%Y-%m-%d %H:%M+02:00"),
    "objects": pd.Series(list(DAYS.tz_localize("Europe/Rome").to_pydatetime()), dtype=object),
    "arrow": pd.Series(DAYS.tz_localize("UTC")).astype("timestamp[us, tz=UTC][pyarrow]"),
}
UNZONED = {
    "dtype": DAYS,
    "text": DAYS.strftime("%Y-%m-%d %H:%M"),
    "text month": DAYS.strftime("%d %b %Y %H:%M"),
    "objects": pd.Series(list(DAYS.to_pydatetime()), dtype=object),
    "arrow": pd.Series(DAYS).astype("timestamp[us][pyarrow]"),
}
DATES_ONLY = {
    "text": DAYS.strftime("%Y-%m-%d"),
    "german": DAYS.strftime("%d.%m.%Y"),
    "objects": pd.Series([day.date() for day in DAYS], dtype=object),
}


def table(days):
    return pd.DataFrame({"day": days, "x": range(12)})


@pytest.mark.parametrize("days", ZONED.values(), ids=ZONED)
def test_times_with_a_zone_are_recognised(days):
    assert find_zone(table(days)["day"]) is True


@pytest.mark.parametrize("days", UNZONED.values(), ids=UNZONED)
def test_times_without_a_zone_are_recognised(days):
    assert find_zone(table(days)["day"]) is False


@pytest.mark.parametrize("days", DATES_ONLY.values(), ids=DATES_ONLY)
def test_dates_without_a_time_of_day_fit_both(days):
    assert find_zone(table(days)["day"]) is None


@pytest.mark.parametrize("days", UNZONED.values(), ids=UNZONED)
@pytest.mark.parametrize("learned", ZONED.values(), ids=ZONED)
def test_a_new_table_without_the_time_zone_of_training_is_refused(learned, days):
    encoding = TableEncoding().fit(table(learned))
    with pytest.raises(TableError, match=r"'day' has .* in row 1, .* times of training have one"):
        encoding.transform(table(days))


@pytest.mark.parametrize("learned", UNZONED.values(), ids=UNZONED)
def test_a_new_table_with_a_time_zone_that_training_lacked_is_refused(learned):
    encoding = TableEncoding().fit(table(learned))
    with pytest.raises(TableError, match=r"'day' has .* in row 1, .* training have none: convert"):
        encoding.transform(table(ZONED["dtype"]))


def test_the_message_names_the_first_row_with_a_time():
    encoding = TableEncoding().fit(table(ZONED["dtype"]))
    new = table(UNZONED["dtype"])
    new.loc[:2, "day"] = pd.NaT
    with pytest.raises(TableError, match="'2024-01-04 09:30:00' in row 4"):
        encoding.transform(new)


def test_other_zones_dates_alone_and_missing_times_are_accepted():
    encoding = TableEncoding().fit(table(ZONED["dtype"]))
    assert encoding.transform(table(ZONED["other zone"])).shape[0] == 12
    assert encoding.transform(table(DATES_ONLY["text"])).shape[0] == 12
    assert encoding.transform(table([pd.NaT] * 12)).shape[0] == 12


def test_a_training_column_with_both_kinds_accepts_both():
    mixed = [*ZONED["text Z"][:6], *UNZONED["text"][6:]]
    encoding = TableEncoding().fit(table(mixed))
    assert "day" not in encoding.zoned_
    assert encoding.transform(table(UNZONED["dtype"])).shape[0] == 12


def test_the_time_zone_is_kept_in_plain_values_and_absent_in_older_ones():
    encoding = TableEncoding().fit(table(ZONED["dtype"]))
    plain = encoding.to_plain()
    with pytest.raises(TableError, match="times of training have one"):
        TableEncoding.from_plain(plain).transform(table(UNZONED["dtype"]))
    del plain["zoned"]
    assert TableEncoding.from_plain(plain).transform(table(UNZONED["dtype"])).shape[0] == 12


def test_a_day_as_a_python_date_has_no_zone():
    column = pd.Series([datetime.date(2024, 1, 1)], dtype=object)
    assert find_zone(column) is None


@pytest.mark.parametrize("value", ["b\ud800", "caf\udce9"])
def test_a_text_that_is_not_unicode_is_refused_with_its_row(value):
    texts = pd.Series(["a", "b"] * 6, dtype=object)
    good = pd.DataFrame({"c": texts, "x": range(12)})
    bad = good.copy()
    bad.loc[3, "c"] = value
    for refused in (TableEncoding().fit, TableEncoding().fit(good).transform):
        with pytest.raises(TableError, match=r"column 'c' holds '.*\\u.*' in row 4, which is not"):
            refused(bad)


def test_a_refused_number_or_date_is_shown_without_its_type():
    encoding = TableEncoding().fit(table(UNZONED["dtype"]))
    with pytest.raises(TableError, match="'day' holds 5 in row 1, where a date is expected"):
        encoding.transform(table(range(5, 17)))
