"""Reject fits that cannot be divided among virtual shards, before any worker is asked."""

from __future__ import annotations

from math import prod
from numbers import Integral, Real

import numpy as np
from numpy.typing import NDArray

from lamina.blocks.block import Role
from lamina.errors import UnsupportedFitError
from lamina.estimators import MLPClassifier, MLPRegressor
from lamina.estimators.fitting.inputs import Assignment
from lamina.training.callbacks.protocol import Callbacks

MOST_SHARDS = 2**16


def refuse_estimator(estimator: object) -> None:
    """Reject everything but the estimators whose steps can be divided."""
    if not isinstance(estimator, MLPClassifier | MLPRegressor):
        raise TypeError(
            f"estimator={type(estimator).__name__} is not fitted on several machines: pass an "
            "MLPClassifier or an MLPRegressor. Searches, bags and the estimators for tables run on "
            "a cluster by joblib.parallel_config."
        )


def refuse_numbers(n_shards: object, n_workers: object, timeout: object) -> None:
    """Reject numbers of shards and workers that are no powers of two, and a time-out of zero."""
    require_power_of_two("n_shards", n_shards, MOST_SHARDS)
    if n_workers is not None:
        assert isinstance(n_shards, int)
        require_power_of_two("n_workers", n_workers, n_shards, "n_shards, because a worker has one")
    if isinstance(timeout, bool) or not isinstance(timeout, Real) or not 0 < float(timeout) < 1e6:
        raise ValueError(f"timeout={timeout!r} must be a number of seconds above 0.")


def require_power_of_two(name: str, value: object, most: int, reason: str = "") -> None:
    """Reject a value that is not a power of two up to `most`; name the nearest below it."""
    message = f"{name}={value!r} must be a power of two from 1 to {most}"
    message += f", the value of {reason}." if reason else "."
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(message)
    number = int(value)
    if not 1 <= number <= most or number & (number - 1):
        nearest = 1 << (max(1, min(number, most)).bit_length() - 1)
        raise ValueError(f"{message} The next one below is {nearest}.")


def refuse_fit(fit: Assignment) -> None:
    """Reject a network, a solver or callbacks that need more than gradients of shards.

    Raises
    ------
    UnsupportedFitError
        Names the parameter.
    """
    spec, settings = fit.spec, fit.settings
    has_statistics = any(
        tensor.role is Role.STATISTICS and prod(tensor.shape)
        for block in spec.layers
        for tensor in block.tensors
    )
    found = {
        f"solver={settings.solver!r}, which needs all samples at once": not settings.is_minibatch,
        "normalization='batch', whose means are of a whole batch": has_statistics,
        "dropout and noise": spec.draws,
        "members=Independent(…)": spec.independent_member is not None,
        "own_rows=True of members=Shared(…)": settings.own_rows,
        "callbacks with on_step": Callbacks(settings.callbacks).need_steps(),
    }
    for parameter, is_found in found.items():
        if is_found:
            raise UnsupportedFitError(
                f"a fit on several machines does not support {parameter}. Choose another value, or "
                "call the estimator's own fit."
            )


def refuse_multipliers(multipliers: NDArray[np.float64]) -> None:
    """Reject a schedule of label smoothing, which the gradients of shards do not follow."""
    if (multipliers[..., 2] != 1).any():
        raise UnsupportedFitError(
            "a fit on several machines does not support a schedule of 'label_smoothing'. Leave it "
            "out of schedules=, or call the estimator's own fit."
        )
