"""The number of jobs and of threads changes no bit of a fit, whatever its arguments are."""

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import ShuffleSplit

from lamina import TabularClassifier, TabularRegressor

pytestmark = pytest.mark.filterwarnings("ignore::lamina.errors.NoBetterThanTrivialWarning")

N_SAMPLES = 64
RNG = np.random.default_rng(0)
TABLE = pd.DataFrame(
    {
        "size": RNG.normal(size=N_SAMPLES),
        "gaps": np.where(np.arange(N_SAMPLES) % 5, RNG.normal(size=N_SAMPLES), np.nan),
        "shop": RNG.choice([f"s{i}" for i in range(14)], N_SAMPLES),
        "group": RNG.choice(list("abcdef"), N_SAMPLES),
        "day": pd.date_range("2024-01-01", periods=N_SAMPLES),
    }
)
VALUES = (TABLE["size"] + 0.3 * RNG.normal(size=N_SAMPLES)).to_numpy()
WEIGHT = RNG.integers(0, 3, N_SAMPLES).astype(float)
ARGUMENTS = {
    "none": {},
    "groups": {"groups": "group"},
    "time": {"time": "day"},
    "cv": {"cv": ShuffleSplit(2, random_state=0)},
    "sample_weight": {"sample_weight": WEIGHT},
    "groups, time and weights": {"groups": "shop", "time": "day", "sample_weight": WEIGHT},
}
SCORERS = {TabularClassifier: "accuracy", TabularRegressor: "neg_mean_absolute_error"}


def fitted_with(estimator, n_jobs, n_threads, monkeypatch, arguments, **parameters):
    build = estimator._build
    with monkeypatch.context() as patch:
        patch.setattr(
            estimator,
            "_build",
            lambda self, settings: build(self, {**settings, "n_threads": n_threads}),
        )
        model = estimator(**{"quality": "fast", "random_state": 0, "n_jobs": n_jobs, **parameters})
        y = VALUES if estimator is TabularRegressor else np.digitize(VALUES, [-0.5, 0.5])
        model.fit(TABLE, y, **arguments)
    assert {member.network.n_threads for member in model.members_} == {n_threads}
    return model


def assert_same_bits(first, second):
    for name in ("oof_predictions_", "folds_", "member_weights_"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))
    assert first.validation_score_ == second.validation_score_
    predict = "predict_proba" if hasattr(first, "predict_proba") else "predict"
    np.testing.assert_array_equal(getattr(first, predict)(TABLE), getattr(second, predict)(TABLE))
    for mean, other in zip(first.input_means_, second.input_means_, strict=True):
        np.testing.assert_array_equal(mean, other)


@pytest.mark.parametrize("scoring", [None, "a scorer"])
@pytest.mark.parametrize("name", ARGUMENTS)
@pytest.mark.parametrize("estimator", [TabularClassifier, TabularRegressor])
def test_jobs_and_threads_change_no_bit(estimator, name, scoring, monkeypatch):
    parameters = {"scoring": SCORERS[estimator] if scoring else None}
    first, second = (
        fitted_with(estimator, n_jobs, n_threads, monkeypatch, ARGUMENTS[name], **parameters)
        for n_jobs, n_threads in ((1, 1), (2, 3))
    )
    assert_same_bits(first, second)


def test_they_change_no_bit_of_several_recipes_with_weights_of_classes(monkeypatch):
    parameters = {"quality": "balanced", "class_weight": "balanced"}
    first, second = (
        fitted_with(TabularClassifier, n_jobs, n_threads, monkeypatch, {"cv": 3}, **parameters)
        for n_jobs, n_threads in ((1, 1), (2, 2))
    )
    assert_same_bits(first, second)
