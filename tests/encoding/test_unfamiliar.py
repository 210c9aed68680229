"""Values of a later table that training lacked."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from lamina.encoding import TableEncoding

N_ROWS = 40


def table() -> pd.DataFrame:
    """Return numbers, zip codes, a category with a rare value, and a column with missing values."""
    rows = np.arange(N_ROWS)
    frame = pd.DataFrame(
        {
            "fraction": rows * 100.0 / (N_ROWS - 1),
            "zip": np.where(rows % 2, "01067", "20095"),
            "region": np.where(rows % 3, "North", "South"),
            "gaps": np.where(rows % 5, rows * 1.5, np.nan),
        }
    )
    frame.loc[7, "region"] = "West"
    return frame


def found_in(later: pd.DataFrame) -> dict[str, str]:
    encoding = TableEncoding(column_types={"zip": "text"}).fit(table())
    loaded = TableEncoding.from_plain(encoding.to_plain())
    found = encoding.find_unfamiliar(later)
    assert loaded.find_unfamiliar(later) == found
    return {each.column: each.remark for each in found}


def test_the_training_table_with_its_rare_categories_has_nothing_unfamiliar():
    assert found_in(table()) == {}


@pytest.mark.parametrize(
    ("column", "value", "remark"),
    [
        ("region", "NORTH", "1 of 40 cells of 'region' are unknown to the model, e.g. 'NORTH' in "
         "row 3; training has 'North'"),
        ("region", "Nort", "'Nort' in row 3; the nearest known value is 'North'"),
        ("zip", "1067", "'1067' in row 3; training has '01067': the leading zeros were lost"),
        ("zip", None, "column 'zip' has no value in 1 of 40 rows, the first in row 3; training had "
         "no missing value, so the model uses no category"),
        ("fraction", None, "so the model uses the median of training"),
        ("fraction", 201.0, "column 'fraction' is far outside its training range 0 to 100 in 1 "
         "of 40 rows, e.g. 201 in row 3"),
        ("fraction", -101.0, "e.g. -101 in row 3"),
    ],
)  # fmt: skip
def test_a_value_that_training_lacked_is_reported_with_its_row(column, value, remark):
    later = table()
    later.loc[2, column] = value
    found = found_in(later)
    assert list(found) == [column]
    assert remark in found[column]


def test_a_column_without_any_value_is_reported():
    assert found_in(table().assign(gaps=None)) == {"gaps": "column 'gaps' has no value in any row"}


def test_a_value_beyond_the_range_by_less_than_its_width_is_familiar():
    assert found_in(table().assign(fraction=199.0)) == {}


def test_a_file_of_an_earlier_version_gives_only_certain_remarks():
    plain = TableEncoding(column_types={"zip": "text"}).fit(table()).to_plain()
    del plain["rare"], plain["ranges"]
    loaded = TableEncoding.from_plain(plain)
    assert loaded.find_unfamiliar(table().assign(fraction=999.0)) == []
    [found] = loaded.find_unfamiliar(table().assign(region="East"))
    assert (found.kind, found.n_rows, found.value) == ("unknown", N_ROWS, "East")
