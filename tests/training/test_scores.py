"""Scores of held-out samples equal scikit-learn's."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, r2_score

from lamina.training import Accuracy, RSquared

seeds = st.integers(0, 10_000)


@given(seeds, st.integers(2, 20), st.integers(2, 5), st.booleans())
def test_accuracy_equals_scikit_learns(
    seed: int, n_samples: int, n_classes: int, weighted: bool
) -> None:
    random = np.random.RandomState(seed)
    truth, prediction = random.randint(n_classes, size=n_samples), random.rand(n_samples, n_classes)
    weight = random.rand(n_samples) if weighted else None
    score = Accuracy(lambda p: p.argmax(axis=1), truth, weight)
    expected = accuracy_score(truth, prediction.argmax(axis=1), sample_weight=weight)
    assert score(prediction) == expected


@given(seeds, st.integers(2, 20), st.booleans())
def test_the_accuracy_of_indicators_counts_samples_with_all_labels_right(
    seed: int, n_samples: int, weighted: bool
) -> None:
    random = np.random.RandomState(seed)
    truth, prediction = random.randint(2, size=(n_samples, 3)), random.rand(n_samples, 3)
    weight = random.rand(n_samples) if weighted else None
    score = Accuracy(lambda p: (p > 0.5).astype(int), truth, weight)
    expected = accuracy_score(truth, (prediction > 0.5).astype(int), sample_weight=weight)
    assert score(prediction) == expected


@given(seeds, st.integers(2, 20), st.integers(1, 3), st.booleans(), st.booleans())
def test_r_squared_equals_scikit_learns(
    seed: int, n_samples: int, n_outputs: int, weighted: bool, constant: bool
) -> None:
    random = np.random.RandomState(seed)
    truth, prediction = random.randn(n_samples, n_outputs), random.randn(n_samples, n_outputs)
    if constant:
        truth[:, 0] = 1.0
    weight = random.rand(n_samples) if weighted else None
    expected = r2_score(truth, prediction, sample_weight=weight)
    assert RSquared(truth, weight)(prediction) == pytest.approx(expected, rel=1e-13)


def test_a_constant_target_predicted_exactly_scores_one() -> None:
    truth = np.ones((4, 1))
    assert RSquared(truth)(truth) == r2_score(truth, truth) == 1.0


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_prediction_that_is_not_finite_scores_nan(value: float) -> None:
    prediction = np.array([[1.0], [value], [3.0]])
    assert math.isnan(RSquared(np.array([[1.0], [2.0], [3.0]]))(prediction))


def test_a_prediction_too_large_to_square_scores_minus_infinity_without_a_warning() -> None:
    prediction = np.array([[1e200], [2.0], [3.0]])
    assert RSquared(np.array([[1.0], [2.0], [3.0]]))(prediction) == -math.inf


def test_weights_that_sum_to_zero_have_no_mean() -> None:
    truth, nothing = np.array([[1.0], [2.0]]), np.zeros(2)
    with pytest.raises(ZeroDivisionError):
        RSquared(truth, nothing)
    with pytest.raises(ZeroDivisionError):
        Accuracy(lambda p: p.argmax(axis=1), np.array([0, 1]), nothing)(np.eye(2))
