"""State of a fit in a checkpoint: collected, checked, and restored."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TypedDict, cast

import numpy as np
from numpy.typing import NDArray

from lamina.engines import OptimizerState
from lamina.errors import ModelFileError
from lamina.files.fields import (
    Fields,
    any_number,
    array,
    check_fields,
    exactly,
    mapping_of,
    none_or,
    nothing,
    number,
    record,
    refused,
    truth,
    whole,
)
from lamina.formulas.table import Array
from lamina.training.checkpoint import as_arrays, as_lists
from lamina.training.fit_state import FitState
from lamina.training.generators import generator_of_kind, generator_state
from lamina.training.history import History
from lamina.training.memory import Memory
from lamina.training.rates import RateState
from lamina.training.trained import Trained


class SavedHistory(TypedDict):
    """History of earlier fits in a checkpoint."""

    losses: NDArray[np.float64]
    scores: NDArray[np.float64]
    is_scored: bool
    best_loss: float | None
    best_score: float | None
    stalled: int
    rows_seen: int
    epochs: int
    best_validation_loss: float | None
    columns: dict[str, NDArray[np.float64]]


class SavedOptimizer(TypedDict):
    """OptimizerState in a checkpoint."""

    slots: Array
    step: int
    seed: int
    keeps_average: bool
    numbers: NDArray[np.float64] | None


class SavedState(TypedDict):
    """State of a fit in a checkpoint: a RateState, a FitState, and what a trainer holds."""

    parameters: Array
    optimizer: SavedOptimizer
    learning_rate: float
    initial_rate: float
    scheduled_epochs: int
    slow_epochs: int
    earlier: SavedHistory
    losses: NDArray[np.float64]
    columns: dict[str, NDArray[np.float64]]
    best_cost: float
    stalled: int
    best_parameters: Array | None
    order: NDArray[np.int64]
    held_out: NDArray[np.int64] | None
    fallback: Array | None
    generator: dict[str, object]


@dataclass(frozen=True)
class Limits:
    """Limits of the values in a checkpoint, set by the fit that resumes from it.

    Attributes
    ----------
    parameters : ndarray of shape (n_parameters,)
        Parameters of the same shape and dtype as the checkpoint's.
    n_slots, n_numbers : int
    keeps_average : bool
    draws : bool
        True if a step draws random numbers.
    n_samples : int
        Number of training and held-out samples together.
    holds_out : bool
        True if some of them are held out.
    batch_size : int
        Upper bound of the batch size.
    n_orders : int or None
        Number of members with an order of their own; None if there is one order.
    drop_last : bool
        True if an epoch leaves out a last, smaller batch.
    columns : tuple of str
        Names of the loop's columns.
    bit_generator : str
    """

    parameters: Array
    n_slots: int
    n_numbers: int
    keeps_average: bool
    draws: bool
    n_samples: int
    holds_out: bool
    batch_size: int
    n_orders: int | None
    drop_last: bool
    columns: tuple[str, ...]
    bit_generator: str


def check_state(state: object, limits: Limits) -> SavedState:
    """Check the complete state in a checkpoint before any of it is used, and return it.

    Raises
    ------
    ModelFileError
        For the first value outside its range, dtype, shape or set; names the field.
    """
    if not isinstance(state, dict):
        raise refused(state, "state", "a record")
    lengths = []
    for name, check in (
        ("losses", array(np.float64, (None,))),
        ("order", array(np.int64, order_shape(limits))),
    ):
        check(state.get(name), name)
        lengths.append(len(state[name]))
    check_fields(state, state_fields(limits, *lengths))
    for order in state["order"].reshape(len(state["order"]), -1).T:
        _check_split(order, state["held_out"], limits.n_samples)
    earlier = state["earlier"]
    n_earlier = len(earlier["losses"])
    mapping_of(array(np.float64, (n_earlier,)))(earlier["columns"], "earlier.columns")
    return cast(SavedState, state)


def order_shape(limits: Limits) -> tuple[int | None, ...]:
    """Return the shape of the order of the samples."""
    return (None,) if limits.n_orders is None else (None, limits.n_orders)


def state_fields(limits: Limits, n_epochs: int, n_training: int) -> Fields:
    """Return the check of every field that `collect_state` writes after `n_epochs` epochs."""
    n_batches = -(-n_training // limits.batch_size)
    if limits.drop_last and n_batches > 1:
        n_batches = n_training // limits.batch_size
    n_steps = n_epochs * n_batches
    vector = array(limits.parameters.dtype, limits.parameters.shape)
    column = array(np.float64, (n_epochs,))
    rows = array(np.int64, (None,))
    return {
        "parameters": vector,
        "optimizer": record(optimizer_fields(limits, n_steps)),
        "learning_rate": number(0),
        "scheduled_epochs": whole(n_epochs, n_epochs),
        "slow_epochs": whole(0, n_epochs),
        "initial_rate": number(0),
        "earlier": record(history_fields()),
        "losses": array(np.float64, (n_epochs,), finite=True),
        "columns": record(dict.fromkeys(limits.columns, column)),
        "best_cost": number(finite=False),
        "stalled": whole(),
        "best_parameters": none_or(vector),
        "order": array(np.int64, order_shape(limits)),
        "held_out": rows if limits.holds_out else nothing,
        "fallback": none_or(vector),
        "generator": generator_of_kind(limits.bit_generator),
    }


def optimizer_fields(limits: Limits, n_steps: int) -> Fields:
    """Return the check of every field of an OptimizerState after `n_steps` steps."""
    return {
        "slots": array(limits.parameters.dtype, (limits.n_slots, limits.parameters.size)),
        "step": whole(n_steps, n_steps),
        "seed": whole(1, 2**64 - 1) if limits.draws else whole(0, 0),
        "keeps_average": exactly(limits.keeps_average),
        "numbers": array(np.float64, (limits.n_numbers,)) if limits.n_numbers else nothing,
    }


def history_fields() -> Fields:
    """Return the check of every field of the History of earlier fits."""
    curve = array(np.float64, (None,))
    return {
        "losses": curve,
        "scores": curve,
        "best_loss": none_or(any_number),
        "best_score": none_or(any_number),
        "stalled": whole(),
        "rows_seen": whole(),
        "epochs": whole(),
        "best_validation_loss": none_or(any_number),
        "is_scored": truth,
        "columns": mapping_of(curve),
    }


def _check_split(
    order: NDArray[np.int64], held_out: NDArray[np.int64] | None, n_samples: int
) -> None:
    """Check that training and held-out samples together are all samples, each exactly once."""
    parts = [("order", order)] if held_out is None else [("order", order), ("held_out", held_out)]
    for name, rows in parts:
        if len(rows) and not (rows.min() >= 0 and rows.max() < n_samples):
            raise ModelFileError(f"its {name} has indices outside of the {n_samples} samples")
    rows = np.concatenate([rows for _, rows in parts])
    if len(rows) != n_samples or (np.bincount(rows, minlength=n_samples) != 1).any():
        names = " and ".join(name for name, _ in parts)
        raise ModelFileError(f"its {names} do not hold each of the {n_samples} samples once")


def collect_state(
    state: FitState, trained: Trained, random_state: np.random.RandomState
) -> dict[str, object]:
    """Return everything that the rest of the fit depends on; its arrays are not copied."""
    memory, history = state.memory, state.memory.history
    lists = {"losses": history.losses, "scores": history.scores or []}
    numbers = [each.name for each in fields(history) if each.name not in (*lists, "columns")]
    return {
        "parameters": trained.parameters,
        "optimizer": _values(trained.optimizer),
        **_values(memory.rate),
        "earlier": {
            **{name: getattr(history, name) for name in numbers},
            **as_arrays(lists),
            "is_scored": history.scores is not None,
            "columns": as_arrays(history.columns),
        },
        **as_arrays({"losses": state.losses}),
        "columns": as_arrays(state.columns),
        "best_cost": state.stopping.best,
        "stalled": state.stopping.stalled,
        "best_parameters": state.best_parameters,
        "order": state.order,
        "generator": generator_state(random_state),
    }


def _values(record: OptimizerState | RateState) -> dict[str, object]:
    return {each.name: getattr(record, each.name) for each in fields(record)}


def resumed_memory(state: SavedState) -> Memory:
    """Return the training state in a checkpoint, with copies of its arrays."""
    earlier, optimizer = state["earlier"], state["optimizer"]
    history = History(
        losses=earlier["losses"].tolist(),
        scores=earlier["scores"].tolist() if earlier["is_scored"] else None,
        best_loss=earlier["best_loss"],
        best_score=earlier["best_score"],
        stalled=earlier["stalled"],
        rows_seen=earlier["rows_seen"],
        epochs=earlier["epochs"],
        best_validation_loss=earlier["best_validation_loss"],
        columns=as_lists(earlier["columns"]),
    )
    rate = RateState(
        state["learning_rate"],
        state["initial_rate"],
        state["scheduled_epochs"],
        state["slow_epochs"],
    )
    slots = optimizer["slots"].copy()
    keeps_average = optimizer["keeps_average"]
    numbers = None if optimizer["numbers"] is None else optimizer["numbers"].copy()
    copied = OptimizerState(slots, optimizer["step"], optimizer["seed"], keeps_average, numbers)
    return Memory(state["parameters"].copy(), copied, rate, history)


def restore(state: FitState, resumed: SavedState) -> None:
    """Restore the state of a fit from a checkpoint, except for its memory and order."""
    state.losses = resumed["losses"].tolist()
    state.columns = as_lists(resumed["columns"])
    state.stopping.epochs = len(state.losses)
    state.stopping.best, state.stopping.stalled = resumed["best_cost"], resumed["stalled"]
    if resumed["best_parameters"] is not None:
        state.best_parameters = resumed["best_parameters"].copy()
    state.loss = state.losses[-1] if state.losses else np.nan
