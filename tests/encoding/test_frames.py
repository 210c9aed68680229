"""Data frames of every library give the same matrix."""

import re

import numpy as np
import pandas as pd
import pytest

from lamina.encoding import TableEncoding
from lamina.encoding.form_finding import find_form
from lamina.encoding.missing_marks import ANYWHERE
from lamina.errors import TableError

polars = pytest.importorskip("polars")
pyarrow = pytest.importorskip("pyarrow")


def mixed(n_samples=60):
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "area": rng.normal(100, 30, n_samples),
            "rooms": rng.integers(1, 6, n_samples),
            "garden": rng.random(n_samples) < 0.5,
            "city": rng.choice(["Köln", "Oslo", "Rome"], n_samples),
            "built": pd.date_range("1990-01-01", periods=n_samples, freq="37h"),
            "price": [f"${x:,}" for x in rng.integers(500, 5000, n_samples)],
        }
    )
    table.loc[::7, ["area", "city", "built"]] = None
    return table


FRAMES = {
    "pandas": lambda table: table,
    "polars": polars.from_pandas,
    "pyarrow": lambda table: pyarrow.Table.from_pandas(table, preserve_index=False),
    "pandas of Arrow types": lambda table: table.convert_dtypes(dtype_backend="pyarrow"),
    "pandas of nullable types": lambda table: table.convert_dtypes(),
}


@pytest.mark.parametrize("library", FRAMES)
def test_a_frame_of_any_library_gives_the_same_matrix_and_names(library):
    expected = TableEncoding().fit(mixed())
    encoding = TableEncoding().fit(FRAMES[library](mixed()))
    assert encoding.kinds_ == expected.kinds_
    assert encoding.feature_names_in_.tolist() == list(mixed().columns)
    assert encoding.get_feature_names_out().tolist() == expected.get_feature_names_out().tolist()
    np.testing.assert_array_equal(
        encoding.transform(FRAMES[library](mixed())), expected.transform(mixed())
    )


def test_polars_dates_categories_and_durations_are_read():
    from datetime import date, timedelta

    table = polars.DataFrame(
        {
            "day": [date(2024, 1, 1), None, date(2024, 1, 3)],
            "kind": polars.Series(["a", "b", "a"], dtype=polars.Categorical),
            "took": [timedelta(hours=1), timedelta(hours=2), None],
        }
    )
    encoding = TableEncoding().fit(table)
    assert encoding.kinds_ == {"day": "date", "kind": "category", "took": "number"}


def test_a_lazy_frame_is_rejected_with_the_cure():
    with pytest.raises(TableError, match=r"lazy frame: give frame.collect\(\)"):
        TableEncoding().fit(polars.LazyFrame({"x": [1, 2]}))


def test_a_column_of_lists_is_rejected_by_name():
    with pytest.raises(TableError, match=r"column 'tags' holds lists such as .*drop 'tags'"):
        TableEncoding().fit(polars.DataFrame({"tags": [["a"], ["b", "c"]], "x": [1, 2]}))


DOUBTFUL = {
    "zip": (["00012", "00345", "10115"], "column_types={'zip': 'number'} reads numbers"),
    "day": (["1/2/2024", "3/4/2024", "5/6/2024"], "pandas.to_datetime(…, dayfirst=True)"),
    "price": (["1,234", "5,678", "9,876"], "pandas.read_csv(…, decimal=',')"),
    "size": (["1", "2", "x", "y", "5"], "column_types={'size': 'number'} reads such cells"),
    "since": (["2024-01-01", "2024-01-02", "x", "y"], "column_types={'since': 'date'} reads"),
}


@pytest.mark.parametrize("name", DOUBTFUL)
def test_a_remark_names_the_argument_that_resolves_it_in_python(name):
    cells, cure = DOUBTFUL[name]
    (record,) = TableEncoding().fit(pd.DataFrame({name: 2 * cells})).report_
    assert cure in " ".join(record["remarks"])
    assert "--" not in " ".join(record["remarks"])


@pytest.mark.parametrize(
    ("trained", "later", "message"),
    [
        ("12.5%", "89.2", "in training this column has '%', such as '12.5%', and 89.2 may be"),
        (
            "1.234,5",
            "23752.38",
            "in training this column has numbers like '1.234,5'; write them so",
        ),
        ("1234.5", "23.752,38", "in training this column has numbers like '1234.5'; write them so"),
    ],
)
def test_a_number_in_another_form_is_rejected_with_the_form_of_training(trained, later, message):
    texts = pd.Series([trained, trained.replace("2", "3"), trained.replace("2", "4")])
    form = find_form("x", texts).form
    with pytest.raises(TableError, match=re.escape(message)):
        form.read("x", pd.Series([later]))


def test_a_float_column_is_unchanged_if_training_had_percentages():
    table = pd.DataFrame({"x": [f"{i}.5%" for i in range(8)]})
    encoding = TableEncoding().fit(table)
    later = pd.DataFrame({"x": [i + 0.5 for i in range(8)]})
    assert np.array_equal(encoding.transform(later), encoding.transform(table))


UNUSUAL_NAMES = {
    "integers": list(range(3)),
    "tuples": pd.MultiIndex.from_tuples([("a", 1), ("a", 2), ("b", 1)]),
    "dates": pd.date_range("2026-01-01", periods=3),
}


@pytest.mark.parametrize("names", UNUSUAL_NAMES.values(), ids=list(UNUSUAL_NAMES))
def test_columns_match_by_names_that_are_no_strings(names):
    table = pd.DataFrame(
        {
            "price": ["$1,200", "$900", "$850.50"] * 4,
            "size": range(12),
            "city": ["Oslo", "Rome"] * 6,
        }
    )
    table.columns = names
    encoding = TableEncoding().fit(table)
    expected = encoding.transform(table)
    reordered = table.iloc[:, [2, 0, 1]].copy()
    np.testing.assert_array_equal(encoding.transform(reordered), expected)
    reordered.columns = [*reordered.columns[:2], 99]
    with pytest.raises(TableError, match="the table has no column"):
        encoding.transform(reordered)


def test_a_frame_after_an_array_matches_by_position():
    array = np.random.default_rng(0).normal(size=(12, 2))
    encoding = TableEncoding().fit(array)
    np.testing.assert_array_equal(
        encoding.transform(pd.DataFrame(array)), encoding.transform(array)
    )


@pytest.mark.parametrize(
    ("rows", "cure"),
    [
        (lambda table: table.iloc[0], r"is a series.*frame[.]iloc\[\[0\]\]"),
        (lambda table: table.iloc[0].to_dict(), r"is a dict.*pandas[.]DataFrame\(\[row\]\)"),
        (lambda table: table.to_dict("records"), r"is a list of dicts.*DataFrame\(rows\)"),
        (lambda table: polars.from_pandas(table)["area"], "is a series"),
    ],
    ids=["series", "dict", "list of dicts", "series of polars"],
)
@pytest.mark.filterwarnings("error")
def test_rows_that_are_no_table_are_rejected_with_a_cure(rows, cure):
    encoding = TableEncoding().fit(mixed())
    with pytest.raises(TableError, match=cure):
        encoding.transform(rows(mixed()))
    with pytest.raises(TableError, match=cure):
        TableEncoding().fit(rows(mixed()))


def test_an_array_is_read_like_the_frame_of_training():
    table = mixed().astype(object)
    table.loc[3, "area"] = "?"
    encoding = TableEncoding().fit(mixed())
    expected = encoding.transform(table)
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        rows = encoding.transform(table.to_numpy())
    np.testing.assert_array_equal(rows, expected)
    assert np.isfinite(expected).all()


WORDS = ["red", "blue", "green"] * 10


@pytest.mark.parametrize("mark", sorted(ANYWHERE))
@pytest.mark.parametrize("dtype", ["object", "string", "category"])
def test_a_text_for_missing_among_words_is_missing_in_training_and_later(mark, dtype):
    table = pd.DataFrame({"colour": pd.Series([*WORDS, mark, None], dtype=dtype)})
    encoding = TableEncoding().fit(table)
    assert encoding.categories_ == {"colour": ["blue", "green", "red", None]}
    rows = encoding.transform(table)
    np.testing.assert_array_equal(rows[-2], rows[-1])
    remarks = encoding.report_[0]["remarks"]
    assert bool(mark) == any("column_types={'colour': 'text'} keeps it" in each for each in remarks)


def test_a_text_for_missing_that_training_lacked_is_missing_in_a_new_table():
    encoding = TableEncoding().fit(pd.DataFrame({"colour": WORDS}))
    [found] = encoding.find_unfamiliar(pd.DataFrame({"colour": ["red", "n/a"]}))
    assert "missing" in found.remark


def test_a_chosen_text_column_and_country_codes_keep_their_texts():
    table = pd.DataFrame({"colour": [*WORDS, *["n/a"] * 3]})
    kept = TableEncoding(column_types={"colour": "text"}).fit(table)
    assert "n/a" in kept.categories_["colour"]
    countries = pd.DataFrame({"country": ["NA", "DE", "FR"] * 10})
    encoding = TableEncoding().fit(countries)
    assert encoding.categories_ == {"country": ["DE", "FR", "NA"]}
    assert "'NA' is kept as a category" in encoding.report_[0]["remarks"][0]
