"""TabularClassifier and TabularRegressor on realistic tables."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from joblib import parallel_config
from sklearn.base import clone
from sklearn.utils.estimator_checks import parametrize_with_checks

from lamina import TabularClassifier, TabularRegressor
from lamina.errors import NoBetterThanTrivialWarning, TableError
from lamina.tabular.targets import Classes

# A weight of k is not k copies of a sample, for these reasons; tests/tabular/test_sample_weights.py
# holds the parts that do follow, and test_used_rows.py that rows of weight 0 are left out.
# - Folds are drawn by row: copies of one sample would stand in training and in validation.
# - A row of weight 3 is one row of a batch of 128, as in scikit-learn's MLPClassifier.
# - Medians, scales, bins and the least count of a category count rows.
# - The target's means by category count rows, so that a single heavy row is not taken for many.
# - Recipes are chosen, and validation_score_, calibration_ and quantiles computed, with each
#   validated row once.
WEIGHTS_ARE_NO_COPIES = {
    f"check_sample_weight_equivalence_on_{form}_data": "folds, batches and encoding count rows"
    for form in ("dense", "sparse")
}


def messy_table(n_samples=240, seed=0):
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "id": [f"customer {i}" for i in range(n_samples)],
            "income": rng.normal(3000, 900, n_samples).round(2),
            "city": rng.choice(["Oslo", "Rome", "Lima"], n_samples),
            "joined": pd.Timestamp("2024-01-01")
            + pd.to_timedelta(rng.integers(0, 700, n_samples), "D"),
            "unit": "kg",
            "rating": rng.choice(["1", "2", "?", "5"], n_samples),
        }
    )
    table.loc[::7, "income"] = np.nan
    signal = table["income"].fillna(3000) / 900 + 2 * (table["city"] == "Rome")
    return table, signal.to_numpy() + rng.normal(0, 0.2, n_samples)


@pytest.fixture(scope="module")
def fitted():
    table, signal = messy_table()
    labels = np.where(signal > np.median(signal), "buys", "leaves")
    return TabularClassifier(quality="fast", random_state=0).fit(table, labels), table, labels


@parametrize_with_checks(
    [TabularClassifier(quality="fast"), TabularRegressor(quality="fast")],
    expected_failed_checks=lambda estimator: WEIGHTS_ARE_NO_COPIES,
)
@pytest.mark.filterwarnings("ignore::Warning")
def test_scikit_learns_own_checks_pass(estimator, check):
    check(estimator)


def test_a_messy_table_is_fitted_with_default_parameters(fitted):
    model, _, _ = fitted
    new, signal = messy_table(seed=1)
    right = np.where(signal > np.median(signal), "buys", "leaves")
    assert model.score(new, right) > 0.8
    assert model.predict_proba(new).sum(axis=1) == pytest.approx(np.ones(len(new)))


def test_the_report_names_omitted_columns_with_a_reason(fitted):
    actions = {record["column"]: record["action"] for record in fitted[0].report_}
    assert actions["unit"] == "left out: it is 'kg' in every row"
    assert actions["id"].startswith("left out")
    assert "missing" in actions["income"]


def test_every_sample_is_predicted_by_a_network_that_has_not_seen_it(fitted):
    model, table, _ = fitted
    encoded = model.inputs_.encode(table)
    for member in model.members_:
        rows = model.folds_ == member.split
        expected = member.network.predict_proba(member.matrix(encoded.rows(rows)))
        np.testing.assert_array_equal(model.oof_predictions_[rows], expected.astype(np.float64))
    assert 0.5 < model.validation_score_.value <= 1
    assert 0 < model.validation_score_.standard_error < 0.1


def test_the_result_depends_on_neither_jobs_nor_backend(fitted):
    model, table, labels = fitted
    expected = model.predict_proba(table)
    for n_jobs in (1, 3):
        again = clone(model).set_params(n_jobs=n_jobs).fit(table, labels)
        np.testing.assert_array_equal(again.predict_proba(table), expected)
    with parallel_config("loky", n_jobs=2):
        again = clone(model).fit(table, labels)
    np.testing.assert_array_equal(again.predict_proba(table), expected)


def test_polars_and_pandas_give_the_same_numbers(fitted):
    model, table, labels = fitted
    frame = pl.from_pandas(table)
    again = clone(model).fit(frame, labels)
    np.testing.assert_array_equal(again.predict_proba(frame), model.predict_proba(table))


def test_predictions_stay_within_the_range_of_the_target():
    table, signal = messy_table()
    model = TabularRegressor(quality="fast", random_state=0).fit(table, signal * 1e6)
    extreme = table.assign(income=1e9)
    assert model.predict(extreme).max() <= signal.max() * 1e6
    assert model.score(*messy_table_in_millions()) > 0.7


def messy_table_in_millions():
    table, signal = messy_table(seed=1)
    return table, signal * 1e6


def test_a_class_of_one_sample_is_learned_from_by_every_network():
    table, signal = messy_table(60)
    labels = np.where(signal > np.median(signal), "a", "b").astype(object)
    labels[7] = "rare"
    model = TabularClassifier(quality="fast", random_state=0).fit(table, labels)
    assert model.classes_.tolist() == ["a", "b", "rare"]
    assert np.isnan(model.oof_predictions_[7]).all()
    assert np.isfinite(np.delete(model.oof_predictions_, 7, axis=0)).all()


def test_weights_of_classes_reach_the_choice_of_the_epoch():
    table, signal = messy_table()
    labels = np.where(signal > np.quantile(signal, 0.9), "rare", "common")
    plain = TabularClassifier(quality="fast", random_state=0).fit(table, labels)
    weighed = clone(plain).set_params(class_weight={"rare": 20.0}).fit(table, labels)
    assert (weighed.predict(table) == "rare").sum() > (plain.predict(table) == "rare").sum()


@pytest.mark.parametrize(
    ("n_samples", "n_columns"), [(30, 3), (100, 600)], ids=["30 rows", "more columns than rows"]
)
def test_small_and_wide_tables_of_noise_give_finite_predictions(n_samples, n_columns):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(n_samples, n_columns)), rng.integers(0, 2, n_samples)
    with pytest.warns(NoBetterThanTrivialWarning, match="no better than the class frequencies"):
        model = TabularClassifier(quality="fast", random_state=0).fit(X, y)
    assert np.isfinite(model.predict_proba(X)).all()
    score, error = model.validation_score_[1:]
    assert abs(score - 0.5) < 4 * error


def test_a_fit_that_fails_leaves_the_earlier_one_whole(fitted):
    model, table, labels = fitted
    expected = model.predict_proba(table)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        model.fit(table, labels[:-1])
    np.testing.assert_array_equal(model.predict_proba(table), expected)


@pytest.mark.parametrize(
    ("y", "said"),
    [
        (["a"] * 240, "only one class"),
        ([None] + ["a", "b"] * 119 + ["a"], "NaN in row 1"),
        (np.linspace(0, 1, 240), "Unknown label type"),
        (np.array([1, "a"] * 120, dtype=object), "mixes labels of the types int and str.*astype"),
        (np.arange(240), "240 classes with one row each.*TabularRegressor"),
    ],
)
@pytest.mark.filterwarnings("ignore:The number of unique classes")
def test_an_invalid_target_of_a_classifier_is_rejected(y, said):
    with pytest.raises(ValueError, match=said):
        TabularClassifier().fit(messy_table()[0], np.array(y))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.nan, "NaN in row 4: drop"),
        (None, "NaN in row 4: drop"),
        (pd.NA, "NaN in row 4: drop"),
        (-np.inf, "infinity in row 4: drop"),
        ("much", "'much' in row 4, where a number is expected.*TabularClassifier"),
    ],
)
def test_a_value_that_is_no_finite_number_is_rejected_by_row(value, message):
    table, signal = messy_table()
    y = signal.astype(object)
    y[3] = value
    with pytest.raises(ValueError, match=message):
        TabularRegressor(quality="fast").fit(table, y)


@pytest.mark.parametrize(
    ("change", "cure"),
    [
        (lambda y: y * 1e200, "Divide y by a constant[.]$"),
        (lambda y: y * 1e-200, "Divide y by a constant[.]$"),
        (lambda y: y + 1e9, "Subtract a constant from y[.]$"),
        (lambda y: pd.Timestamp(2026, 1, 1) + pd.to_timedelta(y, unit="D"), "datetime64.*days"),
        (lambda y: pd.to_timedelta(y, unit="D"), "timedelta64.*days"),
    ],
)
def test_a_target_beyond_the_networks_numbers_is_rejected_with_a_cure(change, cure):
    table, signal = messy_table()
    with pytest.raises(ValueError, match=cure):
        TabularRegressor(quality="fast").fit(table, change(np.asarray(signal)))


@pytest.mark.parametrize("dtype", ["boolean", "Int64", "bool[pyarrow]", "int64[pyarrow]"])
def test_labels_of_nullable_types_keep_their_type(dtype):
    labels = pd.Series([0, 1, 1], dtype=dtype)
    classes = Classes.read(labels).classes
    assert classes.dtype == (bool if "bool" in dtype else np.int64)


@pytest.mark.filterwarnings("ignore::lamina.errors.NoBetterThanTrivialWarning")
@pytest.mark.parametrize("kind", [bool, np.bool_, int, np.int64])
def test_booleans_and_integers_in_an_object_column_are_labels(kind):
    table = messy_table()[0]
    y = pd.Series([kind(i % 2) for i in range(len(table))], dtype=object)
    classes = Classes.read(y).classes
    assert classes.dtype.kind == np.dtype(kind).kind
    assert classes.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("cls", "y", "cure"),
    [
        (TabularClassifier, np.linspace(0, 1, 240), "Use TabularRegressor"),
        (TabularRegressor, np.zeros((240, 2)), "one model for each column, or use MLPRegressor"),
        (TabularRegressor, None, "requires y to be passed"),
        (TabularClassifier, None, "requires y to be passed"),
    ],
)
def test_a_target_of_another_shape_or_kind_is_refused_with_the_cure(cls, y, cure):
    with pytest.raises(ValueError, match=cure):
        cls(quality="fast").fit(messy_table()[0], y)


def test_a_class_with_one_row_is_remarked_on():
    table, signal = messy_table(60)
    labels = np.where(signal > np.median(signal), "buys", "leaves").astype(object)
    labels[5] = "asks"
    model = TabularClassifier(quality="fast", random_state=0).fit(table, labels)
    assert "the class 'asks' has only one row: it cannot be validated" in model.remarks_[0]


def test_large_nullable_integers_remain_different_classes():
    labels = pd.Series([2**53, 2**53 + 1] * 2, dtype="Int64")
    assert Classes.read(labels).classes.tolist() == [2**53, 2**53 + 1]


def test_infinity_is_refused_by_column_and_row():
    table, signal = messy_table()
    table.loc[11, "income"] = np.inf
    with pytest.raises(TableError, match=r"'income' holds infinity in row 12"):
        TabularRegressor(quality="fast").fit(table, signal)


def test_few_positives_are_ranked_and_their_rate_is_kept():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(1500, 4)), columns=list("abcd"))
    y = X["a"] + 0.3 * rng.normal(size=1500) > 2.05
    assert 0.01 < y.mean() < 0.03
    model = TabularClassifier(quality="fast", random_state=0).fit(X, y)
    assert model.validation_score_.value > 0.95
    assert model.predict_proba(X)[:, 1].mean() == pytest.approx(y.mean(), abs=0.01)


@pytest.mark.filterwarnings("ignore::lamina.errors.NoBetterThanTrivialWarning")
def test_two_thousand_columns_and_a_hundred_rows_are_learned():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(100, 2000))
    y = X[:, 0] + X[:, 1]
    model = TabularRegressor(quality="fast", random_state=0).fit(X, y)
    assert np.isfinite(model.predict(X)).all()
    assert model.predict(X).min() >= y.min()
