"""Holding out samples draws as scikit-learn's train_test_split does."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import train_test_split

from lamina.training import hold_out


@given(st.integers(10, 60), st.floats(0.2, 0.8), st.integers(0, 1000), st.booleans())
def test_the_same_samples_are_held_out_as_by_scikit_learn(
    n_samples: int, fraction: float, seed: int, stratified: bool
) -> None:
    X, y = np.arange(2.0 * n_samples).reshape(n_samples, 2), np.arange(n_samples) % 2
    ours, theirs = np.random.RandomState(seed), np.random.RandomState(seed)
    learned, held_out = hold_out(n_samples, fraction, ours, y if stratified else None)
    parts = train_test_split(
        X, y, test_size=fraction, random_state=theirs, stratify=y if stratified else None
    )
    np.testing.assert_array_equal(X[learned], parts[0])
    np.testing.assert_array_equal(X[held_out], parts[1])
    assert ours.randint(2**31) == theirs.randint(2**31)


def test_one_held_out_sample_is_too_few_and_the_error_names_the_cure() -> None:
    with pytest.raises(ValueError, match=r"too small: validation_fraction=0\.1 of 9 .* Raise"):
        hold_out(9, 0.1, np.random.RandomState(0))
