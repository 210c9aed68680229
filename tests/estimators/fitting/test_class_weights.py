"""Weights of classes: the message for a class that y does not have."""

from __future__ import annotations

import numpy as np
import pytest

from lamina import MLPClassifier

X, Y = np.random.RandomState(0).standard_normal((8, 2)), np.array(["cat", "dog"] * 4)


def test_a_misspelt_class_has_a_suggestion() -> None:
    model = MLPClassifier(class_weight={"cat": 1, "dgo": 2})
    with pytest.raises(ValueError, match=r"y has no class 'dgo'\. Did you mean 'dog'\? Pass"):
        model.fit(X, Y)


def test_an_unknown_number_is_named_without_a_suggestion() -> None:
    model = MLPClassifier(class_weight={0: 1, 7: 2})
    with pytest.raises(ValueError, match=r"y has no class 7\. Pass 'balanced'"):
        model.fit(X, (Y == "cat").astype(int))
