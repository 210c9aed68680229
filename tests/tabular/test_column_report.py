"""`report_` describes the inputs computed from each column."""

import numpy as np
import pandas as pd
import pytest

from lamina.encoding import TableEncoding
from lamina.tabular.column_report import report_inputs
from lamina.tabular.inputs import MOST_ONE_HOT


@pytest.mark.parametrize(
    ("n_categories", "action"),
    [
        (3, "a 0/1 column for each of 3 categories"),
        (10, "a 0/1 column for each of 10 categories"),
        (11, "the target's mean and a 0/1 column for each of 11 categories"),
        (MOST_ONE_HOT, "the target's mean and a 0/1 column for each of 24 categories"),
        (
            300,
            "the target's mean for each of 300 categories, a 0/1 column for the 24 most frequent",
        ),
    ],
)
def test_categories_are_reported_by_their_number(n_categories, action):
    codes = np.arange(900) % n_categories
    table = pd.DataFrame({"x": np.arange(900.0) ** 2, "shop": [f"s{i}" for i in codes]})
    records = report_inputs(TableEncoding().fit(table))
    assert records[1]["action"] == action
    assert records[1]["n_distinct"] == n_categories


def test_numbers_and_dates_are_scaled_and_spread_and_gaps_have_a_flag():
    table = pd.DataFrame(
        {
            "size": [1.5, None, 2.0, 4.5],
            "day": pd.date_range("2024-01-01", periods=4),
            "unit": ["m"] * 4,
        }
    )
    actions = [record["action"] for record in report_inputs(TableEncoding().fit(table))]
    assert actions == [
        "scaled and spread over bins, with a 0/1 column for missing values",
        "days since 1970, scaled and spread over bins, and weekday",
        "left out: it is 'm' in every row",
    ]
