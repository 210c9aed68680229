"""Meaningless calls: one clear line each, before any work is done."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError

import lamina
from lamina import MLPClassifier
from lamina.errors import CheckpointError

X, Y = load_iris(return_X_y=True)
SMALL: dict[str, Any] = {"hidden_layer_sizes": (3,), "max_iter": 4, "random_state": 0}

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


class At:
    """Callback that calls a function with the running fit."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self.function = function

    def on_epoch_end(self, fit: Any) -> None:
        self.function(fit)


def classifier(**settings: Any) -> MLPClassifier:
    return MLPClassifier(**(SMALL | settings))


def test_find_learning_rate_refuses_lbfgs_by_its_name() -> None:
    with pytest.raises(ValueError, match=r"^find_learning_rate .* solver='lbfgs' has none.*'adam'"):
        classifier(solver="lbfgs").find_learning_rate(X, Y)


def test_class_weights_that_are_all_zero_are_refused() -> None:
    with pytest.raises(ValueError, match=r"class_weight=.* gives every sample weight 0"):
        classifier(class_weight=dict.fromkeys(range(3), 0)).fit(X, Y)


@pytest.mark.parametrize("values", [None, 3, "abc"])
def test_a_sweep_over_a_value_that_is_not_a_sequence_is_refused(values: Any) -> None:
    with pytest.raises(TypeError, match=r"values=.* must be a sequence of values of alpha"):
        lamina.sweep(classifier(), X, Y, "alpha", values)


def test_a_sweep_of_a_class_is_refused() -> None:
    with pytest.raises(TypeError, match=r"estimator=MLPClassifier is a class.*MLPClassifier\(\)"):
        lamina.sweep(MLPClassifier, X, Y, "alpha", [1.0])


@pytest.mark.parametrize("rate", ["x", None, True, 1j])
def test_a_callback_can_only_set_a_number_as_the_learning_rate(rate: Any) -> None:
    def set_rate(fit: Any) -> None:
        fit.learning_rate = rate

    with pytest.raises(TypeError, match=r"learning_rate=.* must be a number"):
        classifier(callbacks=At(set_rate)).fit(X, Y)


def test_a_callback_that_predicts_gets_an_error_with_the_cure() -> None:
    with pytest.raises(NotFittedError, match=r"not fitted yet.*fit\.row.*fit\.coefs"):
        classifier(callbacks=At(lambda fit: fit.model.predict(X))).fit(X, Y)


def test_a_null_character_in_a_checkpoint_path_is_named() -> None:
    with pytest.raises(ValueError, match=r"checkpoint='a\\x00b' contains a null character"):
        classifier(checkpoint="a\0b").fit(X, Y)


def test_to_c_names_the_invalid_argument() -> None:
    model = classifier().fit(X, Y)
    with pytest.raises(TypeError, match="name=None must be a str"):
        lamina.to_c(model, name=None)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"dtype='x' is not a dtype: use 'float32' or 'float64'"):
        lamina.to_c(model, dtype="x")


@pytest.mark.parametrize("labels", [["a", "b", "c"], [5, 7, 9], [1, 2, 3]])
def test_a_checkpoint_of_other_labels_is_refused(tmp_path: Path, labels: list[Any]) -> None:
    path = tmp_path / "fit.checkpoint"
    classifier(checkpoint=path).fit(X, Y)
    with pytest.raises(CheckpointError, match="labels of y differs from the checkpoint's"):
        classifier().fit(X, np.array(labels)[Y], resume=path)
    resumed = classifier(max_iter=6).fit(X, Y, resume=path)
    np.testing.assert_array_equal(resumed.coefs_[0], classifier(max_iter=6).fit(X, Y).coefs_[0])


def test_a_checkpoint_with_more_epochs_than_max_iter_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "fit.checkpoint"
    classifier(checkpoint=path).fit(X, Y)
    with pytest.raises(CheckpointError, match="after epoch 4, and max_iter=3 allows fewer"):
        classifier(max_iter=3).fit(X, Y, resume=path)
    assert classifier().fit(X, Y, resume=path).n_iter_ == 4
