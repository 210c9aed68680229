"""Rows of weight 0: a fit with them gives the bits of a fit without them."""

import numpy as np
import pandas as pd
import pytest

from lamina import TabularClassifier, TabularRegressor
from lamina.errors import TableError

pytestmark = pytest.mark.filterwarnings("ignore::lamina.errors.NoBetterThanTrivialWarning")

N_SAMPLES = 90
RNG = np.random.default_rng(0)
TABLE = pd.DataFrame(
    {
        "x": RNG.normal(size=N_SAMPLES),
        "shop": RNG.choice([f"s{i}" for i in range(12)], N_SAMPLES),
        "day": pd.date_range("2024-01-01", periods=N_SAMPLES).astype(str),
        "group": np.arange(N_SAMPLES) // 3 % 10,
    }
)
VALUES = TABLE["x"].to_numpy() + 0.3 * RNG.normal(size=N_SAMPLES)
# Values, categories and a target far from all others, which must reach no statistic.
USED = np.arange(N_SAMPLES) % 5 != 2
TABLE.loc[~USED, "x"] = 1e6
TABLE.loc[~USED, "shop"] = "elsewhere"
VALUES[~USED] = 1e4
TARGETS = {TabularClassifier: np.digitize(VALUES, [-0.5, 0.5]), TabularRegressor: VALUES}
PAIRS = [(np.arange(60), np.arange(60, 90)), (np.arange(30, 90), np.arange(30))]


def fit(cls, rows=slice(None), weight=None, table=TABLE, **options):
    model = cls(quality="fast", random_state=0)
    y = TARGETS[cls][rows]
    return model.fit(table[rows], y, weight, **options)


def predict(model, table=TABLE):
    return getattr(model, "predict_proba", model.predict)(table)


@pytest.mark.parametrize("cls", [TabularClassifier, TabularRegressor])
@pytest.mark.parametrize("options", [{}, {"groups": "group"}, {"time": "day"}, {"cv": 3}])
def test_rows_of_weight_zero_change_no_bit(cls, options):
    weighted = fit(cls, weight=USED.astype(float), **options)
    without = fit(cls, rows=USED, **options)
    np.testing.assert_array_equal(predict(weighted), predict(without))
    np.testing.assert_array_equal(weighted.oof_predictions_[USED], without.oof_predictions_)
    np.testing.assert_array_equal(weighted.folds_[USED], without.folds_)
    assert weighted.validation_score_ == without.validation_score_
    assert np.isnan(weighted.oof_predictions_[~USED]).all()
    assert (weighted.folds_[~USED] == -1).all()


def test_pairs_of_indices_count_all_rows():
    weighted = fit(TabularRegressor, weight=USED.astype(float), cv=PAIRS)
    place = np.cumsum(USED) - 1
    pairs = [tuple(place[part[USED[part]]] for part in pair) for pair in PAIRS]
    without = fit(TabularRegressor, rows=USED, cv=pairs)
    np.testing.assert_array_equal(predict(weighted), predict(without))


def test_a_class_of_weight_zero_alone_is_no_class_and_remarked_on():
    y = np.where(USED, np.where(VALUES > 0, "high", "low"), "lost")
    model = TabularClassifier(quality="fast", random_state=0)
    model.fit(TABLE, y, USED.astype(float))
    assert model.classes_.tolist() == ["high", "low"]
    assert any("'lost'" in remark for remark in model.remarks_)


def test_messages_name_the_rows_of_the_whole_table():
    table = TABLE[["x", "shop"]].astype(object)
    table.loc[88, "x"] = np.inf
    with pytest.raises(TableError, match="holds infinity in row 89"):
        TabularRegressor(quality="fast").fit(table, VALUES, USED.astype(float))
    with pytest.raises(TableError, match="the table has no rows"):
        TabularRegressor(quality="fast").fit(TABLE[:0], [])


def test_an_array_loses_its_rows_too():
    array = TABLE[["x", "group"]].to_numpy()
    weighted = TabularRegressor(quality="fast", random_state=0).fit(array, VALUES, USED * 1.0)
    without = TabularRegressor(quality="fast", random_state=0).fit(array[USED], VALUES[USED])
    np.testing.assert_array_equal(weighted.predict(array), without.predict(array))
