"""Fitted lists that a user has replaced predict as in scikit-learn, or are refused by name."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import numpy as np
import pytest

from lamina import MLPClassifier

X = np.random.RandomState(0).standard_normal((30, 4))
LABELS = {
    "binary": np.array(["no", "yes"])[(X[:, 0] > 0).astype(int)],
    "multiclass": np.arange(30) % 3,
    "multilabel": (X[:, :3] > 0).astype(int),
    "multioutput": np.stack([np.arange(30) % 3, np.arange(30) % 2], axis=1),
}
Change = Callable[[Any], Any]


def fitted(kind: str = "multiclass") -> MLPClassifier:
    return MLPClassifier((5, 3), max_iter=2, random_state=0).fit(X, LABELS[kind])


@pytest.mark.filterwarnings("ignore:Stochastic")
@pytest.mark.parametrize("kind", LABELS)
def test_classes_as_a_list_predict_and_train_the_same(kind: str) -> None:
    model = fitted(kind)
    listed = deepcopy(model)
    listed.classes_ = list(model.classes_)
    np.testing.assert_array_equal(listed.predict(X), model.predict(X))
    pairs = zip(listed.predict_proba(X), model.predict_proba(X), strict=True)
    assert all(np.array_equal(ours, before) for ours, before in pairs)
    for each in (model, listed):
        each.partial_fit(X, LABELS[kind])
    np.testing.assert_array_equal(listed.coefs_[0], model.coefs_[0])


def none(parts: list[Any]) -> None:
    return None


def two_dimensional(parts: list[Any]) -> list[Any]:
    return [parts[0][np.newaxis], *parts[1:]]


@pytest.mark.filterwarnings("ignore:Stochastic")
@pytest.mark.parametrize("method", ["predict", "predict_proba", "partial_fit", "fit"])
@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("coefs_", none),
        ("intercepts_", none),
        ("intercepts_", two_dimensional),
        ("intercepts_", lambda parts: parts[:-1]),
        ("intercepts_", lambda parts: [parts[0][:-1], *parts[1:]]),
    ],
)
def test_parts_that_do_not_fit_are_refused_wherever_they_are_read(
    name: str, change: Change, method: str
) -> None:
    model = fitted().set_params(warm_start=True)
    setattr(model, name, change(getattr(model, name)))
    rows = (X,) if method.startswith("predict") else (X, LABELS["multiclass"])
    with pytest.raises(ValueError, match=f"{name}.* fit the estimator again"):
        getattr(model, method)(*rows)
