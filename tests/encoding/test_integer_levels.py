"""Integers with few distinct values are categories as well."""

from __future__ import annotations

import numpy as np
import pytest

from lamina.encoding import TableEncoding
from lamina.encoding.feature_columns import columns_of_features

pd = pytest.importorskip("pandas")


def rooms(n=60):
    """Return columns of integers with few and with many values, with a missing one, and others."""
    i = np.arange(n)
    return pd.DataFrame(
        {
            "rooms": np.where(i == 7, np.nan, i % 5),
            "size": i % 20,
            "half": (i % 5) / 2,
            "flag": i % 2 == 0,
            "day": pd.Timestamp("2024-01-01") + pd.to_timedelta(i % 4, "D"),
            "rare": np.where(i == 3, 9, i % 3),
        }
    )


def test_a_column_of_few_integers_has_its_values_as_categories_too():
    table = rooms()
    plain = TableEncoding().fit(table)
    encoding = TableEncoding(integer_categories=8).fit(table)
    assert plain.levels_ == {}
    assert encoding.levels_ == {"rooms": [0, 1, 2, 3, 4], "rare": [0, 1, 2]}
    names = encoding.get_feature_names_out().tolist()
    assert len(names) == len(columns_of_features(encoding)) == encoding.transform(table).shape[1]
    matrix = pd.DataFrame(encoding.transform(table), columns=names)
    assert matrix["rooms=3"].tolist() == (table["rooms"] == 3).astype(float).tolist()
    pd.testing.assert_frame_equal(
        matrix[plain.get_feature_names_out()],
        pd.DataFrame(plain.transform(table), columns=plain.get_feature_names_out()),
    )
    assert "a 0/1 column for each of 5 integers" in encoding.report_[0]["action"]


def test_column_types_and_many_values_prevent_categories():
    table = rooms()
    chosen = TableEncoding(integer_categories=8, column_types={"rooms": "number"}).fit(table)
    assert list(chosen.levels_) == ["rare"]
    assert TableEncoding(integer_categories=3).fit(table).levels_ == {}
    assert "size" in TableEncoding(integer_categories=20).fit(table).levels_


def test_levels_are_saved_with_the_encoding_and_unseen_ones_are_0():
    table = rooms()
    encoding = TableEncoding(integer_categories=8).fit(table)
    again = TableEncoding.from_plain(encoding.to_plain())
    new = table.assign(rooms=[7.5, np.nan, 2, 99] * 15)
    np.testing.assert_array_equal(again.transform(new), encoding.transform(new))
    at = encoding.get_feature_names_out().tolist().index("rooms=0")
    sums = encoding.transform(new)[:4, at : at + 5].sum(axis=1)
    assert sums.tolist() == [0, 0, 1, 0]


@pytest.mark.parametrize("levels", [{"day": [1.0]}, {"no": [1.0]}, {"rooms": ["1"]}])
def test_levels_without_a_column_of_numbers_are_rejected(levels):
    plain = TableEncoding().fit(rooms()).to_plain() | {"levels": levels}
    with pytest.raises((ValueError, TypeError)):
        TableEncoding.from_plain(plain)
