"""Explain errors in data: the argument, the row and column, the fault, and the cure.

scikit-learn's own checks find the fault. The beginning of their message is kept, because programs
look for it; the place and the cure are added.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse
from sklearn.utils.validation import _check_sample_weight, _num_samples

from lamina.encoding.frames import ArrayOrTable
from lamina.errors import NonFiniteError
from lamina.estimators.settings.refusals import shown
from lamina.formulas.table import AnyArray, Array

NOT_FINITE = re.compile(r"contains (NaN|infinity)")
NO_NUMBER = re.compile(r"could not convert string to float|must be a string or a real number")
# None, pandas.NA and pandas.NaT, without importing pandas.
GAPS = frozenset({"NoneType", "NAType", "NaTType"})
OF_Y = re.compile(r"Input (y|y_true) |^Input contains NaN$")
NAMED = re.compile(r"\b[Xy]\b")
# scikit-learn prints the array itself, which may be long.
ARRAY = re.compile(r":\s*array=.*?\.\s*Reshape", re.DOTALL)


@contextmanager
def explained(X: ArrayOrTable = None, y: ArrayOrTable = None, where: str = "") -> Iterator[None]:
    """Add the place of the fault in X and y to ValueError and TypeError of validation.

    Parameters
    ----------
    X, y : array-like
        Arguments before validation.
    where : str
        Prefix of the message, such as 'validation_data: '.
    """
    try:
        yield
    except (ValueError, TypeError) as error:
        has_place = getattr(error, "has_place", False)
        if type(error) not in (ValueError, TypeError) or (has_place and not where):
            raise
        better: Any = type(error)(where + (str(error) if has_place else _message(str(error), X, y)))
        # A method that calls another one keeps the inner one's message.
        better.has_place = True
        raise better from None


def _message(text: str, X: ArrayOrTable, y: ArrayOrTable) -> str:
    lines = text.split("\n")
    if text.startswith("Complex data not supported"):
        return "Complex data not supported: use the real and the imaginary part as features."
    if NOT_FINITE.search(text):
        is_of_y = OF_Y.search(text) is not None
        place = _place("y", y) if is_of_y else _place("X", X)
        of_x = CURE_OF_INFINITY if "infinity" in text else CURE_OF_X
        return f"{lines[0].removesuffix('.')}{place}. {CURE_OF_Y if is_of_y else of_x}"
    if NO_NUMBER.search(text):
        return f"{lines[0].removesuffix('.')}{_place_of_text(X, y)}. {CURE_OF_TEXT}"
    if "inconsistent numbers of samples" in text and y is not None:
        return f"{lines[0]}: X has {_length(X)} rows, and y {_length(y)}."
    if "inhomogeneous" in text:
        start = f"{' '.join(lines)} X and y must be rectangular"
        return f"{start}: every row must have the same number of columns."
    text = " ".join(ARRAY.sub(". Reshape", text).split())
    return text if NAMED.search(text) else f"{text.removesuffix('.')}. {_described(X, y)}"


def _described(X: ArrayOrTable, y: ArrayOrTable) -> str:
    """Describe X and y for a message that names neither."""
    data = {"X": X, "y": y} if y is not None else {"X": X}
    return f"{', and '.join(f'{name} {_shape_of(value)}' for name, value in data.items())}."


def _shape_of(value: object) -> str:
    shape = getattr(value, "shape", None)
    return f"is {shown(value)}" if shape is None else f"has shape {tuple(shape)}"


CURE_OF_X = "Drop such rows, or fill in the gaps: make_pipeline(SimpleImputer(), model)."
# SimpleImputer refuses infinity as well.
CURE_OF_INFINITY = (
    "Drop such rows, or make infinite values missing, X = np.where(np.isfinite(X), X, np.nan), and "
    "fill in the gaps: make_pipeline(SimpleImputer(), model)."
)
CURE_OF_Y = "Drop the samples with an unknown target."
CURE_OF_TEXT = "Encode categories first, by OneHotEncoder() or lamina.encoding.TableEncoding()."


def _place(name: str, data: ArrayOrTable) -> str:
    """Return the place of the first number that is not finite, or '' if it is not found."""
    numbers = _as_numbers(data)
    if numbers is None:
        labels = np.asarray(data, dtype=object)
        is_gap = [is_gap(each) for each in labels.ravel()]
        found = np.argwhere(np.reshape(is_gap, labels.shape))
    else:
        found = np.argwhere(~np.isfinite(numbers))
    return f": {_at(name, data, found[0])}" if len(found) else ""


def _as_numbers(data: ArrayOrTable) -> AnyArray | None:
    if sparse.issparse(data):
        data = data.tocsr()
        bad = np.flatnonzero(~np.isfinite(data.data))
        if not len(bad):
            return None
        row = int(np.searchsorted(data.indptr, bad[0], side="right")) - 1
        numbers = np.zeros((row + 1, int(data.indices[bad[0]]) + 1))
        numbers[-1, -1] = data.data[bad[0]]
        return numbers
    try:
        return np.asarray(data, dtype=np.float64)
    except (TypeError, ValueError):
        return None


def _place_of_text(X: ArrayOrTable, y: ArrayOrTable) -> str:
    """Return the place of the first element of X or y that is not a number, or ''."""
    for name, data in (("X", X), ("y", y)):
        if data is None or sparse.issparse(data):
            continue
        elements = np.asarray(data, dtype=object)
        for place in np.ndindex(elements.shape):
            try:
                float(elements[place])
            except (TypeError, ValueError):
                return f": {_at(name, data, np.array(place))}"
    return ""


def _at(name: str, data: ArrayOrTable, place: AnyArray) -> str:
    """Return for example "X[3, 2] (column 'age') is nan", counted from 0."""
    index = ", ".join(map(str, place.tolist()))
    columns = getattr(data, "columns", None)
    of_column = ""
    if columns is not None and len(place) == 2:
        of_column = f" (column {list(columns)[place[1]]!r})"
    if not index:
        return f"{name} is {shown(data)}"
    if sparse.issparse(data):
        value = float(data.tocsr()[tuple(place.tolist())])
    else:
        value = np.asarray(data, dtype=object)[tuple(place.tolist())]
    return f"{name}[{index}]{of_column} is {shown(value)}"


def _length(data: ArrayOrTable) -> str:
    shape = getattr(data, "shape", None)
    return str(shape[0] if shape else len(data) if hasattr(data, "__len__") else "none")


def sample_weights(
    sample_weight: ArrayLike | None, X: ArrayOrTable, name: str = "sample_weight"
) -> Array:
    """Return weights as numbers, one for each sample of X.

    Raises
    ------
    ValueError
        For weights that are not one finite number per sample, or are all zero. Negative weights
        are allowed, as in scikit-learn: simulated events of particle physics have them.
    """
    n_samples = X.shape[0]
    try:
        weight: Array = _check_sample_weight(sample_weight, X)
    except (ValueError, TypeError) as error:
        found = _as_numbers(sample_weight)
        place = ""
        if found is not None and found.ndim == 1:
            bad = np.flatnonzero(~np.isfinite(found))
            place = f" {name}[{bad[0]}] is {found[bad[0]]}." if len(bad) else ""
        text = " ".join(str(error).split()).replace("Input sample_weight", f"Input {name}")
        raise ValueError(
            f"{name}={shown(sample_weight)} does not match the {n_samples} samples of X: "
            f"{text.rstrip('.!')}.{place} Pass one finite number for each sample; 0 ignores a "
            "sample."
        ) from None
    return weight


def score_weights(sample_weight: ArrayLike | None, y: ArrayOrTable) -> Array | None:
    """Return the weights of a score as numbers with a nonzero sum.

    Raises
    ------
    ZeroDivisionError
        For weights that sum to zero, as scikit-learn's scores raise it.
    """
    if sample_weight is None:
        return None
    weight = sample_weights(sample_weight, np.empty((_num_samples(y), 0)))
    if weight.sum() == 0:
        raise ZeroDivisionError(
            f"sample_weight sums to zero over the {len(weight)} samples, because its positive and "
            "negative numbers cancel, so the score has no mean. Score samples whose weights sum to "
            "another number."
        )
    return weight


def raise_with_negative_weights(error: NonFiniteError, weight: Array | None) -> NoReturn:
    """Raise the error of a fit, with negative weights as a possible cause of the divergence."""
    if weight is None or not (weight < 0).any():
        raise error
    raise NonFiniteError(
        f"{error} sample_weight contains negative numbers: where the weights of a batch nearly "
        "cancel, its gradient is divided by a number near zero, and a larger batch_size helps."
    ) from None


def refuse_labels_without_order(y: ArrayOrTable, name: str = "y") -> None:
    """Reject labels that are missing, or of types that cannot be sorted together.

    Raises
    ------
    ValueError
        Names the element.
    """
    if getattr(y, "dtype", None) != np.dtype(object) or y.ndim == 0:
        return
    y = np.asarray(y)
    kinds = set(map(type, y.ravel().tolist()))
    if kinds <= {str} or not (str in kinds or any(map(_may_be_gap, kinds))):
        return
    first: tuple[tuple[int, ...], object] | None = None
    for place in np.ndindex(y.shape):
        label = y[place]
        if is_gap(label):
            raise ValueError(
                f"{_at(name, y, np.array(place))}, and every sample needs a label: y contains NaN "
                "or None. Drop the samples without a label, or give them a label of their own, "
                "such as 'unknown'."
            )
        first = first or (place, label)
        if isinstance(label, str) != isinstance(first[1], str):
            raise ValueError(
                f"{name} mixes text and numbers, which have no order: "
                f"{_at(name, y, np.array(first[0]))}, and {_at(name, y, np.array(place))}. Make "
                "all labels of one type, by y.astype(str) for instance."
            )


def _may_be_gap(kind: type) -> bool:
    return issubclass(kind, float) or kind.__name__ in GAPS


def is_gap(label: object) -> bool:
    """Return True for a label that is None, NaN, or pandas' missing value."""
    return type(label).__name__ in GAPS or (isinstance(label, float) and label != label)
