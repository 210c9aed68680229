"""Encode class labels as the numbers that a loss requires, and decode predictions to labels.

Shapes: y is (n_samples,) labels; (n_samples, n_labels) indicators, dense or sparse, for multilabel;
or (n_samples, n_targets) labels for multioutput. Encoded labels are int32 codes of shape
(n_samples,) for three or more classes and (n_samples, n_targets) for multioutput, otherwise zeros
and ones of shape (n_samples, n_outputs). A prediction, after the inverse link, is
(n_samples, n_outputs). The rules are those of scikit-learn's LabelBinarizer. For multioutput, each
column of labels has a head with one output per class.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, DTypeLike
from scipy import sparse
from sklearn import get_config
from sklearn.utils.multiclass import type_of_target, unique_labels

from lamina.files.chunks import distinct
from lamina.formulas.table import AnyArray, Array

TargetKind: TypeAlias = Literal["binary", "multiclass", "multilabel", "multioutput"]
Classes: TypeAlias = "AnyArray | list[AnyArray]"
Labels: TypeAlias = "AnyArray | sparse.csr_array | sparse.csr_matrix"

LOSS_OF_KIND: dict[TargetKind, str] = {
    "binary": "binary_log_loss",
    "multiclass": "log_loss",
    "multilabel": "binary_log_loss",
    "multioutput": "log_loss",
}
# For each value of `loss=`, the losses that replace the default ones; then those of smoothed codes.
CLASSIFICATION_LOSSES: dict[str, dict[str, str]] = {
    "log_loss": {},
    "focal": {"binary_log_loss": "binary_focal", "log_loss": "focal"},
}
SMOOTHED_LOSSES: dict[str, str] = {"log_loss": "smoothed_log_loss"}
CODES = np.dtype(np.int64)
# ½ and 1 as arrays of a prediction's dtype: converting a number of Python takes a twentieth of the
# time in which one sample is predicted.
FLOATS = (np.dtype(np.float32), np.dtype(np.float64))
HALF: dict[np.dtype[Any], Array] = {dtype: np.array(0.5, dtype) for dtype in FLOATS}
ONE: dict[np.dtype[Any], Array] = {dtype: np.array(1, dtype) for dtype in FLOATS}


class TargetEncoding(NamedTuple):
    """The encoding of the labels of a classification problem as numbers.

    Attributes
    ----------
    classes : ndarray of shape (n_classes,), or list of these
        Sorted labels; column numbers of the indicators for multilabel; a list of the labels of each
        column for multioutput.
    kind : {'binary', 'multiclass', 'multilabel', 'multioutput'}
        'binary' also if there is only one class.
    sparse : bool
        True if predicted indicators are sparse, because y was.

    Examples
    --------
    >>> import numpy as np
    >>> encoding = TargetEncoding.from_labels(np.array(["no", "yes", "no"]))
    >>> encoding.encode(np.array(["yes", "no"]), np.float32)
    array([[1.],
           [0.]], dtype=float32)
    >>> encoding.decode(np.array([[0.2], [0.7]]))
    array(['no', 'yes'], dtype='<U3')
    """

    # An array, or a list of arrays for kind='multioutput'.
    classes: Any
    kind: TargetKind
    sparse: bool = False

    @classmethod
    def from_labels(cls, y: Labels, classes: ArrayLike | None = None) -> TargetEncoding:
        """Return the encoding of the labels in y, or of `classes` if y may lack some of them.

        Raises
        ------
        ValueError
            If y holds continuous values instead of labels.
        """
        if classes is None and (plain := _integer_classes(y)) is not None:
            return cls(plain, "binary" if len(plain) <= 2 else "multiclass")
        if (columns := _columns_of(classes)) is not None:
            return cls(columns, "multioutput")
        kind = type_of_target(y, input_name="y")
        if kind.startswith("continuous"):
            raise ValueError(
                f"Unknown label type: {kind}. y of shape {y.shape} holds continuous numbers, not "
                "labels; use a regressor, or bin them first"
            )
        if kind.endswith("multioutput"):
            return cls([np.unique(column) for column in y.T], "multioutput")
        labels = unique_labels(y if classes is None else classes)
        if kind.startswith("multilabel"):
            return cls(labels, "multilabel", sparse.issparse(y))
        return cls(labels, "binary" if len(labels) <= 2 else "multiclass")

    @property
    def loss(self) -> str:
        """Name of the loss that suits the encoded labels."""
        return LOSS_OF_KIND[self.kind]

    @property
    def heads(self) -> tuple[int, ...]:
        """Number of outputs of each column of labels; empty unless multioutput."""
        return tuple(map(len, self.classes)) if self.kind == "multioutput" else ()

    def n_outputs(self, y: Labels) -> int:
        """Return the number of outputs that a network needs for these labels."""
        if self.kind == "multioutput":
            return sum(self.heads)
        if self.kind == "multilabel":
            return int(y.shape[1])
        return len(self.classes) if self.kind == "multiclass" else 1

    def encode(self, y: Labels, dtype: DTypeLike) -> AnyArray:
        """Return the labels as int32 codes for several classes, else as zeros and ones of `dtype`.

        Raises
        ------
        ValueError
            If y holds indicators and the encoding single labels, or the reverse.
        """
        columns = y.shape[1] if y.ndim == 2 else 1
        expected = {"multilabel": columns, "multioutput": len(self.heads)}.get(self.kind, 1)
        if (y.ndim == 2) != (self.kind in ("multilabel", "multioutput")) or columns != expected:
            raise ValueError(
                f"y of shape {y.shape} does not match the {self.kind} targets of the first fit"
            )
        if self.kind == "multioutput":
            pairs = zip(self.classes, y.T, strict=True)
            by_column = [np.searchsorted(labels, column) for labels, column in pairs]
            return np.stack(by_column, axis=1).astype(np.int32)
        if self.kind == "multilabel":
            indicators = y if isinstance(y, np.ndarray) else y.toarray()
            return np.ascontiguousarray(indicators != 0, dtype=dtype)
        codes = np.searchsorted(self.classes, y).astype(np.int32)
        return codes if self.kind == "multiclass" else codes[:, np.newaxis].astype(dtype)

    def decide(self, prediction: Array) -> AnyArray:
        """Return class codes, shape (n_samples,) or (n_samples, n_targets), or 0/1 indicators."""
        if self.kind == "multioutput":
            return np.stack([p.argmax(axis=1) for p in self.by_head(prediction)], axis=1)
        if self.kind == "multiclass":
            return np.asarray(prediction.argmax(axis=1))
        if self.kind == "multilabel":
            return (prediction > 0.5).astype(CODES)
        if len(self.classes) == 1:
            return np.zeros(len(prediction), dtype=CODES)
        half: Any = HALF.get(prediction.dtype, 0.5)
        return np.asarray(prediction.ravel() > half, dtype=CODES)

    def decode(self, prediction: Array) -> Labels:
        """Return the labels of a prediction; sparse if y was."""
        decided = self.decide(prediction)
        if self.kind == "multioutput":
            pairs = zip(self.classes, decided.T, strict=True)
            return np.stack([labels[codes] for labels, codes in pairs], axis=1)
        if self.kind != "multilabel":
            labels: Labels = self.classes[decided]
            return labels
        return _sparse_as_configured(decided) if self.sparse else decided

    def by_head(self, outputs: Array) -> list[Array]:
        """Split outputs of shape (n_samples, n_outputs) by column of labels."""
        return np.split(outputs, np.cumsum(self.heads)[:-1], axis=1)


def probabilities_of_both(prediction: Array) -> Array:
    """Return the probabilities of two classes from those of the second, (n_samples, 1).

    Examples
    --------
    >>> probabilities_of_both(np.array([[0.25], [1.0]]))
    array([[0.75, 0.25],
           [0.  , 1.  ]])
    """
    # np.hstack takes as long as the rest of a prediction of one sample.
    both = np.empty((len(prediction), 2), prediction.dtype)
    both[:, 1:] = prediction
    np.subtract(ONE.get(prediction.dtype, 1), prediction, both[:, :1])
    return both


def classification_loss(kind: TargetKind, loss: str, label_smoothing: float) -> str:
    """Return the loss for a kind of targets and a classifier's `loss` parameter."""
    plain = LOSS_OF_KIND[kind]
    name = CLASSIFICATION_LOSSES[loss].get(plain, plain)
    return SMOOTHED_LOSSES.get(name, name) if label_smoothing else name


def _columns_of(classes: ArrayLike | None) -> list[AnyArray] | None:
    """Return the classes of each column if `classes` is a list of them, else None."""
    if not isinstance(classes, list | tuple) or any(np.ndim(each) != 1 for each in classes):
        return None
    return [np.unique(np.asarray(each)) for each in classes] or None


def _integer_classes(y: Labels) -> AnyArray | None:
    """Return the classes of a single column of integers; None for other targets.

    The result equals scikit-learn's. scikit-learn passes over y three times, which for a small
    network takes as long as dozens of epochs.
    """
    is_plain = isinstance(y, np.ndarray) and y.ndim == 1 and y.dtype.kind in "iu"
    return distinct(y) if is_plain else None


def _sparse_as_configured(indicators: AnyArray) -> Labels:
    # scikit-learn's configuration chooses between SciPy's sparse arrays and its older matrices.
    arrays = get_config()["sparse_interface"] == "sparray"
    return sparse.csr_array(indicators) if arrays else sparse.csr_matrix(indicators)
