"""The encoding that all recipes share, fitted to a source of batches as to a table in memory."""

from dataclasses import fields
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("pyarrow")

import lamina.tables
from lamina.tables.reading import read_table
from lamina.tabular.inputs import TableInputs

TABLES = Path(__file__).parents[2] / ".." / "shared" / "tables"
COLUMNS_OF_PARTS = ("numbers", "parts", "texts", "categories")


def assert_same_tables(one, other):
    for field in fields(one):
        np.testing.assert_array_equal(getattr(one, field.name), getattr(other, field.name))


def assert_same_inputs(path, column_types=None, rows_per_batch=97):
    frame = read_table(path)
    source = lamina.tables.open(path, rows_per_batch=rows_per_batch)
    inputs, expected = TableInputs(column_types), TableInputs(column_types)
    encoded = inputs.fit_encode(source)
    assert_same_tables(encoded, expected.fit_encode(frame))
    assert_same_tables(inputs.encode(source), encoded)
    assert inputs.coded_columns_ == expected.coded_columns_
    for part in COLUMNS_OF_PARTS:
        np.testing.assert_array_equal(
            getattr(inputs.columns_of_parts(), part), getattr(expected.columns_of_parts(), part)
        )


def test_a_source_is_encoded_as_the_table_in_memory(tmp_path):
    rng = np.random.default_rng(0)
    n = 500
    frame = pd.DataFrame(
        {
            "x": rng.normal(size=n),
            "day": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, n), "D"),
            "city": rng.choice([f"city {i}" for i in range(30)], n),
            "grade": rng.choice(["A", "B", None], n),
            "job": [f"{a} {b}" for a, b in rng.choice(["senior", "clerk", "night"], (n, 2))],
            "open": rng.choice(["true", "FALSE"], n),
        }
    )
    frame.loc[::7, "x"] = np.nan
    frame.to_parquet(tmp_path / "table.parquet")
    assert_same_inputs(tmp_path / "table.parquet")


@pytest.mark.parametrize("name", ["churn", "storms", "salaries"])
def test_a_source_of_a_real_table_is_encoded_as_in_memory(name):
    path = TABLES / f"{name}.parquet"
    if not path.exists():
        pytest.skip("the shared tables are absent")
    assert_same_inputs(path, rows_per_batch=3000)
