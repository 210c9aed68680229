"""Statistics of the target by category: a sample never sees its own target."""

import numpy as np
import pytest

from lamina.tabular.target_statistics import TargetStatistics


def fit(codes, y, size, seed=0):
    return TargetStatistics.fit(
        codes[:, np.newaxis], y[:, np.newaxis], (size,), np.random.RandomState(seed)
    )


def test_a_category_of_one_sample_does_not_reveal_its_target():
    rng = np.random.default_rng(0)
    y, codes = rng.normal(size=300), np.arange(300) + 1
    _, inputs = fit(codes, y, 301)
    # Each sample has the mean of the other parts: the same for all samples of a part.
    assert len(np.unique(inputs[:, 0])) <= 5


def test_statistics_of_training_and_of_later_samples_agree():
    rng = np.random.default_rng(0)
    codes = rng.integers(1, 11, 5000)
    y = codes + rng.normal(size=5000)
    statistics, inputs = fit(codes, y, 11)
    later = statistics.transform(codes[:, np.newaxis])
    assert later == pytest.approx(inputs, abs=0.1)
    assert np.corrcoef(later[:, 0], codes)[0, 1] > 0.99


def test_a_code_that_training_never_had_is_the_mean_of_all():
    y, codes = np.repeat([0.0, 4.0], 50), np.repeat([1, 2], 50)
    statistics, _ = fit(codes, y, 4)
    unknown, first, second = statistics.tables[0][[3, 1, 2], 0]
    assert unknown == pytest.approx((first + second) / 2, abs=1e-6)


def test_without_coded_columns_there_are_no_inputs():
    statistics, inputs = TargetStatistics.fit(
        np.empty((9, 0), np.int64), np.ones((9, 1)), (), np.random.RandomState(0)
    )
    assert inputs.shape == statistics.transform(np.empty((9, 0), np.int64)).shape == (9, 0)
