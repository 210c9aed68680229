"""Dates and times of day in the notations that people use."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamina.encoding.written_dates import find_date_order, has_zone, read_date, read_time_of_day

MOMENT = datetime(2024, 12, 31)


@pytest.mark.parametrize(
    "text",
    [
        *("2024-12-31", "2024/12/31", "2024.12.31", "31.12.2024", "31. 12. 2024", "31/12/2024"),
        *("31-12-2024", "31.12.24", "31-Dec-2024", "31 December 2024", "31-dec-24", "Dec 31, 2024"),
        *("December 31st, 2024", "31st Dec 2024", "Tue, 31 Dec 2024", "Tuesday, December 31, 2024"),
    ],
)
def test_a_date_is_read_in_every_notation(text):
    assert read_date(text) == MOMENT


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("31.12.2024 18:30", datetime(2024, 12, 31, 18, 30)),
        ("2024-12-31T18:30:05Z", datetime(2024, 12, 31, 18, 30, 5)),
        ("2024-12-31 18:30:05.250", datetime(2024, 12, 31, 18, 30, 5, 250_000)),
        ("2024-12-31 18:30+02:00", datetime(2024, 12, 31, 16, 30)),
        ("2024-12-31 18:30:05.25+00", datetime(2024, 12, 31, 18, 30, 5, 250_000)),
        ("2024-12-31 18:30:05-05", datetime(2024, 12, 31, 23, 30, 5)),
        ("2024-12-31 18:30 +05", datetime(2024, 12, 31, 13, 30)),
        ("2024-12-31 18:30+0530", datetime(2024, 12, 31, 13, 0)),
        ("2024-12-31 18:30-05:30", datetime(2025, 1, 1, 0, 0)),
        ("31/12/2024 6:30 pm", datetime(2024, 12, 31, 18, 30)),
        ("31/12/2024 12:30 a.m.", datetime(2024, 12, 31, 0, 30)),
        ("2024-12", datetime(2024, 12, 1)),
    ],
)
def test_a_date_may_have_a_time_and_a_zone(text, moment):
    assert read_date(text) == moment


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "2024",
            "20241231",
            "1.2",
            "30.02.2024",
            "2024-13-01",
            "1.2.3",
            "31.12.55",
            "Dec 2024",
        ),
        *("31-Dez-2024", "0000-00-00", "12/31/2024", "2024-12-31 25:00", "1.2.2024 13:00 pm"),
        *("9999-12-31 23:00-05:00", "x" * 1000),
    ],
)
def test_another_text_is_not_a_date(text):
    assert read_date(text) is None


@pytest.mark.parametrize(
    ("texts", "order", "is_doubtful"),
    [
        (["1/2/2024", "31/12/2024"], "day first", False),
        (["1/2/2024", "12/31/2024"], "month first", False),
        (["1.2.2024", "3.4.2024"], "day first", False),
        (["5/4/2024", "1/2/2024", "3/3/2024"], "month first", True),
        (["5-4-2024", "1-2-2024", "3-3-2024"], "day first", True),
        (["1/1/2024", "2/2/2024"], "month first", False),
        # These ascend with one order, and alternate with the other.
        (["1/11/2023", "2/11/2023", "1/12/2023", "2/12/2023"], "day first", False),
    ],
)
def test_the_order_of_day_and_month_is_determined_by_the_column(texts, order, is_doubtful):
    found, doubtful = find_date_order(texts)
    assert found == order
    assert (doubtful is not None) == is_doubtful


@given(st.datetimes(datetime(1970, 1, 1), datetime(2039, 12, 31)))
def test_every_day_is_read_back_in_either_order(moment):
    assert read_date(f"{moment:%d.%m.%Y %H:%M}") == moment.replace(second=0, microsecond=0)
    day = datetime(moment.year, moment.month, moment.day)
    assert read_date(f"{moment:%m/%d/%y}", "month first") == day


def test_a_time_of_day_is_a_number_of_hours():
    assert [read_time_of_day(text) for text in ("0:15", "18:30:36", "12:00 AM", "24:00", "9")] == [
        *(0.25, 18.51, 0.0, None, None)
    ]


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        *((f"2024-01-05 10:00{zone}", True) for zone in ("Z", " UTC", "+00", "-0530", "+05:30")),
        *((text, False) for text in ("2024-01-05", "05-01-24", "2024-01", "2024-01-05 10:00")),
        *((text, None) for text in ("?", "", "10:00-05", "2024-01-05+02", "2024-01-05 10:00+5")),
    ],
)
def test_only_a_time_of_a_date_has_a_zone(text, zone):
    assert has_zone(text) is zone
