"""An encoding fitted in one pass over batches, beside the same one fitted in memory."""

import pickle
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("pyarrow")

import pyarrow as pa
from pyarrow import parquet

import lamina.tables
from lamina.encoding import TableEncoding
from lamina.encoding.batches import Batch
from lamina.encoding.statistics import TableStatistics, encode_batch, fit_encoding
from lamina.errors import TableError
from lamina.tables.reading import read_table
from lamina.tables.sources.parquet import ParquetSource

CELLS = {
    "number": st.one_of(st.none(), st.floats(-1e6, 1e6)),
    "integer": st.one_of(st.none(), st.integers(-5, 5)),
    "word": st.sampled_from(["Rome", "Oslo", "", "NA", None, "2", "2.0"]),
    "price": st.sampled_from(["$1,200", "$900", "?", "$850.50", None]),
    "day": st.sampled_from(["31.12.2024", "1.1.2025", None, "5.2.2025"]),
}


@st.composite
def tables(draw):
    """Draw a table with columns of all kinds, and positions at which it is split."""
    n_rows = draw(st.integers(1, 12))
    columns = {
        name: draw(st.lists(cells, min_size=n_rows, max_size=n_rows))
        for name, cells in CELLS.items()
    }
    columns["flag"] = [i % 2 == 0 for i in range(n_rows)]
    columns["row"] = list(range(n_rows))
    ends = sorted(draw(st.sets(st.integers(1, n_rows - 1), max_size=4))) if n_rows > 1 else []
    schema = {
        **dict.fromkeys(("word", "price", "day"), pa.string()),
        "number": pa.float64(),
        "integer": pa.int64(),
        "flag": pa.bool_(),
        "row": pa.int64(),
    }
    table = pa.table({name: pa.array(columns[name], kind) for name, kind in schema.items()})
    return table, [0, *ends, n_rows]


def batches_of(table, ends, file="table.parquet"):
    for start, end in pairwise(ends):
        rows = table.slice(start, end - start).combine_chunks().to_batches()[0]
        yield Batch(rows, start + 1, file)


def assert_same(encoding, expected):
    """Compare all fitted state, and so every bit of a matrix."""
    plain, expected = encoding.to_plain(), expected.to_plain()
    np.testing.assert_equal(plain, expected)


def fitted_or_refused(fit, argument):
    try:
        return fit(argument)
    except TableError as error:
        return str(error)


@settings(deadline=None, max_examples=40)
@given(tables(), st.integers(0, 4))
def test_any_split_in_batches_gives_the_encoding_in_memory_bit_by_bit(tmp_path_factory, drawn, cut):
    table, ends = drawn
    path = tmp_path_factory.mktemp("split") / "table.parquet"
    parquet.write_table(table, path)
    source = ParquetSource(schema=table.schema)
    parts = [TableStatistics(source), TableStatistics(source)]
    batches = list(batches_of(table, ends))
    for i, batch in enumerate(batches):
        parts[i >= cut].add(batch)
    parts[0].merge(pickle.loads(pickle.dumps(parts[1])))
    frame = read_table(path)
    expected = fitted_or_refused(TableEncoding(min_frequency=1).fit, frame)
    if isinstance(expected, str):
        assert fitted_or_refused(parts[0].fit, TableEncoding(min_frequency=1)) == expected
        return
    encoding = parts[0].fit(TableEncoding(min_frequency=1))
    assert_same(encoding, expected)
    encoded = np.concatenate([encode_batch(encoding, batch) for batch in batches])
    raw = table.to_pandas()
    np.testing.assert_array_equal(encoded, expected.transform(raw).astype(np.float32))


def test_rows_of_several_files_are_named_in_remarks_and_errors(tmp_path):
    for name, price in (("a", "12 %"), ("b", "x")):
        table = pa.table({"price": ["10 %", "11 %", price, "13 %"] * 10, "x": range(40)})
        parquet.write_table(table.slice(0, 5 if name == "b" else 40), tmp_path / f"{name}.parquet")
    source = lamina.tables.open(tmp_path / "*.parquet")
    encoding = fit_encoding(TableEncoding(), source)
    [remark] = [r for record in encoding.report_ for r in record["remarks"] if "'x'" in r]
    assert remark == (
        f"column 'price' holds numbers, except 'x' in row 3 of {tmp_path / 'b.parquet'}: "
        "read as missing"
    )
    encoding = fit_encoding(TableEncoding(), source.parts()[0])
    batches = list(source.batches())
    assert encode_batch(encoding, batches[0]).dtype == np.float32
    place = r"b\.parquet, row group 0: column 'price' holds 'x' in row 3 of the file"
    with pytest.raises(TableError, match=place):
        encode_batch(encoding, batches[1])


def test_row_numbers_are_found_although_rows_were_left_out(tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"n": range(1, 41), "x": rng.normal(size=40)})
    frame.to_parquet(tmp_path / "a.parquet")
    source = lamina.tables.open(tmp_path / "a.parquet", rows_per_batch=7)
    statistics = TableStatistics(source)
    for batch in source.batches():
        statistics.add(batch.select(rng.random(batch.n_rows) < 0.6))
    assert statistics.fit(TableEncoding()).left_out_ == {"n": "it numbers the rows"}


def test_statistics_of_other_columns_and_of_no_rows_are_errors():
    x, y = (ParquetSource(schema=pa.schema([(name, pa.int64())])) for name in "xy")
    with pytest.raises(ValueError, match="different columns cannot be merged"):
        TableStatistics(x).merge(TableStatistics(y))
    with pytest.raises(TableError, match="the table has no rows"):
        TableStatistics(x).fit(TableEncoding())


def assert_close(encoding, expected):
    """Compare all fitted state; numbers may differ by rounding, and names of rows."""
    plain, expected = encoding.to_plain(), expected.to_plain()
    numbers, report = plain.pop("numbers"), plain.pop("report")
    expected_numbers, expected_report = expected.pop("numbers"), expected.pop("report")
    np.testing.assert_equal(plain, expected)
    for record, other in zip(report, expected_report, strict=True):
        assert record | {"remarks": 0} == other | {"remarks": 0}
        assert len(record["remarks"]) == len(other["remarks"])
    if numbers is None:
        assert expected_numbers is None
        return
    for key, value in expected_numbers.items():
        np.testing.assert_allclose(numbers[key], value, rtol=1e-9, atol=1e-9, err_msg=key)


@settings(deadline=None, max_examples=40)
@given(tables(), st.integers(0, 4))
def test_a_stream_gives_the_encoding_in_memory_up_to_rounding(tmp_path_factory, drawn, cut):
    table, ends = drawn
    path = tmp_path_factory.mktemp("stream") / "table.parquet"
    parquet.write_table(table, path)
    source = lamina.tables.open(path)
    parts = [TableStatistics(source), TableStatistics(source)]
    for part in parts:
        part.stream()
    for i, batch in enumerate(batches_of(table, ends)):
        parts[i >= cut].add(batch)
    later = pickle.loads(pickle.dumps(parts[1]))
    parts[0].merge(later)
    assert not parts[0].is_exact
    expected = fitted_or_refused(TableEncoding(min_frequency=1).fit, read_table(path))
    found = fitted_or_refused(parts[0].fit, TableEncoding(min_frequency=1))
    if isinstance(expected, str):
        assert found == expected
    else:
        assert_close(found, expected)


def stream(frame, tmp_path, n_parts=2, **parameters):
    """Return the encodings of a frame by a stream of merged parts, and by rows kept in memory."""
    path = tmp_path / "table.parquet"
    frame.to_parquet(path, index=False)
    source = lamina.tables.open(path, rows_per_batch=len(frame) // 7 + 1)
    types = parameters.get("column_types")
    parts = [TableStatistics(source, column_types=types) for _ in range(n_parts)]
    for part in parts:
        part.stream()
    for i, batch in enumerate(source.batches()):
        parts[i * n_parts // 7].add(batch)
    for later in parts[1:]:
        parts[0].merge(later)
    kept = fit_encoding(TableEncoding(**parameters), source)
    if not types:
        assert_same(kept, TableEncoding(**parameters).fit(read_table(path)))
    return parts[0].fit(TableEncoding(**parameters)), kept


def frame_of_all_kinds():
    rng = np.random.default_rng(0)
    n = 700
    days = pd.Timestamp("2019-01-01") + pd.to_timedelta(rng.integers(0, 2000 * 24, n), "h")
    frame = pd.DataFrame(
        {
            "row": np.arange(1, n + 1),
            "customer_id": rng.permutation(n),
            "x": rng.normal(size=n),
            "rooms": rng.integers(1, 9, n),
            "day": days,
            "zoned": days.tz_localize("Europe/Rome", ambiguous=True, nonexistent="shift_forward"),
            "written": [f"{day:%d.%m.%Y}" for day in days],
            "price": [f"${x:,.2f}" for x in rng.exponential(2000, n)],
            "city": rng.choice(["Rome", "Oslo", "Bonn", "NA", None], n),
            "level": pd.Categorical(rng.choice(["low", "high", "n/a"], n)),
            "code": [f"{x:05d}" for x in rng.integers(0, 300, n)],
            "yes": rng.choice(["true", "False", None], n),
            "title": [f"{a} {b}" for a, b in rng.choice(["senior", "junior", "chief"], (n, 2))],
            "same": 1.5,
            "nothing": pd.array([None] * n, "Float64"),
            "single": [None] * (n - 1) + ["x"],
        }
    )
    frame.loc[::5, "x"] = np.nan
    frame["copy"] = frame["x"]
    frame["city again"] = frame["city"]
    # The same values in another notation.
    fees = rng.integers(10, 90, n) + 0.5
    frame["fee"] = [f"{fee} EUR" if i % 9 else "?" for i, fee in enumerate(fees)]
    frame["fee again"] = np.where(np.arange(n) % 9, fees, np.nan)
    frame["mark"] = frame["city"].fillna("N/A")
    return frame


@pytest.mark.parametrize("n_parts", [1, 3])
@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"min_frequency": 5, "max_categories": 7, "integer_categories": 10},
        {"calendar_parts": ["weekend", "date_of_year", "year", "month_of_year", "half_year"]},
        {"column_types": {"rooms": "category", "city": "text", "same": "number", "code": "number"}},
    ],
)
def test_every_kind_of_column_is_used_as_in_memory(tmp_path, n_parts, parameters):
    assert_close(*stream(frame_of_all_kinds(), tmp_path, n_parts, **parameters))


def test_components_of_texts_are_those_in_memory_up_to_rounding(tmp_path):
    rng = np.random.default_rng(0)
    words = rng.choice(["senior", "engineer", "clerk", "office", "night"], (400, 2))
    frame = pd.DataFrame({"job": [f"{a} {b} {i % 97}" for i, (a, b) in enumerate(words)]})
    encoding, expected = stream(frame, tmp_path, text_components=4)
    raw = read_table(tmp_path / "table.parquet")
    np.testing.assert_allclose(
        encoding.transform(raw.head()), expected.transform(raw.head()), atol=1e-9
    )
