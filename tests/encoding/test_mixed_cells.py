"""Marks such as '?' are missing in later tables as in training; other odd cells are errors."""

from __future__ import annotations

import numpy as np
import pytest

from lamina.encoding import TableEncoding
from lamina.encoding.file_rows import number_rows
from lamina.encoding.missing_marks import AMONG_NUMBERS
from lamina.errors import TableError

pd = pytest.importorskip("pandas")

N_ROWS = 60
MARKS = [mark for mark in sorted(AMONG_NUMBERS) if mark] + ["", " N/A ", "Unknown"]


def as_mixed(values, texts, dtype=object):
    """Return the values with some cells replaced by texts."""
    column = pd.Series(list(values), dtype=dtype)
    for row, text in texts.items():
        column[row] = text
    return column


NUMBERS = [i * 1.25 for i in range(N_ROWS)]
DAYS = list(pd.date_range("2024-01-01", periods=N_ROWS))
TRAINING = {
    "floats": pd.Series(NUMBERS),
    "whole numbers": pd.Series(range(N_ROWS)),
    "nullable numbers": pd.Series(range(N_ROWS), dtype="Int64"),
    "texts": pd.Series([f"{x:.2f}" for x in NUMBERS]),
    "texts with a mark": as_mixed([f"{x:.2f}" for x in NUMBERS], {7: "?"}),
    "numbers with a mark": as_mixed(NUMBERS, {7: "?", 9: "n/a"}),
    "dates": pd.Series(DAYS),
    "dates as text": pd.Series([f"{day:%Y-%m-%d}" for day in DAYS]),
    "dates with a mark": as_mixed(DAYS, {7: "unknown"}),
    "times of day": pd.Series([f"{i % 24}:30" for i in range(N_ROWS)]),
}


def table_of(column):
    return pd.DataFrame({"x": column, "other": np.arange(len(column)) ** 2.0})


@pytest.mark.parametrize("name", TRAINING)
def test_every_mark_of_training_is_missing_in_a_later_table(name):
    encoding = TableEncoding().fit(table_of(TRAINING[name]))
    assert encoding.kinds_["x"] != "category"
    missing = encoding.transform(table_of(pd.Series([None], dtype=object)))
    for mark in MARKS:
        alone = encoding.transform(table_of(pd.Series([mark], dtype=object)))
        np.testing.assert_array_equal(alone, missing, err_msg=mark)
    first = TRAINING[name].iloc[0]
    among = encoding.transform(table_of(pd.Series([first, "?"], dtype=object)))
    alone = encoding.transform(table_of(pd.Series([first], dtype=object)))
    np.testing.assert_array_equal(among[0], alone[0])


@pytest.mark.parametrize("name", TRAINING)
@pytest.mark.parametrize("among", [True, False], ids=["among others", "alone"])
def test_another_odd_cell_is_named_with_its_row_and_the_cure(name, among):
    encoding = TableEncoding().fit(table_of(TRAINING[name]))
    first = [TRAINING[name].iloc[0]] if among else []
    new = table_of(pd.Series([*first, "?", "<7"], dtype=object))
    cure = "correct the value, or leave the cell empty"
    with pytest.raises(TableError, match=f"'x' holds '<7' in row {len(new)}, where .*{cure}"):
        encoding.transform(new)
    number_rows(new)
    with pytest.raises(TableError, match=f"'<7' in row {len(new)} of the file"):
        encoding.transform(new)


def test_numbers_beside_texts_are_unchanged():
    """Check that a decimal comma of the texts does not turn 1.5 into 15."""
    written = [f"{x:.2f}".replace(".", ",") for x in NUMBERS]
    encoding = TableEncoding().fit(table_of(pd.Series(written)))
    assert encoding.forms_["x"].number.decimal == ","
    mixed = encoding.transform(table_of(pd.Series(["2,5", 2.5, "?"], dtype=object)))
    assert mixed[0, 0] == mixed[1, 0]


def test_marks_among_numbers_of_training_give_a_remark():
    encoding = TableEncoding().fit(table_of(TRAINING["numbers with a mark"]))
    [record] = [record for record in encoding.report_ if record["column"] == "x"]
    assert "'?' in row 8 (and 1 more): read as missing" in str(record["remarks"])


def test_numbers_among_other_texts_remain_categories():
    column = as_mixed(NUMBERS, {7: "?", 9: "many"})
    encoding = TableEncoding(min_frequency=1).fit(table_of(column))
    assert encoding.kinds_["x"] == "category"
    assert {"?", "many"} < set(encoding.categories_["x"])
