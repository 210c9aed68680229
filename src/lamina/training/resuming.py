"""What a checkpoint holds of a fit under way, taken from the loop and given back to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import numpy as np

from lamina.engines import OptimizerState
from lamina.training.checkpoint import generator_state, packed, unpacked
from lamina.training.history import History
from lamina.training.memory import Memory

if TYPE_CHECKING:
    from lamina.training.loop import EpochLoop

OF_MEMORY = ("learning_rate", "scheduled_epochs", "slow_epochs")


def state_of(loop: EpochLoop, random_state: np.random.RandomState) -> dict[str, Any]:
    """All that the rest of the fit follows from, plain; its arrays are not copied."""
    memory, optimizer = loop.memory, loop.memory.state
    history = memory.history
    lists = {"losses": history.losses, "scores": history.scores or []}
    numbers = [each.name for each in fields(history) if each.name not in (*lists, "columns")]
    return {
        "parameters": memory.parameters,
        "optimizer": {each.name: getattr(optimizer, each.name) for each in fields(optimizer)},
        **{name: getattr(memory, name) for name in OF_MEMORY},
        "initial_rate": loop.rates.initial_rate,
        "earlier": {
            **{name: getattr(history, name) for name in numbers},
            **packed(lists),
            "is_scored": history.scores is not None,
            "columns": packed(history.columns),
        },
        **packed({"losses": loop.losses}),
        "columns": packed(loop.columns),
        "best_cost": loop.stopping.best,
        "stalled": loop.stopping.stalled,
        "best_parameters": loop.best_parameters,
        "order": loop.order,
        "generator": generator_state(random_state),
    }


def resumed_memory(state: Mapping[str, Any]) -> Memory:
    """What the fit had come to; arrays of its own."""
    earlier = dict(state["earlier"])
    scores = earlier.pop("scores").tolist()
    history = History(
        losses=earlier.pop("losses").tolist(),
        scores=scores if earlier.pop("is_scored") else None,
        columns=unpacked(earlier.pop("columns")),
        **earlier,
    )
    optimizer: dict[str, Any] = {
        name: value.copy() if isinstance(value, np.ndarray) else value
        for name, value in state["optimizer"].items()
    }
    of_memory = {name: state[name] for name in OF_MEMORY}
    parameters = state["parameters"].copy()
    return Memory(parameters, OptimizerState(**optimizer), history=history, **of_memory)


def resume(loop: EpochLoop, state: Mapping[str, Any]) -> None:
    """Put a loop where the checkpoint was written."""
    loop.losses = state["losses"].tolist()
    loop.columns = unpacked(state["columns"])
    loop.rates.initial_rate = state["initial_rate"]
    loop.stopping.best, loop.stopping.stalled = state["best_cost"], state["stalled"]
    if state["best_parameters"] is not None:
        loop.best_parameters = state["best_parameters"].copy()
    loop.under_way.loss = loop.losses[-1] if loop.losses else np.nan
