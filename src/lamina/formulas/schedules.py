"""Schedules: which learning rate a step gets, and what happens when progress stalls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lamina.formulas.table import Table

SMALLEST_ADAPTIVE_RATE = 1e-6
ADAPTIVE_DIVISOR = 5.0


@dataclass(frozen=True)
class Schedule:
    """One learning-rate schedule.

    Attributes
    ----------
    name : str
        What `learning_rate=` takes.
    after_epoch : callable
        `after_epoch(rate, initial_rate, rows_seen, power_t)`: the next epoch's learning rate;
        rows_seen counts every row of every epoch so far.
    after_stall : callable
        `after_stall(rate)`: the rate to go on with when the loss or score has stopped improving,
        or None where that ends the training.
    equation : str
        The formula as text.
    """

    name: str
    after_epoch: Callable[[float, float, int, float], float]
    after_stall: Callable[[float], float | None]
    equation: str


def unchanged(rate: float, initial_rate: float, rows_seen: int, power_t: float) -> float:
    return rate


def inverse_scaling(rate: float, initial_rate: float, rows_seen: int, power_t: float) -> float:
    return float(initial_rate / (rows_seen + 1) ** power_t)


def stop(rate: float) -> float | None:
    return None


def divide_until_small(rate: float) -> float | None:
    return None if rate <= SMALLEST_ADAPTIVE_RATE else rate / ADAPTIVE_DIVISOR


SCHEDULES = Table(
    "schedule",
    Schedule("constant", unchanged, stop, "η = η₀"),
    Schedule("invscaling", inverse_scaling, stop, "η = η₀ / (rows seen + 1)^power_t"),
    Schedule("adaptive", unchanged, divide_until_small, "η ← η / 5 at every stall, down to 1e-6"),
)
