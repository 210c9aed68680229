"""Text columns with more distinct cells than are counted: numbers, dates, frequent words."""

import numpy as np
import pyarrow as pa
import pytest

pytest.importorskip("pandas")

from lamina.encoding import TableEncoding
from lamina.encoding.batches import Batch
from lamina.encoding.statistics import TableStatistics, text_column
from lamina.errors import TableError
from lamina.tables.sources.parquet import ParquetSource

MOST = 50


@pytest.fixture(autouse=True)
def few_texts(monkeypatch):
    """Count only few distinct cells exactly."""
    monkeypatch.setattr(text_column.TextColumn.__init__, "__defaults__", (MOST,))


def fit(cells, n_parts=1, **parameters):
    """Fit an encoding to a column 'x' of texts in batches of 40 rows, merged from parts."""
    schema = pa.schema([("x", pa.string()), ("y", pa.float64())])
    source = ParquetSource(schema=schema)
    parts = [
        TableStatistics(source, column_types=parameters.get("column_types")) for _ in range(n_parts)
    ]
    for part in parts:
        part.stream()
    starts = range(0, len(cells), 40)
    for i, start in enumerate(starts):
        texts = cells[start : start + 40]
        rows = pa.RecordBatch.from_pydict({"x": texts, "y": np.arange(len(texts)) * 1.0}, schema)
        parts[i * n_parts // len(starts)].add(Batch(rows, start + 1, "a.parquet", 0))
    for later in parts[1:]:
        parts[0].merge(later)
    return parts[0].fit(TableEncoding(**parameters))


@pytest.mark.parametrize("n_parts", [1, 2, 4])
def test_many_numbers_are_read_in_the_form_of_the_first_ones(n_parts):
    values = np.random.default_rng(0).permutation(600) + 0.5
    cells = [f"${value:,.2f}" for value in values * 10]
    cells[123], cells[500] = "?", None
    encoding = fit(cells, n_parts)
    assert encoding.kinds_["x"] == "number"
    assert encoding.forms_["x"].number.thousands == ","
    present = np.delete(values * 10, [123, 500])
    assert encoding.imputer_.statistics_[0] == np.median(present)
    imputed = np.append(present, [np.median(present)] * 2)
    np.testing.assert_allclose(encoding.scaler_.mean_[0], imputed.mean())
    np.testing.assert_allclose(encoding.scaler_.var_[0], imputed.var())
    assert encoding.report_[0]["n_missing"] == 2
    assert "'?' in row 124 of a.parquet: read as missing" in encoding.report_[0]["remarks"][0]


@pytest.mark.parametrize("n_parts", [1, 3])
def test_many_dates_are_read_in_the_form_of_the_first_ones(n_parts):
    days = np.datetime64("2020-01-01") + np.arange(300)
    cells = [f"{day.item():%d.%m.%Y}" for day in days]
    encoding = fit(cells, n_parts)
    assert encoding.kinds_["x"] == "date"
    assert encoding.zoned_ == {"x": False}
    assert encoding.calendar_["x"] == ["weekday", "month"]
    assert encoding.ranges_["x"] == (18262.0, 18561.0)


def test_numbers_that_turn_to_many_words_are_an_error_with_the_row():
    cells = [f"{i}.5" for i in range(200)] + [f"word {i}" for i in range(100)]
    match = r"'x' holds 'word 0' in row 201 of a.parquet.*where a number is expected.*column_types"
    with pytest.raises(TableError, match=match):
        fit(cells)
    encoding = fit(cells, column_types={"x": "category"}, min_frequency=1)
    assert encoding.kinds_["x"] == "category"


@pytest.mark.parametrize("n_parts", [1, 2, 4])
def test_of_too_many_words_the_frequent_ones_have_columns(n_parts):
    rng = np.random.default_rng(1)
    cells = [f"word {i}" for i in range(800)] + ["Rome"] * 300 + ["Oslo"] * 200 + [None] * 10
    rng.shuffle(cells)
    encoding = fit(cells, n_parts)
    assert {"Rome", "Oslo", None} <= set(encoding.categories_["x"])
    assert len(encoding.categories_["x"]) <= MOST + 1
    record = encoding.report_[0]
    assert record["n_missing"] == 10
    assert abs(record["n_distinct"] - 802) < 40
    assert "too many to count each" in record["remarks"][-1]
    assert "x" not in encoding.rare_
