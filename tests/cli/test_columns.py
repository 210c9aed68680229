"""The list of columns that `lamina train` prints before a fit."""

import io
import warnings

import pandas as pd
import pytest
from rich.console import Console
from sklearn.exceptions import ConvergenceWarning

from lamina.cli.columns import MOST_COLUMNS, columns_of, show_columns
from lamina.cli.fitting import remarks_on_left_out
from lamina.cli.recipe import build_model
from lamina.errors import TableError


def printed(records):
    console = Console(file=io.StringIO(), width=120, markup=False, highlight=False)
    show_columns(console, records)
    return console.file.getvalue()


def test_each_column_has_a_line_with_its_kind_missing_values_and_use():
    table = pd.DataFrame({"[b]size": [1.5, None, 2.0, 2.5], "city": ["u", "v", "u", "v"]})
    lines = [" ".join(line.split()) for line in printed(columns_of(table)).splitlines()]
    assert "[b]size number 1 3 standardised, with a 0/1 column for missing values" in lines
    assert "city category 0 2 a 0/1 column for each of 2 categories" in lines


def test_a_wide_table_ends_with_a_count():
    table = pd.DataFrame({f"x{i}": [i, i + 1.5, 7.25 * i] for i in range(MOST_COLUMNS + 3)})
    assert printed(columns_of(table)).endswith("and 3 more columns\n")


def test_rows_that_cannot_be_encoded_are_rejected():
    with pytest.raises(TableError, match="infinity in row 2"):
        columns_of(pd.DataFrame({"x": [1.0, float("inf"), 2.0]}))


def test_a_left_out_column_is_mentioned_once():
    table = pd.DataFrame({"unit": ["m"] * 4, "x": [0.5, 1.5, 2.5, 4.0]})
    model = build_model("regression", {"max_iter": 1}, 0, table["x"].to_numpy())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(table, table["x"])
    remark = "column 'unit' is left out: it is 'm' in every row"
    assert remarks_on_left_out(model) == [remark]
    assert remarks_on_left_out(model, columns_of(table)) == []
    assert remarks_on_left_out(model, columns_of(table)[1:]) == [remark]
