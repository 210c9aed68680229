"""Losses, class weights and several columns of labels in MLPClassifier."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import load_digits, load_iris
from sklearn.metrics import recall_score
from sklearn.model_selection import train_test_split
from sklearn.utils import get_tags
from sklearn.utils.class_weight import compute_sample_weight
from tests.engines.local_engines import LOCAL_ENGINES

import lamina
from lamina import MLPClassifier
from lamina.encoding.targets import CLASSIFICATION_LOSSES

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, Y = load_iris(return_X_y=True)
X = (X - X.mean(axis=0)) / X.std(axis=0)
NAMES = np.array(["setosa", "versicolor", "virginica"])[Y]
SEVERAL = np.c_[Y, Y % 2 + 5, np.arange(150) // 40]
TARGETS = {
    "two": NAMES == "setosa",
    "three": NAMES,
    "labels": np.c_[Y > 0, Y > 1].astype(int),
    "several": SEVERAL,
}
every_target = pytest.mark.parametrize("y", TARGETS.values(), ids=TARGETS)


def quick(**parameters: Any) -> MLPClassifier:
    params = {"hidden_layer_sizes": (12,), "max_iter": 60, "random_state": 0, **parameters}
    return MLPClassifier(**params)


def arrays(answer: Any) -> list[np.ndarray]:
    return answer if isinstance(answer, list) else [answer]


@every_target
@pytest.mark.parametrize("loss", CLASSIFICATION_LOSSES)
@pytest.mark.parametrize("label_smoothing", [0.0, 0.2])
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_every_engine_learns_the_same_from_every_kind_of_targets(
    y: np.ndarray, loss: str, label_smoothing: float, solver: str
) -> None:
    params = {"loss": loss, "label_smoothing": label_smoothing, "solver": solver, "max_iter": 8}
    first, *others = [quick(engine=engine, **params).fit(X, y) for engine in LOCAL_ENGINES]
    assert first.predict(X).shape == y.shape
    for other in others:
        for ours, theirs in zip(
            arrays(first.predict_proba(X)), arrays(other.predict_proba(X)), strict=True
        ):
            np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-9)


@every_target
@pytest.mark.parametrize("loss", CLASSIFICATION_LOSSES)
def test_every_kind_of_target_is_learned(y: np.ndarray, loss: str) -> None:
    model = quick(loss=loss, solver="lbfgs", max_iter=300, alpha=0.01).fit(X, y)
    assert model.score(X, y) > (0.6 if y.ndim == 2 and y.shape[1] == 3 else 0.95)


@every_target
def test_a_saved_model_predicts_the_same_classes(y: np.ndarray, tmp_path: Any) -> None:
    model = quick(loss="focal", class_weight="balanced", label_smoothing=0.1).fit(X, y)
    lamina.save(model, tmp_path / "model.lamina")
    found = lamina.load(tmp_path / "model.lamina")
    np.testing.assert_array_equal(found.predict(X), model.predict(X))
    for method in ("predict_proba", "predict_log_proba", "decision_function"):
        for ours, theirs in zip(
            arrays(getattr(found, method)(X)), arrays(getattr(model, method)(X)), strict=True
        ):
            np.testing.assert_array_equal(ours, theirs)


def test_label_smoothing_keeps_probabilities_away_from_0_and_1() -> None:
    for y in (TARGETS["two"], TARGETS["three"], TARGETS["labels"]):
        plain, smoothed = (
            quick(label_smoothing=s, solver="lbfgs", max_iter=500, alpha=1e-6).fit(X, y)
            for s in (0.0, 0.3)
        )
        assert plain.predict_proba(X).max() > 0.999
        assert smoothed.predict_proba(X).max() < 0.97
        assert smoothed.score(X, y) > 0.95


def test_both_losses_are_equal_without_smoothing_and_gamma() -> None:
    for y in TARGETS.values():
        log_loss = quick(max_iter=9).fit(X, y)
        focal = quick(max_iter=9, loss="focal", focal_gamma=0.0).fit(X, y)
        for ours, theirs in zip(log_loss.coefs_, focal.coefs_, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-10)


def test_logits_have_scikit_learns_shapes_and_sign() -> None:
    two = quick().fit(X, TARGETS["two"])
    logits = two.decision_function(X)
    assert logits.shape == (150,)
    np.testing.assert_array_equal(two.classes_[(logits > 0).astype(int)], two.predict(X))
    np.testing.assert_allclose(1 / (1 + np.exp(-logits)), two.predict_proba(X)[:, 1])
    three = quick().fit(X, NAMES)
    logits = three.decision_function(X)
    assert logits.shape == (150, 3)
    np.testing.assert_array_equal(three.classes_[logits.argmax(axis=1)], three.predict(X))
    powers = np.exp(logits)
    np.testing.assert_allclose(powers / powers.sum(axis=1)[:, None], three.predict_proba(X))
    labels = quick().fit(X, TARGETS["labels"])
    np.testing.assert_array_equal(labels.decision_function(X) > 0, labels.predict(X) == 1)
    np.testing.assert_allclose(three.decision_function(X[:2]), logits[:2], rtol=1e-12)


def test_balanced_weights_raise_the_recall_of_a_rare_class() -> None:
    digits, y = load_digits(return_X_y=True)
    is_eight = np.where(y == 8, "eight", "other")
    # One in fifty samples of the rest, and little to learn from.
    kept = np.flatnonzero((y != 8) | (np.cumsum(y == 8) <= 60))
    X_train, X_test, y_train, y_test = train_test_split(
        digits[kept] / 16, is_eight[kept], test_size=0.5, random_state=0, stratify=is_eight[kept]
    )
    recall = {
        weight: recall_score(
            y_test,
            quick(class_weight=weight, max_iter=15).fit(X_train, y_train).predict(X_test),
            pos_label="eight",
        )
        for weight in (None, "balanced")
    }
    assert recall["balanced"] > recall[None] + 0.3


@pytest.mark.parametrize(
    ("name", "class_weight"),
    [
        ("two", "balanced"),
        ("two", {False: 1, True: 5}),
        ("three", {"virginica": 3.0}),
        ("three", "balanced"),
        ("labels", [{0: 1, 1: 2}, {0: 3, 1: 1}]),
        ("labels", "balanced"),
        ("several", "balanced"),
        ("several", [{0: 1, 1: 2, 2: 3}, {5: 1, 6: 2}, {0: 1, 1: 1, 2: 1, 3: 4}]),
    ],
)
def test_class_weights_multiply_sample_weights(name: str, class_weight: Any) -> None:
    y, sample_weight = TARGETS[name], np.linspace(0.5, 2, 150)
    weighed = quick(class_weight=class_weight, max_iter=5).fit(X, y, sample_weight)
    product = sample_weight * compute_sample_weight(class_weight, y)
    by_hand = quick(max_iter=5).fit(X, y, product)
    for ours, theirs in zip(weighed.coefs_, by_hand.coefs_, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_class_weights_of_sparse_indicators_are_those_of_dense_ones() -> None:
    y = TARGETS["labels"]
    dense = quick(class_weight="balanced", max_iter=5).fit(X, y)
    model = quick(class_weight="balanced", max_iter=5).fit(X, sparse.csr_array(y))
    np.testing.assert_array_equal(model.coefs_[0], dense.coefs_[0])


@pytest.mark.parametrize(
    ("class_weight", "message"),
    [
        ({"setosa": 1, "rose": 2}, "are not in class_weight"),
        ({"setosa": -1.0}, "contains a weight below zero"),
        ("balance", "Did you mean 'balanced'"),
    ],
)
def test_class_weights_that_do_not_match_the_labels_are_refused(
    class_weight: Any, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        quick(class_weight=class_weight).fit(X, NAMES)


def test_partial_fit_supports_class_weights_only_as_a_dict() -> None:
    classes = np.unique(NAMES)
    model = quick(class_weight={"virginica": 2.0}).partial_fit(X[:50], NAMES[:50], classes=classes)
    np.testing.assert_array_equal(model.classes_, classes)
    with pytest.raises(ValueError, match="partial_fit does not support class_weight='balanced'"):
        quick(class_weight="balanced").partial_fit(X, NAMES, classes=classes)


def test_several_columns_of_labels_have_a_prediction_each() -> None:
    model = quick(max_iter=300).fit(X, SEVERAL)
    assert [list(classes) for classes in model.classes_] == [[0, 1, 2], [5, 6], [0, 1, 2, 3]]
    assert model.n_outputs_ == 9
    probability, logits = model.predict_proba(X), model.decision_function(X)
    assert [each.shape for each in probability] == [(150, 3), (150, 2), (150, 4)]
    assert [each.shape for each in logits] == [(150, 3), (150,), (150, 4)]
    for each in probability:
        np.testing.assert_allclose(each.sum(axis=1), 1)
    prediction = model.predict(X)
    for j, (classes, each) in enumerate(zip(model.classes_, probability, strict=True)):
        np.testing.assert_array_equal(prediction[:, j], classes[each.argmax(axis=1)])
    np.testing.assert_array_equal(logits[1] > 0, prediction[:, 1] == 6)
    assert model.score(X, SEVERAL) == (prediction == SEVERAL).all(axis=1).mean()
    assert get_tags(model).target_tags.multi_output
    np.testing.assert_allclose(
        np.hstack(model.predict_proba(X[:3])), np.hstack(probability)[:3], rtol=1e-12
    )


def test_each_column_is_learned_as_by_a_separate_network() -> None:
    # Without a hidden layer the columns share no parameters.
    parameters = {"hidden_layer_sizes": (), "solver": "lbfgs", "alpha": 0.1, "tol": 1e-9}
    model = quick(**parameters, max_iter=2000).fit(X, SEVERAL)
    for j in (0, 2):
        alone = quick(**parameters, max_iter=2000).fit(X, SEVERAL[:, j])
        np.testing.assert_allclose(model.predict_proba(X)[j], alone.predict_proba(X), atol=2e-3)


def test_several_columns_of_text_labels_continue_and_stop_early() -> None:
    y = np.c_[NAMES, np.where(Y == 1, "middle", "end")]
    model = quick(early_stopping=True, max_iter=400).fit(X, y)
    assert set(model.predict(X)[:, 1]) <= {"middle", "end"}
    assert 0 < model.best_validation_score_ <= 1
    classes = [np.unique(column) for column in y.T]
    online = quick()
    for part in (slice(0, 60), slice(60, 150)):
        online.partial_fit(X[part], y[part], classes=classes)
    assert [list(each) for each in online.classes_] == [list(each) for each in classes]
    online.partial_fit(X, y, classes=classes)
    with pytest.raises(ValueError, match="is not the same as on the last call"):
        online.partial_fit(X, y, classes=classes[::-1])
    with pytest.raises(ValueError, match=r"classes not in `self.classes_`: .*rose"):
        online.partial_fit(X, np.where(y == "virginica", "rose", y))
    with pytest.raises(ValueError, match="does not match the multioutput targets"):
        online.partial_fit(X, np.c_[y, y[:, 0]])
    warm = quick(warm_start=True, max_iter=3).fit(X, y).fit(X, y)
    assert len(warm.loss_curve_) == 6


def test_a_column_of_one_class_is_always_that_class() -> None:
    y = np.c_[Y, np.full(150, 7)]
    model = quick(max_iter=20).fit(X, y)
    assert (model.predict(X)[:, 1] == 7).all()
    np.testing.assert_array_equal(model.predict_proba(X)[1], 1)


def test_columns_of_continuous_numbers_are_refused_as_labels() -> None:
    with pytest.raises(ValueError, match="Unknown label type: continuous-multioutput"):
        quick().fit(X, X[:, :2])


class Own:
    """Custom log loss for every kind of target; it records its arguments."""

    def __init__(self) -> None:
        self.given: Any = None

    def value_and_delta(self, logits: Any, y: Any, sample_weight: Any) -> Any:
        self.given = y
        if y.dtype == np.int32:
            p = np.exp(logits - logits.max(axis=1, keepdims=True))
            p /= p.sum(axis=1, keepdims=True)
            rows = np.arange(len(y))
            value, delta = -np.log(p[rows, y]), p
            delta[rows, y] -= 1
        else:
            p = 1 / (1 + np.exp(-logits))
            value = -(y * np.log(p) + (1 - y) * np.log(1 - p)).sum(axis=1)
            delta = p - y
        if sample_weight is None:
            return value, delta
        return value * sample_weight, delta * sample_weight[:, np.newaxis]


@pytest.mark.parametrize("name", ["two", "three", "labels"])
@pytest.mark.parametrize("engine", LOCAL_ENGINES)
def test_a_custom_log_loss_trains_like_the_built_in_one(name: str, engine: str) -> None:
    model = quick(loss=Own(), engine=engine, class_weight="balanced", max_iter=15)
    plain = quick(engine=engine, class_weight="balanced", max_iter=15).fit(X, TARGETS[name])
    model.fit(X, TARGETS[name])
    np.testing.assert_allclose(model.predict_proba(X), plain.predict_proba(X), rtol=0, atol=1e-9)
    assert model.loss.given.shape[1:] == {"two": (1,), "three": (), "labels": (2,)}[name]


def test_label_smoothing_is_refused_for_custom_losses() -> None:
    with pytest.raises(ValueError, match=r"label_smoothing=0.1 applies to losses chosen by name"):
        quick(loss=Own(), label_smoothing=0.1).fit(X, Y)
