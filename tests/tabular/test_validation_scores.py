"""Standard error of the out-of-fold score, for samples, groups and periods."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from lamina import TabularRegressor
from lamina.tabular.ensembling import _cross_weighted
from lamina.tabular.folds import build_splits
from lamina.tabular.scoring import Scoring
from lamina.tabular.selection import select_weights
from lamina.tabular.time_limits import TimeLimit
from lamina.tabular.validation_scores import (
    METRICS,
    ValidationScore,
    cross_validated_score,
    later_score,
    score_with_error,
)

RMSE = "neg_root_mean_squared_error"


def clustered_errors(n_groups, size, seed=0):
    """Return groups, and predictions whose error is one draw for each group."""
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(n_groups), size)
    return groups, rng.normal(size=n_groups)[groups]


def test_groups_of_one_sample_have_the_standard_error_of_samples():
    _, predictions = clustered_errors(200, 1)
    y = np.zeros(200)
    alone = score_with_error(RMSE, y, predictions, groups=np.arange(200))
    assert alone == score_with_error(RMSE, y, predictions)
    # The standard error of a mean of squares is √(2 / n) of it; that of its root is half.
    assert alone.standard_error == pytest.approx(np.sqrt(2 / 200) / 2, rel=0.2)


def test_the_standard_error_of_groups_does_not_shrink_with_their_size():
    few = clustered_errors(50, 1)[1]
    groups, many = clustered_errors(50, 40)
    y = np.zeros(2000)
    by_sample = score_with_error(RMSE, y, many)
    by_group = score_with_error(RMSE, y, many, groups=groups)
    assert by_group.standard_error > 4 * by_sample.standard_error
    assert by_group.standard_error == pytest.approx(
        score_with_error(RMSE, np.zeros(50), few).standard_error, rel=1e-9
    )
    assert by_group.value == by_sample.value


def test_numbers_of_groups_may_have_gaps():
    groups, predictions = clustered_errors(20, 5)
    y = np.zeros(100)
    assert score_with_error(RMSE, y, predictions, groups=groups) == score_with_error(
        RMSE, y, predictions, groups=groups * 7 + 3
    )


@pytest.mark.parametrize(("n_folds", "n_repeats"), [(8, 1), (5, 3)])
def test_overlapping_training_sets_raise_the_standard_error_as_in_the_paper(n_folds, n_repeats):
    splits = n_repeats * build_splits(np.arange(240) % n_folds)
    score = cross_validated_score(ValidationScore(RMSE, -1.0, 0.1), splits, 240)
    # S² (1/J + n₂/n₁) with S² = 0.1² n/n₂.
    squared = 0.01 * n_folds * (1 / (n_folds * n_repeats) + 1 / (n_folds - 1))
    assert score.standard_error == pytest.approx(np.sqrt(squared))


def minus_rmse(y, predictions):
    """Return the metric without scikit-learn's checks, which take most of its time."""
    return -float(np.sqrt(np.mean((y - predictions) ** 2)))


def test_the_error_on_new_samples_is_mostly_within_two_standard_errors():
    rng = np.random.default_rng(0)
    within = {"bootstrap": 0, "corrected": 0}
    for _ in range(100):
        X = rng.normal(size=(560, 10))
        y = X[:, 0] + rng.standard_t(4, size=560)
        splits = build_splits(rng.permutation(60) % 5)
        fits = [np.linalg.lstsq(X[train], y[train], rcond=None)[0] for train, _ in splits]
        held_out = np.zeros(60)
        for (_, rows), weights in zip(splits, fits, strict=True):
            held_out[rows] = X[rows] @ weights
        score = score_with_error(RMSE, y[:60], held_out, minus_rmse)
        reached = minus_rmse(y[60:], X[60:] @ np.mean(fits, axis=0))
        distance = abs(reached - score.value)
        within["bootstrap"] += distance <= 2 * score.standard_error
        corrected = cross_validated_score(score, splits, 60)
        within["corrected"] += distance <= 2 * corrected.standard_error
    assert within["bootstrap"] < 90 <= within["corrected"]


def test_no_sample_is_scored_with_weights_that_it_chose():
    rng = np.random.default_rng(0)
    y = rng.normal(size=300)
    splits = build_splits(np.arange(300) % 5)
    sample = SimpleNamespace(
        splits=splits, target=SimpleNamespace(learned=y), scoring=Scoring(RMSE, None)
    )
    # Candidates without skill: their best mixture is chosen by chance alone.
    candidates = [rng.normal(size=300) for _ in range(8)]
    weights = select_weights(candidates, lambda p: METRICS[RMSE](y, p))
    crossed = _cross_weighted(sample, weights, candidates)
    mixed = sum(w * each for w, each in zip(weights, candidates, strict=True))
    assert METRICS[RMSE](y, crossed) < METRICS[RMSE](y, mixed)
    rows = splits[2].validation
    others = splits[2].train
    own = select_weights([c[others] for c in candidates], lambda p: METRICS[RMSE](y[others], p))
    expected = sum(w * each[rows] for w, each in zip(own, candidates, strict=True))
    np.testing.assert_allclose(crossed[rows], expected)


def test_the_score_of_a_later_period_falls_within_two_standard_errors():
    rng = np.random.default_rng(0)
    outside = 0
    for _ in range(200):
        # The size of the errors differs from period to period.
        sizes = np.exp(rng.normal(0, 0.3, size=9))
        errors = rng.normal(size=(9, 100)) * sizes[:, None]
        y, seen = np.zeros(800), errors[:8].ravel()
        score = score_with_error(RMSE, y, seen, limit=TimeLimit())
        later = later_score(score, y, seen, METRICS[RMSE], np.repeat(np.arange(8), 100))
        reached = METRICS[RMSE](np.zeros(100), errors[8])
        outside += abs(reached - later.value) > 2 * later.standard_error
    assert outside < 0.12 * 200


def test_periods_with_one_class_are_not_scored():
    y = np.array([0, 0, 0, 1, 0, 1, 0, 1])
    probabilities = np.linspace(0.1, 0.9, 8)
    predictions = np.stack([1 - probabilities, probabilities], axis=1)
    score = score_with_error("roc_auc", y, predictions)
    periods = np.array([0, 0, 0, 1, 1, 1, 1, 1])
    assert later_score(score, y, predictions, METRICS["roc_auc"], periods) == score


def test_groups_and_periods_of_fit_reach_the_standard_error():
    rng = np.random.default_rng(0)
    shop = np.repeat(np.arange(30), 8)
    table = pd.DataFrame({"x": rng.normal(size=240), "shop": shop})
    table["day"] = np.tile(pd.date_range("2024-01-01", periods=24), 10)
    y = table["x"].to_numpy() + rng.normal(size=30)[shop]
    model = TabularRegressor(quality="fast", random_state=0)
    by_sample = model.fit(table.drop(columns="shop"), y).validation_score_
    by_group = model.fit(table, y, groups="shop").validation_score_
    assert by_group.standard_error > by_sample.standard_error
    by_time = model.fit(table, y, time="day").validation_score_
    rows = model.folds_ >= 0
    scored = score_with_error(RMSE, y[rows], model.oof_predictions_[rows])
    assert by_time.value == scored.value
    assert by_time.standard_error >= scored.standard_error


PAIRS = [(np.arange(30), np.arange(30, 60)), (np.arange(30, 60), np.arange(30))]


@pytest.mark.parametrize(
    "splitting", [{}, {"cv": 3}, {"time": "day"}, {"groups": "shop"}, {"cv": PAIRS}]
)
def test_random_rows_of_a_table_with_dates_are_remarked_on(splitting):
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"x": rng.normal(size=60), "shop": np.arange(60) % 12})
    table["day"] = pd.date_range("2024-01-01", periods=60)
    y = table["x"] + rng.normal(size=60)
    model = TabularRegressor(quality="fast", random_state=0).fit(table, y, **splitting)
    remarks = [remark for remark in model.remarks_ if "time='day'" in remark]
    assert len(remarks) == (splitting in ({}, {"cv": 3}))


def test_a_table_without_dates_or_with_one_date_has_no_remark_on_time():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"x": rng.normal(size=60), "day": pd.Timestamp("2024-01-01")})
    y = table["x"] + rng.normal(size=60)
    model = TabularRegressor(quality="fast", random_state=0).fit(table, y)
    assert not [remark for remark in model.remarks_ if "time=" in remark]
