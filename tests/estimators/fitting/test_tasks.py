"""Loss, outputs, encoding and score that a fit's targets determine."""

from __future__ import annotations

import numpy as np
import pytest

from lamina.encoding import TargetEncoding
from lamina.estimators.fitting.tasks import Classification, Regression
from lamina.formulas import LOSSES


def classification(y: np.ndarray) -> Classification:
    return Classification(TargetEncoding.from_labels(y), y)


BINARY = np.array(["no", "yes", "no", "yes"])
MULTICLASS = np.array([3, 1, 2, 1])
MULTILABEL = np.array([[1, 0], [1, 1], [0, 0], [0, 1]])


@pytest.mark.parametrize("y", [BINARY, MULTICLASS, MULTILABEL], ids=["2", "3", "labels"])
def test_the_targets_of_classes_have_the_form_of_their_loss(y: np.ndarray) -> None:
    task = classification(y)
    targets = task.targets(np.float32)
    if LOSSES[task.loss].targets == "codes":
        assert (targets.shape, targets.dtype) == ((4,), np.int32)
    else:
        assert (targets.shape, targets.dtype) == ((4, task.n_outputs), np.float32)


def test_only_a_single_output_of_classes_is_stratified() -> None:
    assert classification(BINARY).strata().tolist() == [[False], [True], [False], [True]]
    assert classification(MULTICLASS).strata() is None
    assert classification(MULTILABEL).strata() is None
    assert Regression("squared_error", np.arange(4.0)).strata() is None


@pytest.mark.parametrize(
    ("y", "prediction", "accuracy"),
    [
        (BINARY, [[0.1], [0.9], [0.9], [0.9]], 0.75),
        (MULTICLASS, np.eye(3)[[2, 0, 1, 1]], 0.75),
        (MULTILABEL, [[0.9, 0.1], [0.9, 0.9], [0.1, 0.9], [0.9, 0.9]], 0.5),
    ],
    ids=["2", "3", "labels"],
)
def test_classes_are_scored_by_accuracy_on_the_requested_samples(
    y: np.ndarray, prediction: list[list[float]], accuracy: float
) -> None:
    assert classification(y).score_on(None)(np.array(prediction)) == accuracy
    heavy = np.array([1.0, 1.0, 0.0, 0.0])
    assert classification(y).score_on(heavy)(np.array(prediction)) == 1.0
    assert classification(y).part(slice(2)).score_on(None)(np.array(prediction[:2])) == 1.0


def test_numbers_are_columns_of_the_requested_dtype() -> None:
    for y in (np.arange(6), np.arange(6.0).reshape(3, 2)):
        targets = Regression("squared_error", y).targets(np.float32)
        assert targets.dtype == np.float32
        assert targets.flags.c_contiguous
        assert targets.shape == (len(y), Regression("squared_error", y).n_outputs)


def test_a_number_too_large_for_float32_becomes_infinite_without_a_warning() -> None:
    assert np.isinf(Regression("squared_error", np.array([1e300])).targets(np.float32)).all()


def test_numbers_are_scored_by_r_squared_in_float64() -> None:
    y = np.array([1.0, 2.0, 3.0 + 1e-7])
    score = Regression("squared_error", y).score_on(None)
    assert score(y.reshape(-1, 1)) == 1.0
    assert score(y.reshape(-1, 1).astype(np.float32)) < 1.0
