"""Groups, times, splitters, scorers and time limits as arguments of `fit`."""

import signal
import threading
import time

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, log_loss, make_scorer
from sklearn.model_selection import KFold, RepeatedKFold, ShuffleSplit

from lamina import TabularClassifier, TabularRegressor
from lamina.encoding import TableEncoding
from lamina.errors import TableError
from lamina.tabular.categorical_columns import types_with_categories
from lamina.tabular.members import best_epoch

# Scores of these few samples may be no better than the trivial predictor's.
pytestmark = pytest.mark.filterwarnings("ignore::lamina.errors.NoBetterThanTrivialWarning")


def small_table(n_samples=60, seed=0):
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "x": rng.normal(size=n_samples),
            "colour": rng.choice(["red", "blue"], n_samples),
            "shop": rng.choice(list("abcdef"), n_samples),
            "day": pd.date_range("2024-01-01", periods=n_samples),
        }
    )
    return table, np.where(table["x"] + rng.normal(0, 0.3, n_samples) > 0, "yes", "no")


def fast(**parameters):
    return TabularClassifier(quality="fast", random_state=0, **parameters)


def test_rows_of_a_group_share_their_fold_and_its_column_is_no_input():
    table, y = small_table()
    model = fast().fit(table, y, groups="shop")
    assert pd.Series(model.folds_).groupby(table["shop"]).nunique().max() == 1
    assert "shop" not in model.feature_names_in_
    again = fast().fit(table.drop(columns="shop"), y, groups=table["shop"].to_numpy())
    np.testing.assert_array_equal(again.predict_proba(table), model.predict_proba(table))


def test_validation_rows_are_later_than_training_rows():
    table, y = small_table()
    shuffled = np.random.default_rng(0).permutation(len(table))
    model = fast().fit(table.iloc[shuffled], y[shuffled], time="day")
    days = table["day"].to_numpy()[shuffled]
    validated = model.folds_ >= 0
    assert days[~validated].max() < days[validated].min()
    assert np.isfinite(model.oof_predictions_[validated]).all()
    assert np.isnan(model.oof_predictions_[~validated]).all()


def test_members_chosen_by_later_samples_learn_from_the_latest_in_the_end():
    rng = np.random.default_rng(0)
    time = np.arange(400)
    x = rng.normal(size=400)
    # The relation reverses in the last fifth: only a network trained on it can predict it.
    y = np.where(time < 320, x, 4 - x) + rng.normal(0, 0.1, 400)
    table = pd.DataFrame({"x": x, "late": (time >= 320) * 1.0 + rng.normal(0, 0.01, 400)})
    model = TabularRegressor(quality="fast", random_state=0).fit(table, y, time=time)
    assert model.score(table[330:], y[330:]) > 0
    assert model.validation_score_.value < -1


def test_times_written_as_text_are_read_as_dates():
    table, y = small_table()
    written = table["day"].dt.strftime("%d.%m.%Y").tolist()
    model = fast().fit(table, y, time=written)
    np.testing.assert_array_equal(model.folds_, fast().fit(table, y, time="day").folds_)


@pytest.mark.parametrize(
    "cv", [3, KFold(3), ShuffleSplit(1, random_state=0), [(range(40), range(40, 60))]]
)
def test_a_splitter_decides_which_samples_are_validated(cv):
    table, y = small_table()
    model = fast().fit(table, y, cv=cv)
    np.testing.assert_array_equal(np.isfinite(model.oof_predictions_[:, 0]), model.folds_ >= 0)
    encoded = model.inputs_.encode(table)
    for member in model.members_:
        rows = model.folds_ == member.split
        expected = member.network.predict_proba(member.matrix(encoded.rows(rows)))
        np.testing.assert_array_equal(model.oof_predictions_[rows], expected.astype(np.float64))


def test_repeated_predictions_of_a_sample_are_averaged():
    table, y = small_table(40)
    splitter = RepeatedKFold(n_splits=2, n_repeats=2, random_state=0)
    model = fast().fit(table, y, cv=splitter)
    encoded = model.inputs_.encode(table.iloc[:1])
    of_first = [
        member.network.predict_proba(member.matrix(encoded))
        for member, (_, rows) in zip(model.members_, splitter.split(table), strict=True)
        if 0 in rows
    ]
    assert len(of_first) == 2
    np.testing.assert_allclose(model.oof_predictions_[:1], np.mean(of_first, axis=0), rtol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"groups": ["a"] * 60}, "only one group, 'a'"),
        ({"groups": ["a", None] * 30}, "groups has no value in row 2 and in 29 more"),
        ({"groups": [1, 2]}, "groups has 2 values, but y has 60"),
        ({"groups": "shpo"}, "Did you mean 'shop'"),
        ({"time": ["2024-01-01"] * 59 + [None]}, "time has no value in row 60"),
        ({"time": [1.0] * 60}, "the same in every row"),
        ({"time": "colour"}, "must have dates, or numbers"),
        ({"time": "day", "cv": 3}, "not both"),
        ({"cv": 1}, "cv=1 must be at least 2"),
        ({"cv": []}, "cv has no split"),
        ({"cv": [([0, 1], [1, 2])]}, "sample 1 both in training and in validation"),
        ({"cv": [([0, 1], [60])]}, "indices from 0 to 59"),
        ({"cv": [([0, 1], [])]}, "no validation samples"),
        ({"cv": [(range(30), range(30, 60))], "groups": ["a", "b"] * 30}, "divides the group"),
        ({"groups": ["a", "b"] * 30, "time": "day"}, "no earlier training samples"),
        ({"sample_weight": np.zeros(60)}, "at least one non-zero"),
        ({"sample_weight": [1.0] * 7 + [0.0] * 53}, "all but 7 of 60 samples"),
    ],
)
def test_invalid_splits_are_rejected_with_a_cure(arguments, said):
    table, y = small_table()
    y[:7] = ["yes", "no"] * 3 + ["yes"]
    with pytest.raises((ValueError, TableError), match=said):
        fast().fit(table, y, **arguments)


def test_samples_of_weight_zero_are_not_used():
    table, y = small_table()
    weight = np.ones(60)
    weight[:10] = 0
    model = fast().fit(table, y, weight)
    assert np.isnan(model.oof_predictions_[:10]).all()
    assert np.isfinite(model.oof_predictions_[10:]).all()


def test_a_class_that_a_training_part_lacks_is_still_predicted():
    table, y = small_table()
    y = y.astype(object)
    y[50:] = "later"
    model = fast().fit(table, y, cv=[(range(40), range(40, 60)), (range(20, 60), range(20))])
    probabilities = model.predict_proba(table)
    assert probabilities.shape == (60, 3)
    assert np.isfinite(model.oof_predictions_[model.folds_ >= 0]).all()
    assert all(len(member.network.classes_) == 3 for member in model.members_)


def test_a_class_of_one_group_is_learned_from_by_every_network():
    table, y = small_table()
    y = np.where(table["shop"] == "a", "only here", y)
    model = fast().fit(table, y, groups="shop")
    assert (model.folds_[table["shop"] == "a"] == -1).all()


def test_a_scorer_decides_and_is_the_validation_score():
    table, y = small_table()
    for scoring in ("accuracy", make_scorer(accuracy_score)):
        model = fast(scoring=scoring).fit(table, y)
        predicted = model.classes_[np.argmax(model.oof_predictions_, axis=1)]
        assert model.validation_score_.value == np.mean(predicted == y)
    assert fast(scoring="accuracy").fit(table, y).validation_score_.metric == "accuracy"
    best = [member.network.best_validation_score_ for member in model.members_]
    assert max(best) <= 1


@pytest.mark.parametrize(
    ("scoring", "said"), [("roc_acu", "Did you mean 'roc_auc'"), ("f1", "pos_label")]
)
def test_a_scorer_that_cannot_score_is_refused_before_training(scoring, said):
    table, y = small_table()
    with pytest.raises(ValueError, match=said):
        fast(scoring=scoring).fit(table, y)


def test_a_regressor_takes_a_scorer():
    table, _ = small_table(200)
    y = table["x"] + np.random.default_rng(1).normal(0, 0.3, 200)
    model = TabularRegressor(quality="fast", scoring="r2", random_state=0).fit(table, y)
    assert model.validation_score_.metric == "r2"
    assert model.validation_score_.value > 0.5


@pytest.mark.parametrize("cls", [TabularClassifier, TabularRegressor])
@pytest.mark.parametrize(
    ("parameter", "value", "nearest"),
    [("quality", "fats", "fast"), ("categorical_features", "atuo", "auto"), ("device", "cdua", "")],
)
def test_a_misspelt_name_is_refused_with_the_nearest_match(cls, parameter, value, nearest):
    table, y = small_table()
    with pytest.raises(ValueError, match=f"Got '{value}' instead") as caught:
        cls(**{parameter: value}).fit(table, y)
    assert f"'{parameter}' parameter of {cls.__name__} must be a str among" in str(caught.value)
    assert not nearest or f"Did you mean {nearest!r}?" in str(caught.value)


@pytest.mark.parametrize("scoring", [None, "accuracy", "neg_log_loss"])
def test_the_best_epoch_is_that_of_the_weights_also_where_a_scorer_chose(scoring):
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(80, 3)), columns=["a", "b", "c"])
    y = (table["a"] + 0.5 * rng.normal(size=80) > 0).to_numpy()
    model = fast(scoring=scoring).fit(table, y)
    encoded = model.inputs_.encode(table)
    for member in model.members_:
        rows = model.folds_ == member.split
        network, matrix = member.network, member.matrix(encoded.rows(rows))
        curve = network.validation_loss_curve_
        loss = log_loss(y[rows], network.predict_proba(matrix))
        assert curve[best_epoch(network) - 1] == pytest.approx(loss, rel=1e-4)


def test_whole_numbers_become_categories_where_the_user_says_so():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"code": rng.integers(0, 5, 60), "x": rng.normal(size=60)})
    y = np.where(table["code"] % 2 + table["x"] > 0.5, "yes", "no")
    kinds = {
        str(setting): fast(categorical_features=setting).fit(table, y).inputs_.encoding_.kinds_
        for setting in ("from_dtype", "auto", ["code"], [0], [True, False])
    }
    assert [each["code"] for each in kinds.values()] == ["number", *["category"] * 4]
    with pytest.raises(TableError, match="Did you mean 'code'"):
        fast(categorical_features=["cod"]).fit(table, y)


@pytest.mark.parametrize("setting", ["auto", ["x0"], [0], [True, False]])
def test_categorical_features_of_an_array_are_named_by_index_or_x0_x1(setting):
    rng = np.random.default_rng(0)
    array = np.column_stack([rng.integers(0, 5, 60), rng.normal(size=60)])
    model = fast(categorical_features=setting).fit(array, array[:, 0] + array[:, 1] > 2)
    assert model.inputs_.encoding_.kinds_ == {"x0": "category", "x1": "number"}
    assert model.predict(array).shape == (60,)
    with pytest.raises(TableError, match="indices from 0 to 1"):
        fast(categorical_features=[2]).fit(array, array[:, 0] > 2)


def test_auto_and_integer_categories_ask_one_question():
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "few": rng.integers(0, 5, 60),
            "with gaps": np.where(np.arange(60) % 7, rng.integers(0, 5, 60), np.nan),
            "as text": rng.integers(1, 6, 60).astype(str),
            "one a row": rng.permutation(60),
            "halves": rng.integers(0, 5, 60) / 2,
            "two": rng.integers(0, 2, 60),
            "too many": np.arange(60) % 21,
        }
    )
    levels = TableEncoding(integer_categories=20).fit(table).levels_
    assert list(levels) == ["few", "with gaps", "as text"]
    assert types_with_categories(table, "auto", None) == dict.fromkeys(levels, "category")
    assert types_with_categories(table, "auto", {"few": "number"})["few"] == "number"


def test_a_short_time_limit_omits_networks_with_a_remark():
    table, y = small_table(400)
    model = TabularClassifier(time_limit=0.05, random_state=0).fit(table, y)
    assert len(model.members_) >= 1
    assert any("time_limit left" in remark for remark in model.remarks_)
    assert np.isfinite(model.predict_proba(table)).all()


def test_enough_time_changes_nothing():
    table, y = small_table()
    model = fast(time_limit=1000.0).fit(table, y)
    np.testing.assert_array_equal(
        model.predict_proba(table), fast().fit(table, y).predict_proba(table)
    )
    assert not any("time_limit" in remark for remark in model.remarks_)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_progress_counts_all_epochs_in_order(n_jobs):
    table, y = small_table()
    calls = []
    model = fast(n_jobs=n_jobs)
    model._progress = lambda *call: calls.append(call)
    model.fit(table, y)
    assert [done for done, _, _ in calls] == sorted(done for done, _, _ in calls)
    assert calls[-1][0] == calls[-1][1] == sum(m.network.max_iter for m in model.members_)


def test_verbose_writes_the_end_to_standard_error(capsys):
    fast(verbose=1).fit(*small_table())
    out, err = capsys.readouterr()
    assert out == ""
    assert "training: 100 %" in err


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_ctrl_c_ends_the_fit_and_leaves_an_earlier_one_whole(n_jobs):
    table, y = small_table(2000)
    model = TabularClassifier(random_state=0, n_jobs=n_jobs)
    earlier = vars(fast().fit(*small_table())).copy()
    fitted = {name: value for name, value in earlier.items() if name.endswith("_")}
    vars(model).update(fitted)
    struck = threading.Event()

    def strike(done, total, seconds_left):
        if not struck.is_set():
            struck.set()
            signal.raise_signal(signal.SIGINT)

    model._progress = strike
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        model.fit(table, y)
    # Eight networks take far longer: the bound only checks that the fit did not wait for them.
    assert time.monotonic() - began < 30
    assert {name: vars(model)[name] for name in fitted} == fitted or model.members_ is fitted[
        "members_"
    ]
