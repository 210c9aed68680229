"""Combinations of parameters that have no meaning: each names the two that clash, and the cure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sklearn.utils._param_validation import InvalidParameterError

from lamina.estimators.constraints import LBFGS
from lamina.formulas import OPTIMIZERS

Contradiction = Callable[[Any], str | None]


def refuse_contradictions(model: Any, *, incremental: bool) -> None:
    """Look for parameters that clash, before anything else of a fit is done.

    Parameters
    ----------
    model : estimator
    incremental : bool
        Whether this is `partial_fit`.

    Raises
    ------
    InvalidParameterError
        For two parameters that have no meaning together; it is a ValueError.
    ValueError
        For `partial_fit` with a parameter that only `fit` can heed.
    """
    if incremental and model.early_stopping:
        raise ValueError(
            "partial_fit does not support early_stopping=True: one epoch at a time, there is "
            "nothing to stop. Set early_stopping=False, or call fit."
        )
    for contradiction in CONTRADICTIONS:
        if (message := contradiction(model)) is not None:
            raise InvalidParameterError(message)


def _lbfgs_in_float32(model: Any) -> str | None:
    if model.solver != LBFGS or model.dtype != "float32":
        return None
    return (
        "solver='lbfgs' computes in float64 only, which dtype='float32' forbids. Leave dtype=None, "
        f"or choose one of the solvers that take float32: {solvers_by_epochs()}."
    )


def _lbfgs_in_low_precision(model: Any) -> str | None:
    if model.solver != LBFGS or model.precision is None:
        return None
    return (
        f"solver='lbfgs' computes in float64 only, and precision={model.precision!r} sums in "
        "float32. Set precision=None, or choose one of the solvers that take it: "
        f"{solvers_by_epochs()}."
    )


def _low_precision_in_float64(model: Any) -> str | None:
    if model.precision is None or model.dtype != "float64":
        return None
    return (
        f"precision={model.precision!r} sums in float32, which dtype='float64' forbids. Leave "
        "dtype=None, or set precision=None."
    )


def solvers_by_epochs() -> str:
    """The solvers that take minibatches, as a message lists them."""
    return ", ".join(map(repr, OPTIMIZERS))


CONTRADICTIONS: tuple[Contradiction, ...] = (
    _lbfgs_in_float32,
    _lbfgs_in_low_precision,
    _low_precision_in_float64,
)
