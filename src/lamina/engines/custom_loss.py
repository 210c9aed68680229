"""A loss that the caller wrote: what it is given, what it must give, and how that is checked.

Shapes: logits (rows, n_outputs); y (rows, n_targets), or (rows,) or (rows, n_targets) int32 class
codes; sample_weight (rows,) or None. All but codes in the dtype of the parameters.
"""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from lamina.formulas.table import Array


@runtime_checkable
class CustomLoss(Protocol):
    """Any object with this method; the loss of a row may depend on that row alone."""

    def value_and_delta(
        self, logits: Array, y: NDArray[Any], sample_weight: Array | None
    ) -> tuple[Array, Array]:
        """Each row's loss, and its gradient at the logits, both times the row's weight.

        It is called with the rows of a batch, or with part of them; what it is given is its own.

        Parameters
        ----------
        logits : ndarray of shape (rows, n_outputs)
        y : ndarray
        sample_weight : ndarray of shape (rows,), or None where all rows weigh one

        Returns
        -------
        value : ndarray of shape (rows,)
        delta : ndarray of shape (rows, n_outputs)
        """
        ...


def value_and_delta(
    loss: CustomLoss, logits: Array, y: NDArray[Any], sample_weight: Array | None
) -> tuple[NDArray[np.float64], Array]:
    """What the loss gives for some rows, contiguous: value in float64, delta in the logits' dtype.

    Raises
    ------
    TypeError, ValueError
        Where it does not give two arrays of numbers of the shapes that it should. What the loss
        itself raises comes through.
    """
    answer = loss.value_and_delta(logits, y, sample_weight)
    asked = f"{type(loss).__name__}.value_and_delta must give the pair (value, delta)"
    if not (isinstance(answer, tuple | list) and len(answer) == 2):
        raise TypeError(f"{asked}, got {type(answer).__name__}")
    if any(np.iscomplexobj(each) for each in answer):
        raise TypeError(f"{asked} of real numbers, got complex numbers: return their real part")
    value = np.ascontiguousarray(answer[0], dtype=np.float64)
    delta = np.ascontiguousarray(answer[1], dtype=logits.dtype)
    wanted = (len(logits),), logits.shape
    if (np.shape(answer[0]), np.shape(answer[1])) != wanted:
        raise ValueError(
            f"{asked} of shapes {wanted[0]}, one number a row, and {wanted[1]}, one a logit; got "
            f"{np.shape(answer[0])} and {np.shape(answer[1])}"
        )
    return value, delta


def require_rows_apart(
    loss: CustomLoss, logits: Array, y: NDArray[Any], sample_weight: Array | None
) -> None:
    """Raise the error for a loss that is no sum over rows, seen on a few of them.

    Raises
    ------
    ValueError
        Where a row's loss depends on other rows, is not multiplied by the row's weight, or is NaN
        or infinite.
    """
    name, n_samples = type(loss).__name__, len(logits)
    together = value_and_delta(loss, logits.copy(), y.copy(), None)
    _require_finite(name, together, logits, y)
    for row in range(n_samples):
        part = slice(row, row + 1)
        alone = value_and_delta(loss, logits[part].copy(), y[part].copy(), None)
        if not _agree(alone, tuple(each[part] for each in together)):
            raise ValueError(
                f"{name}.value_and_delta gives a row another loss alone than among others: batches "
                "are worked through in parts, so it must give each row's own value and delta, and "
                "neither sums nor means over rows"
            )
    if sample_weight is None:
        return
    weighted = value_and_delta(loss, logits.copy(), y.copy(), sample_weight.copy())
    expected = together[0] * sample_weight, together[1] * sample_weight[:, np.newaxis]
    if not _agree(weighted, expected):
        raise ValueError(
            f"{name}.value_and_delta must multiply each row's value and delta by its "
            "sample_weight, and does not"
        )


def _require_finite(name: str, answer: tuple[Array, ...], logits: Array, y: NDArray[Any]) -> None:
    for part, of_rows in zip(("value", "delta"), answer, strict=True):
        is_finite = np.isfinite(of_rows).reshape(len(logits), -1).all(axis=1)
        if not is_finite.all():
            row = int(np.argmin(is_finite))
            raise ValueError(
                f"{name}.value_and_delta returned {of_rows[row]} as the {part} of a row with "
                f"logits {logits[row]} and target {y[row]}: return finite numbers"
            )


def _agree(actual: tuple[Array, ...], expected: tuple[Array, ...]) -> bool:
    tolerance = np.sqrt(np.finfo(actual[1].dtype).eps)
    return all(
        np.allclose(one, other, rtol=tolerance, atol=tolerance, equal_nan=True)
        for one, other in zip(actual, expected, strict=True)
    )
