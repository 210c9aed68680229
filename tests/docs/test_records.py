"""The tables of formulas on the site have every entry of every table."""

import pytest

pytest.importorskip("sphinx")

from docs.building.records import COLUMNS, rows_of
from docs.parameters import tables

pytestmark = pytest.mark.repository


@pytest.mark.parametrize("kind", tables())
def test_every_entry_has_its_row_with_every_column(kind):
    heading, *rows = rows_of(kind)
    assert [row[0] for row in rows] == [f"``{name}``" for name in tables()[kind]]
    assert {len(row) for row in rows} == {len(heading)} == {2 + len(COLUMNS.get(kind, {}))}
    assert all(cell for row in rows for cell in row)


def test_columns_belong_to_existing_tables():
    assert set(COLUMNS) <= set(tables())
