"""Short texts as numbers: similar texts are close, and threads do not change the numbers."""

from __future__ import annotations

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from lamina.encoding import TableEncoding
from lamina.encoding.columns import categories
from lamina.encoding.feature_columns import columns_of_features
from lamina.encoding.text_components import TextComponents, repeats_words
from lamina.errors import TableError

pd = pytest.importorskip("pandas")

RANKS = ["junior", "senior", "chief", "assistant", "deputy"]
FIELDS = ["accountant", "engineer", "nurse", "teacher", "police officer", "librarian", "driver"]


def titles(n=400, seed=0):
    """Return job titles, most of them unique, some missing."""
    draw = np.random.RandomState(seed)
    made = [f"{draw.choice(RANKS)} {draw.choice(FIELDS)} {draw.randint(90)}" for _ in range(n)]
    made[::17] = [None] * len(made[::17])
    return pd.DataFrame({"title": made, "x": draw.normal(size=n)})


def title_texts():
    """Return the titles as an object array; None where missing."""
    return categories("title", titles()["title"])


def test_a_column_of_titles_has_components_and_categories():
    table = titles()
    plain = TableEncoding(sparse_output=False).fit(table)
    encoding = TableEncoding(sparse_output=False, text_components=6).fit(table)
    assert plain.texts_ == {}
    assert list(encoding.texts_) == ["title"]
    names = encoding.get_feature_names_out().tolist()
    assert names[:4] == ["x", "title text 1", "title text 2", "title text 3"]
    matrix = encoding.transform(table)
    assert matrix.shape[1] == len(names) == len(columns_of_features(encoding))
    others = [i for i, name in enumerate(names) if " text " not in name]
    np.testing.assert_array_equal(matrix[:, others], plain.transform(table))
    assert "; 6 columns for parts of words" in encoding.report_[0]["action"]
    components = matrix[:, 1:7]
    assert components.std(axis=0).max() == pytest.approx(1, abs=0.05)
    assert not components[table["title"].isna()].any()


def test_a_misspelt_title_is_closest_to_its_own_field():
    encoding = TextComponents.fit(title_texts(), 10)
    texts = np.array([f"senior {field} 5" for field in FIELDS], dtype=object)
    typos = np.array(
        [f"SENIOR {f[:4]}{f[5]}{f[4]}{f[6:]}" for f in FIELDS[:1] + FIELDS[3:]], object
    )
    distances = np.linalg.norm(
        encoding.columns(typos)[:, np.newaxis] - encoding.columns(texts), axis=-1
    )
    assert distances.argmin(axis=1).tolist() == [0, 3, 4, 5, 6]


def test_the_numbers_are_the_same_with_more_threads_after_saving_and_row_by_row():
    table = titles()
    texts = title_texts()
    with threadpool_limits(limits=1):
        one = TextComponents.fit(texts, 8).columns(texts)
    with threadpool_limits(limits=2):
        encoding = TableEncoding(text_components=8).fit(table)
    np.testing.assert_array_equal(encoding.texts_["title"].columns(texts), one)
    again = TableEncoding.from_plain(encoding.to_plain())
    expected = encoding.transform(table)
    np.testing.assert_array_equal(again.transform(table), expected)
    for row in (0, 5, 9):
        np.testing.assert_array_equal(again.transform(table[row : row + 1])[0], expected[row])


@pytest.mark.parametrize(
    "texts",
    [
        ["a"],
        [None, None],
        [],
        ["", ""],
        ["same"] * 9,
        ["!", "?"],
        ["東京", "大阪"],
        ["x" * 10**6, "y"],
    ],
)
def test_any_texts_give_finite_columns_or_no_columns(texts):
    array = np.array(texts, dtype=object)
    found = TextComponents.fit(array, 5)
    if found is not None:
        assert np.isfinite(found.columns(array)).all()
        new = found.columns(np.array(["new", None, "", "\x00😀"], dtype=object))
        assert np.isfinite(new).all()
        assert not new[1].any()


def test_codes_and_columns_declared_as_categories_have_no_components():
    codes = np.array([f"N{i % 97}{i % 89}" for i in range(500)], dtype=object)
    assert not repeats_words(codes)
    assert repeats_words(title_texts())
    chosen = {"title": "category"}
    assert TableEncoding(text_components=4, column_types=chosen).fit(titles()).texts_ == {}
    few = pd.DataFrame({"c": ["red car", "blue car"] * 20, "x": range(40)})
    assert TableEncoding(text_components=4).fit(few).texts_ == {}
    assert list(TableEncoding(text_components=4, column_types={"c": "text"}).fit(few).texts_) == [
        "c"
    ]


def test_texts_that_are_all_distinct_are_encoded_only_by_their_words():
    table = pd.DataFrame(
        {"note": [f"{a} {b} {i}" for i, a in enumerate(RANKS * 2) for b in FIELDS]}
    )
    encoding = TableEncoding(text_components=3).fit(table)
    assert encoding.transform(table).shape == (70, 3)
    assert encoding.report_[0]["action"] == "3 columns for parts of words"
    assert encoding.find_unfamiliar(table.assign(note="senior nurse 999")) == []
    with pytest.raises(TableError, match="no column 'note'"):
        encoding.transform(pd.DataFrame({"x": [1]}))
    with pytest.raises(TableError, match="are no features"):
        TableEncoding().fit(table)


@pytest.mark.parametrize(
    "change",
    [
        {"scale": 0.0},
        {"scale": float("nan")},
        {"places": np.array([5000])},
        {"mean": np.zeros(9)},
        {"components": np.zeros(3, dtype=np.float32)},
    ],
)
def test_an_inconsistent_plain_form_is_rejected(change):
    plain = TableEncoding(text_components=2).fit(titles()).to_plain()
    plain["texts"]["title"] |= change
    with pytest.raises((ValueError, TypeError)):
        TableEncoding.from_plain(plain)
