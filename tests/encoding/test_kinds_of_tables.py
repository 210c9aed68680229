"""Tables of every library and dtype give the plain frame's matrix, or an error with the cure."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from scipy import sparse

from lamina import TabularRegressor
from lamina.encoding import TableEncoding, frames
from lamina.errors import TableError

pd = pytest.importorskip("pandas")
pa = pytest.importorskip("pyarrow")
pl = pytest.importorskip("polars")

N = 60
MATRIX = sparse.random(N, 5, 0.3, random_state=0, format="csr")


def plain():
    """Return numbers, integers, booleans, texts, dates and durations, some missing."""
    draw = np.random.RandomState(0)
    table = pd.DataFrame(
        {
            "number": draw.randint(0, 40, N) / 8,
            "whole": np.arange(N) % 7 * 1.0,
            "truth": np.where(draw.rand(N) > 0.5, 1.0, 0.0),
            "text": draw.choice(["a", "b", ""], N),
            "day": pd.date_range("2023-12-31 13:00", periods=N, freq="31h"),
            "wait": pd.to_timedelta(np.arange(N) % 11, "h"),
        }
    )
    for i, name in enumerate(["number", "whole", "truth", "text", "day", "wait"]):
        table.loc[i :: 9 + i, name] = None
    return table


def decimals():
    """Return numbers as Decimal objects."""
    table = plain()
    numbers = [None if np.isnan(x) else Decimal(x) for x in table["number"]]
    return table.assign(number=pd.Series(numbers, dtype=object))


ALIKE = {
    "nullable": lambda: plain().astype(
        {"whole": "Int64", "truth": "boolean", "number": "Float64", "text": "string"}
    ),
    "arrow dtypes": lambda: plain().convert_dtypes(dtype_backend="pyarrow"),
    "arrow nanoseconds": lambda: plain().astype(
        {"day": pd.ArrowDtype(pa.timestamp("ns")), "wait": pd.ArrowDtype(pa.duration("ns"))}
    ),
    "categorical": lambda: plain().astype({"text": pd.CategoricalDtype(["b", "z", "a", ""])}),
    "objects": lambda: plain().astype({"number": object, "truth": object}),
    "decimals": decimals,
    "pyarrow table": lambda: pa.Table.from_pandas(plain()),
    "polars": lambda: pl.from_pandas(plain()),
    "polars categorical": lambda: pl.from_pandas(plain()).cast({"text": pl.Categorical}),
    "another index": lambda: plain().set_index(np.arange(N)[::-1] * 3),
}


@pytest.mark.parametrize("kind", ALIKE)
def test_a_table_of_any_kind_is_encoded_as_the_plain_one(kind):
    encoding = TableEncoding().fit(plain())
    expected = encoding.transform(plain())
    table = ALIKE[kind]()
    other = TableEncoding().fit(table)
    assert other.get_feature_names_out().tolist() == encoding.get_feature_names_out().tolist()
    np.testing.assert_array_equal(other.transform(table), expected)
    np.testing.assert_array_equal(encoding.transform(table), expected)


def test_unseen_levels_of_a_categorical_are_unknown_categories():
    table = plain().astype({"text": "category"})
    encoding = TableEncoding().fit(table)
    new = table.assign(text=pd.Categorical(["zz"] * N))
    at = [i for i, name in enumerate(encoding.get_feature_names_out()) if name.startswith("text")]
    assert not encoding.transform(new)[:, at].any()


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (lambda: pd.concat([plain(), plain()], axis=1), r"two columns are named '\w+': rename one"),
        (lambda: pd.DataFrame({1: np.arange(N), "1": np.ones(N)}), r"two columns are named '1'"),
        (lambda: pl.from_pandas(plain()).lazy(), r"a lazy frame: give frame.collect\(\)"),
        (lambda: sparse.csr_array(np.diag([np.inf] * N)), r"infin"),
    ],
)
@pytest.mark.parametrize("make", [TableEncoding, lambda: TabularRegressor(quality="fast")])
def test_an_unreadable_table_is_rejected_with_the_cure(table, message, make):
    with pytest.raises(ValueError, match=message):
        make().fit(table(), np.arange(N) * 1.0)


@pytest.mark.parametrize(
    ("names", "found"),
    [
        ([0, 1, 2], ["0", "1", "2"]),
        (pd.MultiIndex.from_tuples([("a", "x"), ("a", "y"), ("b", "x")]), ["('a', 'x')"]),
    ],
)
def test_columns_named_by_numbers_or_tuples_have_these_names_as_text(names, found):
    table = pd.DataFrame(np.random.RandomState(0).normal(size=(N, 3)), columns=names)
    encoding = TableEncoding().fit(table)
    assert encoding.get_feature_names_out().tolist()[: len(found)] == found
    assert encoding.transform(table).shape == (N, 3)


@pytest.mark.parametrize("form", ["csr", "csc", "coo", "csr array"])
def test_a_sparse_matrix_is_encoded_as_its_dense_array(form):
    matrix = {
        "csr": MATRIX,
        "csc": MATRIX.tocsc(),
        "coo": MATRIX.tocoo(),
        "csr array": sparse.csr_array(MATRIX),
    }[form]
    encoding = TableEncoding().fit(matrix)
    expected = TableEncoding().fit(MATRIX.toarray()).transform(MATRIX.toarray())
    np.testing.assert_array_equal(encoding.transform(matrix), expected)
    np.testing.assert_array_equal(encoding.transform(MATRIX.toarray()), expected)


def test_the_estimators_give_the_same_model_for_a_sparse_matrix():
    y = MATRIX.toarray() @ np.arange(5.0)
    dense = TabularRegressor(quality="fast", random_state=0).fit(MATRIX.toarray(), y)
    model = TabularRegressor(quality="fast", random_state=0).fit(MATRIX, y)
    np.testing.assert_array_equal(model.predict(MATRIX), dense.predict(MATRIX.toarray()))


def test_a_sparse_matrix_beyond_memory_is_rejected_before_it_is_made_dense(monkeypatch):
    monkeypatch.setattr(frames, "MOST_DENSE", 100)
    with pytest.raises(TableError, match=r"shape \(60, 5\) would have 300 numbers, but"):
        TableEncoding().fit(MATRIX)
