"""Messages of every method about wrong data: the argument, its place, and the cure."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from tests.engines.local_engines import LOCAL_ENGINES

from lamina import MLPClassifier, MLPRegressor
from lamina.errors import NonFiniteError

X = np.random.RandomState(0).standard_normal((20, 3))
Y = np.arange(20) % 2


def with_element(array: Any, place: Any, value: Any) -> Any:
    changed = np.array(array, dtype=object if not isinstance(value, float) else float)
    changed[place] = value
    return changed


WRONG_X: dict[str, tuple[Any, str]] = {
    "NaN": (with_element(X, (3, 2), np.nan), r"Input X contains NaN: X\[3, 2\] is nan\. Drop"),
    "infinity": (with_element(X, (5, 1), np.inf), r"X contains infinity.*: X\[5, 1\] is inf\."),
    "None": (with_element(X, (2, 1), None), r"X\[2, 1\] is None\. Drop"),
    "text": (with_element(X, (2, 1), "a"), r"X\[2, 1\] is 'a'\. Encode categories"),
    "NaN in CSR": (sparse.csr_array(with_element(X, (3, 2), np.nan)), r"X\[3, 2\] is nan"),
    "a frame with NaN": (
        pd.DataFrame(with_element(X, (3, 2), np.nan), columns=["a", "b", "c"]),
        r"X\[3, 2\] \(column 'c'\) is nan",
    ),
    "nothing": (None, r"X is None"),
    "a vector": (X[:, 0], r"Reshape your data.* X has shape \(20,\)"),
    "three dimensions": (X[None], r"X has shape \(1, 20, 3\)"),
    "a number": (3.0, r"X is 3\.0"),
    "no rows": (X[:0], r"X has shape \(0, 3\)"),
    "no columns": (X[:, :0], r"X has shape \(20, 0\)"),
    "complex numbers": (X + 1j, r"Complex data not supported: use the real"),
    "ragged lists": ([[1, 2], [3]], r"X and y must be rectangular"),
    "a word": ("hello", r"X is 'hello'"),
}
METHODS = ("predict", "activations", "input_gradients", "integrated_gradients", "transform")


def require_message(call: Any, pattern: str) -> None:
    with pytest.raises((ValueError, TypeError), match=pattern) as caught:
        call()
    assert "\n" not in str(caught.value)
    assert "  " not in str(caught.value)


def fitted(made: Any) -> Any:
    return made(max_iter=1).fit(X, Y)


pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
every_estimator = pytest.mark.parametrize("made", [MLPClassifier, MLPRegressor])


@every_estimator
@pytest.mark.filterwarnings("ignore:X has feature names")
@pytest.mark.parametrize("kind", WRONG_X)
def test_wrong_inputs_are_named_with_their_place(made: Any, kind: str) -> None:
    rows, pattern = WRONG_X[kind]
    require_message(lambda: made(max_iter=1).fit(rows, Y), pattern)
    model = fitted(made)
    for method in METHODS:
        require_message(lambda method=method: getattr(model, method)(rows), pattern)
    require_message(lambda: model.score(rows, Y), pattern)
    held_out = (rows, Y)
    require_message(
        lambda: made(max_iter=1).fit(X, Y, validation_data=held_out),
        f"^validation_data: .*{pattern}",
    )


@every_estimator
def test_inputs_with_other_features_or_another_length_are_refused(made: Any) -> None:
    model = fitted(made)
    for method in METHODS:
        call = getattr(model, method)
        require_message(lambda call=call: call(X[:, :2]), "has 2 features, .* expecting 3")
    require_message(lambda: made().fit(X, Y[:5]), "X has 20 rows, and y 5")
    require_message(lambda: model.score(X, Y[:5]), "X has 20 rows, and y 5")


WRONG_LABELS: dict[str, tuple[Any, str]] = {
    "NaN": (with_element(Y, 4, np.nan), r"Input y contains NaN: y\[4\] is nan"),
    "None among numbers": (
        with_element(Y, 7, None),
        r"y\[7\] is None, and every sample needs a label",
    ),
    "None among words": (
        with_element(Y.astype(str).astype(object), 7, None),
        r"y\[7\] is None, and every sample needs a label",
    ),
    "words and numbers": (with_element(Y, 9, "a"), r"y\[0\] is 0, and y\[9\] is 'a'"),
    "continuous": (X[:, 0], "Unknown label type: continuous"),
    "nothing": (None, "requires y to be passed"),
    "three dimensions": (Y[:, None, None], r"y has shape \(20, 1, 1\)"),
    "a number": (1, "y is 1"),
}


@pytest.mark.parametrize("kind", WRONG_LABELS)
def test_wrong_labels_are_named_with_their_index(kind: str) -> None:
    labels, pattern = WRONG_LABELS[kind]
    require_message(lambda: MLPClassifier(max_iter=1).fit(X, labels), pattern)


@pytest.mark.parametrize("gap", [None, np.nan, pd.NA])
def test_a_missing_label_is_found_in_fit_and_score(gap: Any) -> None:
    words = np.array([*"ab"] * 10, dtype=object)
    model = MLPClassifier(max_iter=1).fit(X, words)
    words[13] = gap
    require_message(lambda: MLPClassifier(max_iter=1).fit(X, words), r"y\[13\] is")
    require_message(lambda: model.score(X, words), r"y\[13\] is")


WRONG_TARGETS: dict[str, tuple[Any, str]] = {
    "NaN": (with_element(Y, 4, np.nan), r"y\[4\] is nan\. Drop"),
    "None": (with_element(Y, 7, None), r"y\[7\] is nan\. Drop"),
    "words": (Y.astype(str), r"y must be a dense array of numbers.*y.astype\(float\)"),
    "a word": (with_element(Y, 9, "a"), r"y\[9\] is 'a'"),
}


@pytest.mark.parametrize("kind", WRONG_TARGETS)
def test_wrong_targets_are_named_with_their_index(kind: str) -> None:
    targets, pattern = WRONG_TARGETS[kind]
    require_message(lambda: MLPRegressor(max_iter=1).fit(X, targets), pattern)


def test_a_target_outside_the_domain_of_the_loss_is_named_with_its_index() -> None:
    y = np.ones(20)
    y[11] = -2.0
    require_message(
        lambda: MLPRegressor("poisson").fit(X, y), r"target of -2\.0, the value of y\[11\]"
    )


WEIGHT = np.ones(20)
WRONG_WEIGHTS: dict[str, tuple[Any, str]] = {
    "NaN": (with_element(WEIGHT, 3, np.nan), r"{name}\[3\] is nan"),
    "infinity": (with_element(WEIGHT, 6, -np.inf), r"{name}\[6\] is -inf"),
    "too few": (WEIGHT[:5], r"{name}=.*the 20 samples of X"),
    "a matrix": (WEIGHT[:, None], r"{name}=.*shape \(20, 1\)"),
    "zeros": (0 * WEIGHT, r"{name}=.*at least one non-zero"),
    "a word": ("balanced", r"{name}='balanced'"),
    "a dict": ({"a": 1}, r"{name}={{'a': 1}}"),
}


@every_estimator
@pytest.mark.parametrize("kind", WRONG_WEIGHTS)
def test_wrong_weights_are_named_with_their_index(made: Any, kind: str) -> None:
    weight, pattern = WRONG_WEIGHTS[kind]
    named = pattern.format(name="sample_weight")
    require_message(lambda: made(max_iter=1).fit(X, Y, weight), named)
    require_message(lambda: fitted(made).score(X, Y, weight), named)
    require_message(
        lambda: made(max_iter=1).fit(X, Y, validation_data=(X, Y, weight)),
        pattern.format(name="weight_val"),
    )


CANCELLING = np.where(np.arange(20) % 4 < 2, 1.0, -1.0)


@every_estimator
@pytest.mark.parametrize("engine", LOCAL_ENGINES)
def test_weights_that_cancel_are_refused_if_a_mean_needs_their_sum(made: Any, engine: str) -> None:
    model = made(max_iter=1, engine=engine)
    pattern = "weights of a whole batch sum to zero.*larger batch_size"
    with pytest.raises(ZeroDivisionError, match=pattern):
        model.fit(X, Y, CANCELLING)
    with pytest.raises(ZeroDivisionError, match="score has no mean"):
        model.fit(X, Y).score(X, Y, CANCELLING)
    with pytest.raises(ValueError, match="sums to zero over the 20 held-out samples"):
        model.fit(X, Y, validation_data=(X, Y, CANCELLING))


def test_divergence_with_nearly_cancelling_weights_names_the_weights() -> None:
    weight = np.where(CANCELLING < 0, -1.0, 1 + 1e-13)
    model = MLPRegressor(solver="sgd", learning_rate_init=1.0, momentum=0.0)
    with pytest.raises(NonFiniteError, match="sample_weight contains negative numbers"):
        model.fit(X, 1.0 * Y, weight)


def test_targets_are_scaled_with_weights_of_any_sign() -> None:
    weight = np.where(np.arange(20) < 8, -1.0, 1.0)
    model = MLPRegressor(max_iter=20, scale_target=True, random_state=0)
    assert model.fit(X, 1e3 * Y, weight).target_scale_ == [500.0]
    assert np.isfinite(model.loss_)


TWO_LABELS = np.column_stack([Y, 1 - Y, Y])
TWO_COLUMNS = np.column_stack([Y, Y + 1, np.arange(20) % 3])


@pytest.mark.parametrize(("y", "classes"), [(Y, [0, 1]), (TWO_LABELS, 3), (TWO_COLUMNS, 3)])
def test_the_classes_that_the_first_partial_fit_advises_are_valid(y: Any, classes: Any) -> None:
    with pytest.raises(ValueError, match="classes must be passed") as caught:
        MLPClassifier().partial_fit(X, y)
    code = str(caught.value).partition("Pass classes=")[2].removesuffix(".").split(", the ")[0]
    advised = eval(code, {"np": np, "y_all": y})
    assert len(advised) == (classes if isinstance(classes, int) else len(classes))
    MLPClassifier().partial_fit(X, y, classes=advised).predict(X)


@pytest.mark.parametrize("classes", ["ab", 3, [0, None], [np.nan, 1]])
def test_classes_that_are_not_labels_are_shown_in_the_error(classes: Any) -> None:
    require_message(
        lambda: MLPClassifier().partial_fit(X, Y, classes=classes),
        r"classes=.* is not a list of labels: .*\. Pass classes=np\.unique\(y_all\)\.",
    )


@pytest.mark.parametrize(
    ("class_weight", "pattern"),
    [
        ({5: 1}, r"class_weight=\{5: 1\} does not match y"),
        ([1, 2], r"class_weight=\[1, 2\] does not match y"),
        ({0: "a", 1: 1}, "does not match y"),
        ({0: np.nan, 1: 1}, "below zero, infinite or NaN"),
        ({0: -1, 1: 1}, "below zero"),
    ],
)
def test_wrong_class_weights_are_shown_in_the_error(class_weight: Any, pattern: str) -> None:
    require_message(lambda: MLPClassifier(class_weight=class_weight).fit(X, Y), pattern)


@every_estimator
@pytest.mark.parametrize(
    ("call", "pattern"),
    [
        (lambda m: m.transform(X, layer="a"), "layer='a' must be a whole number"),
        (lambda m: m.transform(X, layer=5), "layer=5 is none"),
        (lambda m: m.input_gradients(X, output="a"), "output='a' must be a whole number"),
        (lambda m: m.integrated_gradients(X, baseline="mean"), "baseline='mean' must be a number"),
        (lambda m: m.integrated_gradients(X, n_steps=1.5), r"n_steps=1\.5 must be a whole number"),
        (
            lambda m: m.check_gradients(X, Y, max_parameters=0),
            "max_parameters=0 must be at least 1",
        ),
        (lambda m: m.check_gradients(X, Y, max_parameters="a"), "max_parameters='a' must be"),
        (lambda m: m.find_learning_rate(X, Y, lowest="a"), "lowest='a' must be a number"),
        (lambda m: m.find_learning_rate(X, Y, n_steps=12.5), r"n_steps=12\.5 must be a whole"),
        (lambda m: m.fit(X, Y, resume=3), "resume=3 must be the path of a checkpoint"),
    ],
)
def test_wrong_arguments_of_methods_are_shown_in_the_error(
    made: Any, call: Any, pattern: str
) -> None:
    with pytest.raises((ValueError, TypeError, IndexError), match=pattern):
        call(fitted(made))


def test_early_stopping_without_samples_to_hold_out_names_the_cure() -> None:
    require_message(
        lambda: MLPClassifier(early_stopping=True, validation_fraction=0).fit(X, Y),
        "validation_fraction=0 holds out no samples",
    )
    require_message(
        lambda: MLPClassifier(early_stopping=True).fit(X, [0] * 19 + [1]),
        "only 1 member.*pass validation_data",
    )
