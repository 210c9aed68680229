"""Custom losses: their arguments, their results, and the checks of both.

Shapes: logits (n_samples, n_outputs); y (n_samples, n_targets), or (n_samples,) or
(n_samples, n_targets) int32 class codes; sample_weight (n_samples,) or None. All but codes are in
the dtype of the parameters.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from lamina.formulas.table import AnyArray, Array


@runtime_checkable
class CustomLoss(Protocol):
    """Any object with this method; a sample's loss must not depend on other samples."""

    def value_and_delta(
        self, logits: Array, y: AnyArray, sample_weight: Array | None
    ) -> tuple[Array, Array]:
        """Return loss and gradient at the logits of each sample, multiplied by the sample's weight.

        It is called with all samples of a batch, or with part of them, and receives copies.

        Parameters
        ----------
        logits : ndarray of shape (n_samples, n_outputs)
        y : ndarray
        sample_weight : ndarray of shape (n_samples,), or None if all weights are one

        Returns
        -------
        value : ndarray of shape (n_samples,)
        delta : ndarray of shape (n_samples, n_outputs)
        """
        ...


class ArrayLoss(ABC):
    """Custom loss on arrays of another library, whose results are checked already."""

    @abstractmethod
    def value_and_delta(self, logits: Any, y: Any, sample_weight: Any) -> tuple[Any, Any]:
        """Return the results of `CustomLoss.value_and_delta` as arrays of that library."""


def is_torch_loss(value: object) -> bool:
    """Return True for a module of torch.nn, without importing PyTorch."""
    return any(
        cls.__module__ == "torch.nn.modules.module" and cls.__name__ == "Module"
        for cls in type(value).__mro__
    )


def value_and_delta(
    loss: CustomLoss, logits: Array, y: AnyArray, sample_weight: Array | None
) -> tuple[NDArray[np.float64], Array]:
    """Return a custom loss's results, contiguous: value in float64, delta in the logits' dtype.

    Raises
    ------
    TypeError, ValueError
        If it does not return two arrays of numbers of the right shapes. Its own exceptions are
        passed on.
    """
    answer = loss.value_and_delta(logits, y, sample_weight)
    asked = f"{type(loss).__name__}.value_and_delta must return the pair (value, delta)"
    if not (isinstance(answer, tuple | list) and len(answer) == 2):
        raise TypeError(f"{asked}, got {type(answer).__name__}")
    if any(np.iscomplexobj(each) for each in answer):
        raise TypeError(f"{asked} of real numbers, got complex numbers: return their real part")
    value = np.ascontiguousarray(answer[0], dtype=np.float64)
    delta = np.ascontiguousarray(answer[1], dtype=logits.dtype)
    expected = (len(logits),), logits.shape
    if (np.shape(answer[0]), np.shape(answer[1])) != expected:
        raise ValueError(
            f"{asked} of shapes {expected[0]}, one number per sample, and {expected[1]}, one per "
            f"logit; got {np.shape(answer[0])} and {np.shape(answer[1])}"
        )
    return value, delta


def require_rows_apart(
    loss: CustomLoss, logits: Array, y: AnyArray, sample_weight: Array | None
) -> None:
    """Check on a few samples that a custom loss is a sum over samples; raise the error if not.

    Raises
    ------
    ValueError
        If a sample's loss depends on other samples, is not multiplied by the sample's weight, or
        is NaN or infinite.
    """
    name, n_samples = type(loss).__name__, len(logits)
    together = value_and_delta(loss, logits.copy(), y.copy(), None)
    _require_finite(name, together, logits, y)
    for row in range(n_samples):
        part = slice(row, row + 1)
        alone = value_and_delta(loss, logits[part].copy(), y[part].copy(), None)
        if not _agree(alone, tuple(each[part] for each in together)):
            raise ValueError(
                f"{name}.value_and_delta returns a different loss for a sample alone than for the "
                "same sample in a batch: batches are processed in parts, so it must return each "
                "sample's own value and delta, and neither sums nor means over samples"
            )
    if sample_weight is None:
        return
    weighted = value_and_delta(loss, logits.copy(), y.copy(), sample_weight.copy())
    expected = together[0] * sample_weight, together[1] * sample_weight[:, np.newaxis]
    if not _agree(weighted, expected):
        raise ValueError(
            f"{name}.value_and_delta must multiply each sample's value and delta by its "
            "sample_weight, and does not"
        )


def _require_finite(name: str, answer: tuple[Array, ...], logits: Array, y: AnyArray) -> None:
    for part, of_rows in zip(("value", "delta"), answer, strict=True):
        is_finite = np.isfinite(of_rows).reshape(len(logits), -1).all(axis=1)
        if not is_finite.all():
            row = int(np.argmin(is_finite))
            raise ValueError(
                f"{name}.value_and_delta returned {of_rows[row]} as the {part} of a sample with "
                f"logits {logits[row]} and target {y[row]}: return finite numbers"
            )


def _agree(actual: tuple[Array, ...], expected: tuple[Array, ...]) -> bool:
    tolerance = np.sqrt(np.finfo(actual[1].dtype).eps)
    return all(
        np.allclose(one, other, rtol=tolerance, atol=tolerance, equal_nan=True)
        for one, other in zip(actual, expected, strict=True)
    )
