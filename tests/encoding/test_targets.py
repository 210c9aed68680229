"""Labels are encoded and decoded as by scikit-learn's LabelBinarizer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import sklearn
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils.multiclass import type_of_target, unique_labels

from lamina.encoding import TargetEncoding
from lamina.encoding.targets import CLASSIFICATION_LOSSES, LOSS_OF_KIND, classification_loss
from lamina.formulas import LOSSES
from lamina.formulas.hyperparameters import names_of

NAMES = np.array(["ant", "bee", "cat", "dog", "eel"])
labels = st.lists(st.integers(0, 4), min_size=1, max_size=20).map(np.array)
indicators = st.integers(1, 12).flatmap(
    lambda n: st.lists(
        st.lists(st.integers(0, 1), min_size=3, max_size=3), min_size=n, max_size=n
    ).map(np.array)
)


def columns(encoding: TargetEncoding, encoded: np.ndarray) -> np.ndarray:
    """Return the result of LabelBinarizer for encoded labels."""
    return np.eye(len(encoding.classes))[encoded] if encoded.ndim == 1 else encoded


@given(labels, st.booleans())
def test_labels_are_encoded_as_by_scikit_learn(y: np.ndarray, named: bool) -> None:
    y = NAMES[y] if named else y
    encoding, theirs = TargetEncoding.from_labels(y), LabelBinarizer().fit(y)
    np.testing.assert_array_equal(encoding.classes, theirs.classes_)
    np.testing.assert_array_equal(
        columns(encoding, encoding.encode(y, np.float32)), theirs.transform(y)
    )


@given(labels, st.integers(0, 1000))
def test_predictions_are_decoded_as_by_scikit_learn(y: np.ndarray, seed: int) -> None:
    encoding, theirs = TargetEncoding.from_labels(y), LabelBinarizer().fit(y)
    prediction = np.random.RandomState(seed).rand(7, encoding.n_outputs(y))
    expected = theirs.inverse_transform(prediction if prediction.shape[1] > 1 else prediction[:, 0])
    np.testing.assert_array_equal(encoding.decode(prediction), expected)


@given(labels)
def test_decoding_inverts_encoding(y: np.ndarray) -> None:
    encoding = TargetEncoding.from_labels(NAMES[y])
    encoded = encoding.encode(NAMES[y], np.float64)
    np.testing.assert_array_equal(encoding.decode(columns(encoding, encoded)), NAMES[y])


@given(indicators, st.booleans(), st.integers(0, 1000))
def test_indicators_equal_those_of_scikit_learn(y: np.ndarray, is_sparse: bool, seed: int) -> None:
    given_y = sparse.csr_array(y) if is_sparse else y
    encoding, theirs = TargetEncoding.from_labels(given_y), LabelBinarizer().fit(given_y)
    np.testing.assert_array_equal(encoding.encode(given_y, np.float64), y)
    prediction = np.random.RandomState(seed).rand(*y.shape)
    ours, expected = encoding.decode(prediction), theirs.inverse_transform(prediction)
    assert sparse.issparse(ours) == is_sparse
    dense = [a.toarray() if is_sparse else a for a in (ours, expected)]
    np.testing.assert_array_equal(*dense)


def test_a_probability_of_one_half_predicts_the_first_class() -> None:
    half = np.array([[0.5]])
    assert TargetEncoding.from_labels(np.array(["no", "yes"])).decode(half)[0] == "no"


def test_equal_probabilities_predict_the_first_class() -> None:
    encoding = TargetEncoding.from_labels(np.array([3, 1, 2]))
    np.testing.assert_array_equal(encoding.decode(np.array([[0.2, 0.4, 0.4]])), [2])


def test_codes_are_int32_and_values_have_the_given_dtype() -> None:
    y = np.array(["a", "b", "c"])
    assert TargetEncoding.from_labels(y).encode(y, np.float32).dtype == np.int32
    assert TargetEncoding.from_labels(y[:2]).encode(y[:2], np.float32).dtype == np.float32


@pytest.mark.parametrize(
    ("y", "kind", "loss", "n_outputs"),
    [
        (np.array([1, 1]), "binary", "binary_log_loss", 1),
        (np.array([1, 2]), "binary", "binary_log_loss", 1),
        (np.array([1, 2, 3]), "multiclass", "log_loss", 3),
        (np.array([[0, 1], [1, 1]]), "multilabel", "binary_log_loss", 2),
    ],
)
def test_the_kind_of_target_determines_loss_and_outputs(
    y: np.ndarray, kind: str, loss: str, n_outputs: int
) -> None:
    encoding = TargetEncoding.from_labels(y)
    assert (encoding.kind, encoding.loss, encoding.n_outputs(y)) == (kind, loss, n_outputs)


def test_there_may_be_more_classes_than_the_samples_contain() -> None:
    encoding = TargetEncoding.from_labels(np.array(["b", "b"]), classes=["c", "b", "a"])
    assert encoding.kind == "multiclass"
    np.testing.assert_array_equal(encoding.encode(np.array(["b", "c"]), np.float64), [1, 2])


def test_a_single_class_is_always_predicted() -> None:
    encoding = TargetEncoding.from_labels(np.array(["only"]))
    np.testing.assert_array_equal(encoding.decode(np.array([[0.9], [0.1]])), ["only", "only"])


@pytest.mark.parametrize("interface", ["sparray", "spmatrix"])
def test_sparse_predictions_have_the_configured_type(interface: str) -> None:
    y = sparse.csr_array(np.eye(3, dtype=int))
    with sklearn.config_context(sparse_interface=interface):
        answer = TargetEncoding.from_labels(y).decode(np.eye(3))
    assert sparse.isspmatrix(answer) == (interface == "spmatrix")
    np.testing.assert_array_equal(answer.toarray(), np.eye(3))


def test_several_columns_that_are_not_indicators_have_a_head_each() -> None:
    y = np.array([[1, 2], [3, 1], [2, 2]])
    encoding = TargetEncoding.from_labels(y)
    assert encoding.kind == "multioutput"
    assert encoding.heads == (3, 2)
    assert encoding.n_outputs(y) == 5
    codes = encoding.encode(y, np.float64)
    assert codes.dtype == np.int32
    np.testing.assert_array_equal(codes, [[0, 1], [2, 0], [1, 1]])
    prediction = np.array([[0.5, 0.2, 0.3, 0.1, 0.9], [0.1, 0.2, 0.7, 0.6, 0.4]])
    np.testing.assert_array_equal(encoding.decide(prediction), [[0, 1], [2, 0]])
    np.testing.assert_array_equal(encoding.decode(prediction), [[1, 2], [3, 1]])
    assert [part.shape for part in encoding.by_head(prediction)] == [(2, 3), (2, 2)]


def test_given_classes_of_each_column_turn_indicators_into_columns_of_labels() -> None:
    y = np.array([[0, 1], [1, 0]])
    assert TargetEncoding.from_labels(y).kind == "multilabel"
    encoding = TargetEncoding.from_labels(y, [[0, 1, 2], [1, 0]])
    assert (encoding.kind, encoding.heads) == ("multioutput", (3, 2))


def test_several_columns_of_continuous_numbers_are_rejected_as_labels() -> None:
    with pytest.raises(ValueError, match="Unknown label type: continuous-multioutput"):
        TargetEncoding.from_labels(np.array([[0.5, 1.5], [2.5, 1.0]]))


@pytest.mark.parametrize("kind", LOSS_OF_KIND)
@pytest.mark.parametrize("loss", CLASSIFICATION_LOSSES)
@pytest.mark.parametrize("label_smoothing", [0.0, 0.1])
def test_every_kind_of_targets_has_a_record_of_its_inverse_link(
    kind: Any, loss: str, label_smoothing: float
) -> None:
    plain = LOSSES[LOSS_OF_KIND[kind]]
    record = LOSSES[classification_loss(kind, loss, label_smoothing)]
    assert (record.inverse_link, record.targets) == (plain.inverse_link, plain.targets)
    # Smoothing changes zeros and ones directly; for class codes, the loss must smooth.
    smooths = "label_smoothing" in names_of(record.hyperparameters)
    assert smooths or record.targets == "values" or not label_smoothing


def test_continuous_targets_are_rejected_as_labels() -> None:
    with pytest.raises(ValueError, match="Unknown label type"):
        TargetEncoding.from_labels(np.array([0.5, 1.5, 2.5]))


@pytest.mark.parametrize(
    ("first", "then"),
    [(np.array([0, 1]), np.eye(2, dtype=int)), (np.eye(2, dtype=int), np.array([0, 1]))],
    ids=["labels_then_indicators", "indicators_then_labels"],
)
def test_labels_and_indicators_do_not_mix(first: np.ndarray, then: np.ndarray) -> None:
    with pytest.raises(ValueError, match="does not match the"):
        TargetEncoding.from_labels(first).encode(then, np.float64)


@given(labels, st.sampled_from([np.int8, np.uint16, np.int64, bool, float, str]))
def test_labels_of_every_dtype_are_read_as_scikit_learn_reads_them(y: np.ndarray, to: Any) -> None:
    y = y.astype(to)
    encoding = TargetEncoding.from_labels(y)
    classes = unique_labels(y)
    np.testing.assert_array_equal(encoding.classes, classes)
    assert encoding.classes.dtype == classes.dtype
    assert encoding.kind == type_of_target(y) or len(classes) == 1
