"""The plan of a fit: everything that is settled before its first epoch."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lamina.engines import Objective, OptimizerSettings
from lamina.formulas import SCHEDULES, Schedule
from lamina.formulas.schedules import custom


@dataclass(frozen=True)
class TrainingPlan:
    """What the epoch loop is to do.

    Attributes
    ----------
    objective : Objective
    optimizer : OptimizerSettings
    batch_size : int
        At most the number of rows.
    max_epochs : int
    schedule : str or callable
        A name in SCHEDULES, or `schedule(step, epoch)`, which gives the rate.
    given_options : mapping
        The schedule's options that are not to have their default.
    schedule_length : int, optional
        The epochs that a schedule's curve spans; max_epochs by default.
    warmup : float
        The epochs in which the rate climbs in a line before the schedule begins.
    initial_rate, power_t : float
        The schedule's first learning rate, and its exponent where it has one.
    tol : float
        By how much an epoch must be better than the best to count as progress.
    patience : float
        How many epochs without progress are borne; the next one is a stall. May be infinite.
    restore_best : bool, optional
        Whether the parameters of the best epoch come back at the end; by default where rows held
        out decide which it is.
    deadline : float
        The `perf_counter` at which the training ends. May be infinite.
    measures_gradient : bool
        Whether the history is to hold the gradient's norm.
    shuffle : bool
        Whether every epoch draws a new row order.
    verbose : bool
        Whether every epoch prints a line.
    """

    objective: Objective
    optimizer: OptimizerSettings
    batch_size: int
    max_epochs: int
    schedule: str | Callable[[int, int], float] = "constant"
    given_options: Mapping[str, Any] = field(default_factory=dict)
    schedule_length: int | None = None
    warmup: float = 0.0
    initial_rate: float = 1e-3
    power_t: float = 0.5
    tol: float = 1e-4
    patience: float = 10
    restore_best: bool | None = None
    deadline: float = math.inf
    measures_gradient: bool = False
    shuffle: bool = True
    verbose: bool = False

    def __post_init__(self) -> None:
        _ = self.schedule_options

    @property
    def schedule_record(self) -> Schedule:
        """The schedule itself."""
        return SCHEDULES[self.schedule] if isinstance(self.schedule, str) else custom(self.schedule)

    @property
    def schedule_options(self) -> dict[str, Any]:
        """The value of each of the schedule's options."""
        return self.schedule_record.settings(self.given_options)

    @property
    def schedule_epochs(self) -> int:
        """The epochs that the schedule spans."""
        return self.max_epochs if self.schedule_length is None else self.schedule_length
