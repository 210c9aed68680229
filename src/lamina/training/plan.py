"""The plan of a fit: everything that is settled before its first epoch."""

from __future__ import annotations

from dataclasses import dataclass

from lamina.engines import Objective, OptimizerSettings
from lamina.formulas import SCHEDULES


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
    schedule : str
        A name in SCHEDULES.
    initial_rate, power_t : float
        The schedule's first learning rate, and its exponent where it has one.
    tol : float
        By how much an epoch must be better than the best to count as progress.
    patience : float
        How many epochs without progress are borne; the next one is a stall. May be infinite.
    shuffle : bool
        Whether every epoch draws a new row order.
    verbose : bool
        Whether every epoch prints a line.
    """

    objective: Objective
    optimizer: OptimizerSettings
    batch_size: int
    max_epochs: int
    schedule: str = "constant"
    initial_rate: float = 1e-3
    power_t: float = 0.5
    tol: float = 1e-4
    patience: float = 10
    shuffle: bool = True
    verbose: bool = False

    def __post_init__(self) -> None:
        SCHEDULES[self.schedule]
