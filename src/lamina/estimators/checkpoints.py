"""Which fit a checkpoint is of, and how an estimator goes on from one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lamina.formulas import SCHEDULES
from lamina.formulas.table import Array
from lamina.training import Memory
from lamina.training.checkpoint import (
    Checkpoint,
    digest,
    plainly,
    read_checkpoint,
    set_generator_state,
)
from lamina.training.resuming import resumed_memory

if TYPE_CHECKING:
    from lamina.estimators.fitting import Assignment

# What tells of a fit, or how fast and how long it goes, and changes none of its numbers.
OF_NO_ACCOUNT = {
    "callbacks",
    "checkpoint",
    "checkpoint_every",
    "checkpoint_seconds",
    "engine",
    "max_seconds",
    "n_threads",
    "verbose",
}


class Resumed(NamedTuple):
    """A fit where a checkpoint left it.

    Attributes
    ----------
    state : dict
        For the epoch loop to go on from.
    memory : Memory
    order, held_out : ndarray of int64
        The rows to learn from, in the order of the latest epoch; those of early stopping.
    fallback : ndarray of shape (n_parameters,) or None
    """

    state: dict[str, Any]
    memory: Memory
    order: NDArray[np.int64]
    held_out: NDArray[np.int64] | None
    fallback: Array | None


def identity_of(fit: Assignment) -> dict[str, Any]:
    """What another fit must share to go on from this one's checkpoints."""
    model, rows = fit.model, fit.rows
    parameters = {
        name: plainly(value)
        for name, value in model.get_params(deep=False).items()
        if name not in OF_NO_ACCOUNT
    }
    own = fit.held_out
    measured = () if own is None else (own.X, own.task.targets(np.float64), own.weight)
    return {
        "class": type(model).__name__,
        "engine": fit.engine.name,
        "dtype": fit.start.dtype.name,
        **parameters,
        "rows X": digest(rows.X),
        "rows y": digest(rows.y),
        "rows sample_weight": digest(rows.weight),
        "rows validation_data": digest(*measured),
    }


def checkpoint_of(
    fit: Assignment,
    identity: dict[str, Any],
    held_out: NDArray[np.int64] | None,
    fallback: Array | None,
) -> Checkpoint | None:
    """Where the fit is written down; None where it is not."""
    model = fit.model
    if model.checkpoint is None:
        return None
    every, seconds = model.checkpoint_every, model.checkpoint_seconds
    epochs = 1 if every is None and seconds is None else every
    keeps = {"held_out": held_out, "fallback": fallback}
    return Checkpoint(model.checkpoint, identity, keeps, epochs, seconds)


def resumed(fit: Assignment, identity: dict[str, Any]) -> Resumed | None:
    """The fit where the checkpoint of `resume=` left it; None where it begins.

    Raises
    ------
    FileNotFoundError
        Where there is no checkpoint.
    CheckpointError
        For a checkpoint of another fit.
    """
    if fit.resume is None:
        return None
    schedule = fit.model.learning_rate
    spans = isinstance(schedule, str) and SCHEDULES[schedule].follows_length
    state = read_checkpoint(fit.resume, identity, free=() if spans else ("max_iter",))
    set_generator_state(fit.random_state, state["generator"])
    return Resumed(
        state, resumed_memory(state), state["order"].copy(), state["held_out"], state["fallback"]
    )
