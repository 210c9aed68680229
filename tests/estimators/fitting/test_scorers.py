"""Scorers of `monitor=`: every kind of callable, with every source of weights."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest
import sklearn
from sklearn.metrics import accuracy_score, make_scorer, max_error, r2_score

from lamina import MLPClassifier, MLPRegressor

RANDOM = np.random.RandomState(0)
X = RANDOM.standard_normal((60, 3))
Y = X[:, 0] + 0.1 * RANDOM.standard_normal(60)
WEIGHT = RANDOM.uniform(0.5, 2.0, 60)


def plain(model: Any, X: Any, y: Any) -> float:
    return 0.5


def weighted(model: Any, X: Any, y: Any, sample_weight: Any = None) -> float:
    return 0.0 if sample_weight is None else float(np.sum(sample_weight))


class CallableObject:
    def __call__(self, model: Any, X: Any, y: Any, *, sample_weight: Any = None) -> float:
        return weighted(model, X, y, sample_weight)


SCORERS: dict[str, Any] = {
    "function": plain,
    "lambda": lambda model, X, y: np.float32(0.5),
    "function with weights": weighted,
    "object with weights": CallableObject(),
    "partial": partial(plain),
    "name": "r2",
    "name of a metric without weights": "neg_max_error",
    "scorer": make_scorer(r2_score),
    "scorer of a metric without weights": make_scorer(max_error, greater_is_better=False),
    "list": [plain, weighted, "r2", "neg_max_error", "gradient_norm"],
}
SOURCES = ("none", "sample_weight", "validation_data", "both")


def fitted(model: Any, source: str, y: Any) -> Any:
    weight = WEIGHT if source in ("sample_weight", "both") else None
    if source in ("none", "sample_weight"):
        return model.set_params(early_stopping=True).fit(X, y, weight)
    held_out = (X, y, WEIGHT) if source == "both" else (X, y)
    return model.fit(X, y, weight, validation_data=held_out)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("routing", [False, True])
@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("kind", SCORERS)
def test_every_scorer_works_with_every_source_of_weights(
    kind: str, source: str, routing: bool
) -> None:
    model = MLPRegressor("squared_error", (3,), max_iter=2, monitor=SCORERS[kind], random_state=0)
    with sklearn.config_context(enable_metadata_routing=routing):
        fitted(model, source, Y)
    assert len(model.validation_scores_) == 2
    assert np.isfinite(model.validation_scores_).all()


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("class_weight", [None, "balanced", {0: 1.0, 1: 3.0}])
@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("monitor", [plain, weighted, "accuracy", [plain, "neg_log_loss"]])
def test_a_classifier_monitors_by_any_scorer_with_class_weights(
    monitor: Any, source: str, class_weight: Any
) -> None:
    model = MLPClassifier((3,), max_iter=2, monitor=monitor, class_weight=class_weight)
    assert len(fitted(model, source, (Y > 0.3).astype(int)).validation_scores_) == 2


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_scorer_receives_the_weights_of_the_held_out_rows() -> None:
    model = MLPRegressor("squared_error", (3,), max_iter=1, monitor=weighted)
    model.fit(X, Y, validation_data=(X[:10], Y[:10], WEIGHT[:10]))
    assert model.validation_scores_ == [WEIGHT[:10].sum()]
    accuracy = make_scorer(accuracy_score)
    classifier = MLPClassifier((3,), max_iter=1, monitor=accuracy, random_state=0)
    classifier.fit(X, Y > 0, validation_data=(X, Y > 0, WEIGHT))
    right = classifier.predict(X) == (Y > 0)
    assert classifier.validation_scores_ == [pytest.approx(WEIGHT[right].sum() / WEIGHT.sum())]


def test_a_scorer_that_does_not_return_a_number_is_named() -> None:
    model = MLPRegressor("squared_error", (3,), max_iter=2, monitor=lambda model, X, y: "good")
    with pytest.raises(ValueError, match=r"scorer '<lambda>', which returned 'good'"):
        model.fit(X, Y, validation_data=(X, Y))


@pytest.mark.parametrize("monitor", [None, "r2", plain])
def test_held_out_rows_without_weight_are_refused_before_the_first_epoch(monitor: Any) -> None:
    model = MLPRegressor(monitor=monitor, early_stopping=True, random_state=0)
    only_two = (np.arange(60) < 2).astype(float)
    with pytest.raises(ValueError, match="sample_weight sums to zero over the 6 held-out samples"):
        model.fit(X, Y, only_two)
    assert not hasattr(model, "coefs_")
