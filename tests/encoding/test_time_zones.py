"""Times with and without a time zone are not mixed up."""

import re

import numpy as np
import pandas as pd
import pytest

from lamina.encoding import TableEncoding
from lamina.encoding.time_zones import find_zone, zone_name
from lamina.errors import TableError
from lamina.tables.reading import read_table

DAYS = pd.date_range("2024-01-01 09:30", periods=12, freq="D")
ZONED = {
    "dtype": DAYS.tz_localize("Europe/Rome"),
    "other zone": DAYS.tz_localize("US/Pacific"),
    "text Z": DAYS.strftime("%Y-%m-%dT%H:%M:%SZ"),
    "text offset": DAYS.strftime("%Y-%m-%d %H:%M+02:00"),
    "text +hhmm": DAYS.strftime("%Y-%m-%d %H:%M:%S+0530"),
    "text +hh": DAYS.strftime("%Y-%m-%d %H:%M:%S.123-05"),
    "text day first": DAYS.strftime("%d.%m.%Y %H:%M UTC"),
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
    "midnights": DAYS.normalize(),
    "date text": DAYS.strftime("%Y-%m-%d"),
    "german": DAYS.strftime("%d.%m.%Y"),
    "date objects": pd.Series([day.date() for day in DAYS], dtype=object),
    "arrow dates": pd.Series(DAYS).astype("date32[pyarrow]"),
    "periods": pd.Series(DAYS.to_period("D")),
}
UNZONED |= DATES_ONLY


def table(days):
    return pd.DataFrame({"day": days, "x": range(12)})


@pytest.mark.parametrize("days", ZONED.values(), ids=ZONED)
def test_times_with_a_zone_are_recognised(days):
    assert find_zone(table(days)["day"]) is True


@pytest.mark.parametrize("days", UNZONED.values(), ids=UNZONED)
def test_times_without_a_zone_are_recognised(days):
    assert find_zone(table(days)["day"]) is False


@pytest.mark.parametrize("days", UNZONED.values(), ids=UNZONED)
@pytest.mark.parametrize("learned", ZONED.values(), ids=ZONED)
def test_a_new_table_without_the_time_zone_of_training_is_refused(learned, days):
    encoding = TableEncoding().fit(table(learned))
    with pytest.raises(TableError, match=r"'day' has .* in row 1, .* dates of training have one"):
        encoding.transform(table(days))


@pytest.mark.parametrize("days", ZONED.values(), ids=ZONED)
@pytest.mark.parametrize("learned", UNZONED.values(), ids=UNZONED)
def test_a_new_table_with_a_time_zone_that_training_lacked_is_refused(learned, days):
    encoding = TableEncoding().fit(table(learned))
    with pytest.raises(TableError, match=r"'day' has .* in row 1, .* training have none: convert"):
        encoding.transform(table(days))


@pytest.mark.parametrize("learned", [ZONED["objects"], UNZONED["objects"]], ids=["zone", "none"])
def test_each_cell_is_judged_and_the_first_of_the_other_kind_is_named(learned):
    encoding = TableEncoding().fit(table(learned))
    new = table(learned)
    others = ZONED if find_zone(new["day"]) is False else UNZONED
    for row, value in enumerate(others["objects"]):
        mixed = new.copy()
        mixed.loc[row, "day"] = value
        with pytest.raises(
            TableError, match=f"'day' has '{re.escape(str(value))}' in row {row + 1}"
        ):
            encoding.transform(mixed)


def test_midnights_with_a_zone_are_not_read_in_utc_by_a_model_of_dates():
    # In UTC, a midnight of Rome is a time of the day before.
    encoding = TableEncoding().fit(table(DATES_ONLY["date text"]))
    with pytest.raises(TableError, match=r"'2024-01-01 00:00:00\+01:00' in row 1, .* time zone"):
        encoding.transform(table(DAYS.normalize().tz_localize("Europe/Rome")))


def test_an_array_of_dates_is_judged_like_a_table():
    encoding = TableEncoding().fit(table(UNZONED["objects"]).to_numpy(dtype=object))
    new = table(ZONED["objects"])
    for rows in (new.to_numpy(dtype=object), new.set_axis(["x0", "x1"], axis=1)):
        with pytest.raises(TableError, match=r"column 'x0' has .* in row 1, which has a time zone"):
            encoding.transform(rows)


def test_the_message_names_the_first_row_with_a_time():
    encoding = TableEncoding().fit(table(ZONED["dtype"]))
    new = table(UNZONED["dtype"])
    new.loc[:2, "day"] = pd.NaT
    with pytest.raises(TableError, match="'2024-01-04 09:30:00' in row 4"):
        encoding.transform(new)


@pytest.mark.parametrize(
    ("learned", "cure"),
    [
        ("dtype", r"\.tz_localize\('Europe/Rome'\)$"),
        ("arrow", r"\.tz_localize\('UTC'\)$"),
        ("text Z", r"\.tz_localize\('UTC'\) if they are in UTC$"),
        ("objects", r"\.tz_localize\('UTC'\) if they are in UTC$"),
    ],
)
def test_the_message_names_the_zone_of_training_and_no_invented_one(learned, cure):
    encoding = TableEncoding().fit(table(ZONED[learned]))
    for fitted in (encoding, TableEncoding.from_plain(encoding.to_plain())):
        with pytest.raises(TableError, match=cure):
            fitted.transform(table(UNZONED["dtype"]))


def test_the_name_of_a_zone_is_that_of_the_dtype():
    assert zone_name(table(ZONED["dtype"])["day"]) == "Europe/Rome"
    assert zone_name(table(ZONED["objects"])["day"]) is None
    assert zone_name(table(UNZONED["dtype"])["day"]) is None
    path = pd.Series(DAYS.tz_localize("dateutil/Europe/Rome"))
    assert zone_name(path) is None


def test_other_zones_and_missing_dates_are_accepted():
    encoding = TableEncoding().fit(table(ZONED["dtype"]))
    assert encoding.transform(table(ZONED["other zone"])).shape[0] == 12
    assert encoding.transform(table([pd.NaT] * 12)).shape[0] == 12
    marked = [*ZONED["text Z"][:11], "?"]
    assert encoding.transform(table(marked)).shape[0] == 12


@pytest.mark.parametrize("others", [UNZONED["text"], DATES_ONLY["date text"]], ids=["time", "date"])
def test_a_training_column_with_both_kinds_accepts_both_with_a_remark(others):
    mixed = [*ZONED["text Z"][:6], *others[6:]]
    encoding = TableEncoding().fit(table(mixed))
    assert "day" not in encoding.zoned_
    assert encoding.report_[0]["remarks"] == [
        "column 'day' has dates with a time zone, and others without one such as "
        f"{others[6]!r} in row 7 (and 5 more): those are read as UTC"
    ]
    for days in (mixed, UNZONED["dtype"], ZONED["dtype"], DATES_ONLY["date objects"]):
        assert encoding.transform(table(days)).shape[0] == 12


@pytest.mark.parametrize("days", (ZONED | UNZONED).values(), ids=ZONED | UNZONED)
def test_a_training_table_is_accepted_again_without_a_remark(days):
    encoding = TableEncoding().fit(table(days))
    assert encoding.transform(table(days)).shape[0] == 12
    assert encoding.report_[0]["remarks"] == []


def test_the_time_zone_is_kept_in_plain_values_and_absent_in_older_ones():
    encoding = TableEncoding().fit(table(ZONED["dtype"]))
    plain = encoding.to_plain()
    with pytest.raises(TableError, match="dates of training have one"):
        TableEncoding.from_plain(plain).transform(table(UNZONED["dtype"]))
    del plain["time_zones"]
    with pytest.raises(TableError, match=r"tz_localize\('UTC'\) if"):
        TableEncoding.from_plain(plain).transform(table(UNZONED["dtype"]))
    del plain["zoned"]
    assert TableEncoding.from_plain(plain).transform(table(UNZONED["dtype"])).shape[0] == 12


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


def write_and_read(folder, days):
    path = folder / "table.csv"
    table(days).to_csv(path, index=False)
    return read_table(path)


@pytest.mark.parametrize("notation", ["text Z", "text offset", "text +hh", "text day first"])
@pytest.mark.parametrize("mark", [None, "?"])
def test_a_file_keeps_time_zones_in_every_notation(tmp_path, notation, mark):
    days = list(ZONED[notation])
    days[3] = mark or days[3]
    read = write_and_read(tmp_path, days)
    assert find_zone(read["day"]) is True
    encoding = TableEncoding().fit(read)
    assert encoding.transform(write_and_read(tmp_path, ZONED["text Z"])).shape[0] == 12
    with pytest.raises(TableError, match="in row 1 of the file, which has no time zone"):
        encoding.transform(write_and_read(tmp_path, UNZONED["text"]))


@pytest.mark.parametrize("row", [0, 5, 11])
def test_one_cell_of_a_file_with_another_kind_of_time_is_named(tmp_path, row):
    zoned, unzoned = list(ZONED["text Z"]), list(UNZONED["text"])
    for learned, other in ((zoned, unzoned), (unzoned, zoned)):
        encoding = TableEncoding().fit(write_and_read(tmp_path, learned))
        mixed = [*learned[:row], other[row], *learned[row + 1 :]]
        read = write_and_read(tmp_path, mixed)
        with pytest.raises(TableError, match=rf"'day' has .* in row {row + 1} of the file, which"):
            encoding.transform(read)
        fitted = TableEncoding().fit(read)
        assert "'day' has dates with a time zone, and others" in fitted.report_[0]["remarks"][-1]
        as_texts = TableEncoding().fit(table(mixed)).transform(table(mixed))
        np.testing.assert_array_equal(fitted.transform(read), as_texts)
