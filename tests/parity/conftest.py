"""Definition of "the same numbers": compare a fitted estimator with scikit-learn's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

AGREEMENT = 1e-8

EXACT = ("n_iter_", "t_", "n_layers_", "n_outputs_", "out_activation_", "n_features_in_")
CLOSE = ("loss_curve_", "validation_scores_", "best_loss_", "best_validation_score_", "loss_")


def close(ours: Any, expected: Any, agreement: float = AGREEMENT) -> None:
    """Check equal shape and dtype, and a distance relative to the largest element."""
    ours, expected = np.asarray(ours), np.asarray(expected)
    assert ours.shape == expected.shape
    assert ours.dtype == expected.dtype
    if expected.size:
        largest = np.abs(expected).max()
        np.testing.assert_allclose(ours, expected, rtol=0, atol=agreement * largest)


def same(ours: Any, expected: Any, X: Any, agreement: float = AGREEMENT) -> None:
    """Check equal fitted attributes, and equal predictions for X."""
    for name in EXACT:
        assert getattr(ours, name) == getattr(expected, name), name
    for name in CLOSE:
        # scikit-learn records no losses for 'lbfgs'.
        if ours.solver == "lbfgs" and not hasattr(expected, name):
            continue
        assert hasattr(ours, name) == hasattr(expected, name), name
        if getattr(expected, name, None) is None:
            assert getattr(ours, name, None) is None, name
        else:
            values = np.asarray(getattr(expected, name), dtype=np.float64)
            close(np.asarray(getattr(ours, name)), values, agreement)
    for name in ("coefs_", "intercepts_"):
        for part, expected_part in zip(getattr(ours, name), getattr(expected, name), strict=True):
            close(part, expected_part, agreement)
    stalled = getattr(expected, "_no_improvement_count", 0)
    assert getattr(ours, "_no_improvement_count", 0) == stalled
    if hasattr(expected, "classes_"):
        np.testing.assert_array_equal(ours.classes_, expected.classes_)
        np.testing.assert_array_equal(ours.predict(X), expected.predict(X))
        close(ours.predict_proba(X), expected.predict_proba(X), agreement)
    else:
        close(ours.predict(X), expected.predict(X), agreement)


@pytest.fixture(scope="session")
def assert_same() -> Callable[..., None]:
    """`assert_same(ours, expected, X, agreement=1e-8)`: see `same`."""
    return same
