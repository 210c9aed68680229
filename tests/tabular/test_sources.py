"""TabularClassifier and TabularRegressor on sources: the rows in memory, or a sample that fits."""

import numpy as np
import pandas as pd
import pytest

import lamina.tables
from lamina import TabularClassifier, TabularRegressor
from lamina.encoding import source_sampling
from lamina.errors import TableError


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    found = pd.DataFrame({"size": rng.normal(size=120), "city": rng.choice(["Rome", "Oslo"], 120)})
    found["price"] = 3 * found["size"] + (found.city == "Rome")
    found["sold"] = np.where(found.price > 0, "yes", "no")
    return found


@pytest.mark.parametrize(
    ("estimator", "target"), [(TabularRegressor, "price"), (TabularClassifier, "sold")]
)
def test_a_source_that_fits_into_memory_gives_the_model_of_its_rows(
    table, tmp_path, estimator, target
):
    X = table.drop(columns=({"price", "sold"} - {target}).pop())
    for i in range(3):
        X[40 * i : 40 * (i + 1)].to_parquet(tmp_path / f"{i}.parquet", index=False)
    model = estimator(quality="fast", random_state=0)
    model.fit(lamina.tables.open(tmp_path / "*.parquet"), target=target)
    features = X.drop(columns=target)
    same = estimator(quality="fast", random_state=0).fit(features, X[target])
    np.testing.assert_array_equal(model.oof_predictions_, same.oof_predictions_)
    np.testing.assert_array_equal(model.predict(features), same.predict(features))


def test_a_sample_of_a_source_beyond_memory_is_warned_of(table, monkeypatch):
    monkeypatch.setattr(source_sampling, "available_memory", lambda: 10_000)
    source = lamina.tables.open(table.drop(columns="sold"))
    model = TabularRegressor(quality="fast", random_state=0)
    with pytest.warns(UserWarning, match=r"a random sample of \d+ of the 120 rows is used"):
        model.fit(source, target="price")
    assert 8 < len(model.oof_predictions_) < 100


def test_rows_of_a_source_without_a_target_are_left_out_with_a_warning(table):
    table.loc[:9, "price"] = np.nan
    model = TabularRegressor(quality="fast", random_state=0)
    with pytest.warns(UserWarning, match="10 of 120 rows have no target: they are left out"):
        model.fit(lamina.tables.open(table.drop(columns="sold")), target="price")
    assert len(model.oof_predictions_) == 110


def test_arguments_that_do_not_suit_a_source_are_refused(table):
    source, model = lamina.tables.open(table), TabularRegressor(quality="fast")
    with pytest.raises(TypeError, match="a source needs the name of its target"):
        model.fit(source)
    with pytest.raises(TypeError, match="a source needs the name of its target"):
        model.fit(source, table.price)
    with pytest.raises(TypeError, match="target='price' names a column of a source"):
        model.fit(table, table.price, target="price")
    with pytest.raises(TableError, match=r"no column 'prize'\. Did you mean 'price'\?"):
        model.fit(source, target="prize")
