"""A table is encoded with scikit-learn's transformers, and its encoding survives plain data."""

import json
from datetime import date, time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn.base import clone
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import StandardScaler
from sklearn.utils._param_validation import InvalidParameterError
from sklearn.utils.estimator_checks import parametrize_with_checks

from lamina.encoding import TableEncoding
from lamina.encoding.calendar import WEEKDAYS
from lamina.errors import TableError


def houses(n_samples: int = 40) -> pd.DataFrame:
    """Return numbers, a boolean, a date and categories, with missing values in most columns."""
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "area": rng.normal(100, 30, n_samples),
            "rooms": rng.integers(1, 6, n_samples),
            "garden": rng.random(n_samples) < 0.5,
            "built": pd.Timestamp("1990-01-01") + pd.to_timedelta(np.arange(n_samples), unit="D"),
            "city": rng.choice(["Köln", "Oslo", 'a "b"'], n_samples),
            "constant": 3,
        }
    )
    table.loc[::7, ["area", "city", "built"]] = None
    return table


@parametrize_with_checks([TableEncoding()])
def test_scikit_learns_conventions_hold(estimator, check):
    check(estimator)


def test_numbers_equal_the_results_of_scikit_learns_imputer_and_scaler():
    table = houses()[["area", "rooms"]]
    imputed = SimpleImputer(strategy="median").fit_transform(table.to_numpy())
    expected = StandardScaler().fit_transform(imputed)
    encoded = TableEncoding().fit_transform(table)
    np.testing.assert_array_equal(encoded[:, :2], expected)
    np.testing.assert_array_equal(encoded[:, 2], table["area"].isna())


def test_every_output_has_a_descriptive_name():
    encoding = TableEncoding().fit(houses())
    assert encoding.get_feature_names_out().tolist() == [
        *("area", "rooms", "garden", "built", "area is missing", "built is missing"),
        *(f"built is {day}" for day in WEEKDAYS),
        *("built month sine", "built month cosine"),
        *("city=Köln", "city=Oslo", 'city=a "b"', "city is missing"),
    ]
    assert encoding.transform(houses()).shape == (40, 19)


def test_a_constant_column_of_an_array_becomes_zeros():
    encoded = TableEncoding().fit_transform(np.array([[7, 0], [7, 2]]))
    assert encoded.tolist() == [[0.0, -1.0], [0.0, 1.0]]


def test_a_value_missing_only_later_becomes_the_median_without_a_missing_category():
    encoding = TableEncoding().fit(pd.DataFrame({"x": [0, 1, 5], "c": ["u", "u", "v"]}))
    expected = encoding.transform(pd.DataFrame({"x": [1], "c": ["unheard of"]}))
    later = pd.DataFrame({"x": [None], "c": [None]}, dtype=object)
    np.testing.assert_array_equal(encoding.transform(later), expected)


def test_a_missing_category_is_a_separate_category():
    encoding = TableEncoding().fit(pd.DataFrame({"c": ["u", None, "u"]}))
    assert encoding.categories_ == {"c": ["u", None]}
    assert encoding.transform(pd.DataFrame({"c": [None, "u"]})).tolist() == [[0, 1], [1, 0]]


def test_rare_and_unknown_categories_are_encoded_alike():
    encoding = TableEncoding(min_frequency=2).fit(pd.DataFrame({"c": ["u", "u", "rare", "v", "v"]}))
    encoded = encoding.transform(pd.DataFrame({"c": ["rare", "unknown", "v"]}))
    assert encoded.tolist() == [[0, 0], [0, 0], [0, 1]]


def test_a_column_with_only_rare_values_is_ignored():
    encoding = TableEncoding().fit(pd.DataFrame({"id": ["h1", "h2", "h3"], "x": [1, 2, 3]}))
    assert encoding.categories_ == {"id": []}
    assert encoding.get_feature_names_out().tolist() == ["x"]


def test_columns_are_matched_by_name_and_further_ones_are_ignored():
    table = houses()
    encoding = TableEncoding().fit(table)
    shuffled = table[table.columns[::-1]].assign(further="x")
    np.testing.assert_array_equal(encoding.transform(shuffled), encoding.transform(table))


def test_a_missing_column_is_named_with_its_nearest_match():
    encoding = TableEncoding().fit(houses())
    renamed = houses().rename(columns={"city": "City"})
    with pytest.raises(TableError, match=r"no column 'city'.*Did you mean 'City'\? It has: 'area'"):
        encoding.transform(renamed)


def test_a_value_of_another_kind_is_named_with_its_column_and_row():
    encoding = TableEncoding().fit(houses())
    with pytest.raises(TableError, match=r"column 'rooms' holds 'many' in row 2"):
        encoding.transform(houses(2).assign(rooms=["3", "many"]))


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (pd.DataFrame({"x": [], "y": []}), "the table has no rows"),
        (pd.DataFrame(index=[0, 1]), "the table has no columns"),
        (pd.DataFrame({"gone": [None, None]}), "there are no features"),
        (np.array([[1, None], [2, None]], dtype=object), "column 'x1' has no value in any of its"),
        (pd.DataFrame([[1, 2], [3, 4]], columns=["a", "a"]), "two columns are named 'a'"),
        (pd.DataFrame({"x": [1.0, np.inf]}), "column 'x' holds infinity in row 2"),
        (pd.DataFrame({"x": [1e300, -1e300]}), "column 'x' holds numbers up to 1e\\+300"),
        (pd.DataFrame({"x": [1j, 2j]}), "column 'x': complex data not supported"),
        (pd.DataFrame({"id": ["a", "b"]}), "are no features: .* lower min_frequency"),
    ],
)
def test_a_table_that_cannot_be_encoded_is_rejected(table, message):
    with pytest.raises(TableError, match=message):
        TableEncoding().fit(table)


@pytest.mark.parametrize("name", ["area", "city"])
def test_a_duplicate_column_is_rejected_if_it_is_needed(name):
    encoding = TableEncoding().fit(houses())
    twice = pd.concat([houses(), houses()[[name]]], axis=1)
    with pytest.raises(TableError, match=f"two columns are named '{name}': rename one"):
        encoding.transform(twice)
    other = houses().assign(other=1)
    others = pd.concat([other, other[["other"]]], axis=1)
    np.testing.assert_array_equal(encoding.transform(others), encoding.transform(houses()))


@pytest.mark.parametrize("named", [True, False])
def test_a_later_table_without_rows_is_rejected(named):
    table = houses() if named else houses().set_axis(range(houses().shape[1]), axis=1)
    encoding = TableEncoding().fit(table)
    with pytest.raises(TableError, match="the table has no rows"):
        encoding.transform(table[:0])


@pytest.mark.parametrize(
    "values",
    [
        [time(hour) for hour in range(5)],
        pd.period_range("2020", periods=5),
        [date(1600, 1, day) for day in range(1, 6)],
        [date(1, 1, day) for day in range(1, 6)],
    ],
    ids=["time", "period", "1600", "year 1"],
)
def test_times_periods_and_early_dates_are_encoded(values):
    table = pd.DataFrame({"when": values})
    first = TableEncoding().fit_transform(table)[:, 0]
    assert (np.diff(first) > 0).all()


@pytest.mark.parametrize(
    "parameters", [{"min_frequency": 0}, {"max_categories": "all"}, {"sparse_output": "maybe"}]
)
def test_a_parameter_out_of_range_is_rejected_by_name(parameters):
    with pytest.raises(InvalidParameterError, match=next(iter(parameters))):
        TableEncoding(**parameters).fit(houses())


def test_a_wide_one_hot_matrix_is_sparse_and_holds_the_same_numbers():
    words = pd.DataFrame({"x": range(600), "word": [f"w{i % 300}" for i in range(600)]})
    encoding = TableEncoding(max_categories=300)
    encoded = encoding.fit_transform(words)
    assert sparse.issparse(encoded)
    assert encoded.format == "csr"
    dense = clone(encoding).set_params(sparse_output=False).fit_transform(words)
    np.testing.assert_array_equal(encoded.toarray(), dense)


def test_a_narrow_matrix_is_dense_by_default():
    assert isinstance(TableEncoding().fit_transform(houses()), np.ndarray)
    assert sparse.issparse(TableEncoding(sparse_output=True).fit_transform(houses()))


def test_set_output_gives_a_frame_with_the_names():
    encoding = TableEncoding().set_output(transform="pandas").fit(houses())
    frame = encoding.transform(houses(3))
    assert list(frame.columns) == encoding.get_feature_names_out().tolist()
    assert len(frame) == 3


def test_an_array_without_names_is_read_by_position():
    array = np.array([[1.0, 2.0], [3.0, np.nan], [5.0, 4.0]])
    encoding = TableEncoding().fit(array)
    assert encoding.get_feature_names_out().tolist() == ["x0", "x1", "x1 is missing"]
    with pytest.raises(ValueError, match="X has 1 features, but TableEncoding is expecting 2"):
        encoding.transform(array[:, :1])


@st.composite
def tables(draw):
    """Draw small tables of numbers and categories with gaps; every column has a value."""
    n_samples = draw(st.integers(3, 12))
    gap = st.none()
    finite = st.floats(-1e100, 1e100)
    columns = {}
    for i in range(draw(st.integers(0, 3))):
        cells = draw(st.lists(finite | gap, min_size=n_samples - 1, max_size=n_samples - 1))
        columns[f"number {i}"] = pd.Series([draw(finite), *cells], dtype="float64")
    for i in range(draw(st.integers(1, 3))):
        texts = st.sampled_from(["a", "b", "1", "é", ""])
        cells = draw(st.lists(texts | gap, min_size=n_samples - 2, max_size=n_samples - 2))
        columns[f"text {i}"] = pd.Series(["a", "a", *cells], dtype=object)
    return pd.DataFrame(columns)


@given(tables())
@settings(max_examples=30, deadline=None)
def test_an_encoding_restored_from_its_plain_form_gives_the_same_bits(table):
    encoding = TableEncoding().fit(table)
    plain = encoding.to_plain()
    arrays = plain["numbers"] or {}
    text = json.dumps({**plain, "numbers": {k: np.asarray(v).tolist() for k, v in arrays.items()}})
    restored = json.loads(text) | {"numbers": arrays or None}
    again = TableEncoding.from_plain(restored)
    assert again.transform(table).tobytes() == encoding.transform(table).tobytes()
    assert again.get_feature_names_out().tolist() == encoding.get_feature_names_out().tolist()
    assert json.dumps(again.to_plain(), default=np.ndarray.tolist) == json.dumps(
        plain, default=np.ndarray.tolist
    )


def test_the_plain_form_keeps_parameters_names_and_sparsity():
    encoding = TableEncoding(min_frequency=3, sparse_output=True).fit(houses())
    again = TableEncoding.from_plain(encoding.to_plain())
    assert again.get_params() == encoding.get_params()
    assert again.feature_names_in_.tolist() == list(houses().columns)
    assert again.n_features_in_ == 6
    assert (again.transform(houses()) != encoding.transform(houses())).nnz == 0


@pytest.mark.parametrize(
    "change",
    [
        {"columns": [["area", "colour"]]},
        {"categories": []},
        {"numbers": None},
        {"parameters": {"unheard_of": 1}},
    ],
)
def test_an_inconsistent_plain_form_is_rejected(change):
    plain = TableEncoding().fit(houses()).to_plain() | change
    with pytest.raises((ValueError, TypeError)):
        TableEncoding.from_plain(plain)


def test_a_plain_form_with_vectors_of_another_length_is_rejected():
    plain = TableEncoding().fit(houses()).to_plain()
    plain["numbers"]["mean"] = plain["numbers"]["mean"][:2]
    with pytest.raises(ValueError, match=r"mean is an array of dtype float64 and shape .2,."):
        TableEncoding.from_plain(plain)


def test_a_file_of_an_earlier_version_has_no_forms():
    table = pd.DataFrame({"x": [1.0, 2.0, 4.0, 8.0], "c": ["a", "b", "a", "b"]})
    encoding = TableEncoding().fit(table)
    plain = encoding.to_plain()
    for key in ("left_out", "forms", "calendar", "report"):
        del plain[key]
    plain["parameters"] = {"min_frequency": 2, "max_categories": 256, "sparse_output": "auto"}
    again = TableEncoding.from_plain(plain)
    np.testing.assert_array_equal(again.transform(table), encoding.transform(table))


def test_the_form_of_a_column_is_saved_with_the_encoding():
    table = pd.DataFrame(
        {
            "price": ["$1,200", "$900", "?", "$850.50"] * 5,
            "day": ["1/2/2024", "3/4/2024", "25/12/2024", "2/1/2024"] * 5,
            "x": range(20),
        }
    )
    encoding = TableEncoding().fit(table)
    assert encoding.kinds_ == {"price": "number", "day": "date", "x": "number"}
    again = TableEncoding.from_plain(encoding.to_plain())
    # Without the form of training, these cells could be read differently.
    new = pd.DataFrame({"price": ["$1,234"], "day": ["1/2/2024"], "x": [3]})
    plain = pd.DataFrame({"price": [1234.0], "day": pd.to_datetime(["2024-02-01"]), "x": [3]})
    np.testing.assert_array_equal(again.transform(new), encoding.transform(plain))
    with pytest.raises(TableError, match=r"column 'price' holds 'dear' in row 1, where a number"):
        again.transform(new.assign(price="dear"))


def test_columns_without_information_are_left_out_and_not_needed_later():
    table = pd.DataFrame(
        {
            "customer_id": [30, 10, 20, 40],
            "x": [1.0, 2.0, 4.0, 8.0],
            "copy": [1.0, 2.0, 4.0, 8.0],
            "unit": ["m"] * 4,
            "gone": [None] * 4,
        }
    )
    encoding = TableEncoding().fit(table)
    assert encoding.left_out_ == {
        "customer_id": "it numbers the rows",
        "copy": "it equals column 'x'",
        "unit": "it is 'm' in every row",
        "gone": "it has no value in any row",
    }
    assert encoding.get_feature_names_out().tolist() == ["x"]
    assert encoding.transform(table[["x"]]).shape == (4, 1)
    assert [record["action"] for record in encoding.report_][:2] == [
        "left out: it numbers the rows",
        "standardised",
    ]
    chosen = TableEncoding(column_types={"customer_id": "number"}).fit(table)
    assert "customer_id" not in chosen.left_out_


@pytest.mark.parametrize(
    ("types", "message"),
    [
        ({"y": "number"}, r"column_types names a column 'y', which the table does not have"),
        (
            {"x": "nummer"},
            r"one of number, date, category, text, got 'nummer'. Did you mean",
        ),
    ],
)
def test_an_unknown_type_is_rejected(types, message):
    with pytest.raises(ValueError, match=message):
        TableEncoding(column_types=types).fit(pd.DataFrame({"x": [1, 2, 3]}))


def test_all_missing_columns_are_named_and_used_columns_are_never_suggested():
    table = pd.DataFrame({"x1": [1.0, 2], "x2": [2.0, 1], "width": [5.0, 7]})
    encoding = TableEncoding().fit(table)
    with pytest.raises(TableError) as one:
        encoding.transform(table[["x1", "width"]])
    assert "no column 'x2', which the model needs. It has" in str(one.value)
    with pytest.raises(TableError) as two:
        encoding.transform(table[["x1"]].assign(widht=1.0))
    assert "no columns 'x2', 'width'" in str(two.value)
    assert "Did you mean 'widht' for 'width'?" in str(two.value)
