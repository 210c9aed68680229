"""Plan of a fit: everything that is fixed before its first epoch."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from lamina.engines import Objective, OptimizerSettings
from lamina.formulas import SCHEDULES, Schedule
from lamina.formulas.schedule import Options
from lamina.formulas.schedules import custom

# A schedule or warm-up of more steps outlasts any training; float64 counts up to here exactly.
MOST_STEPS = 2**50


@dataclass(frozen=True)
class TrainingPlan:
    """Settings of the epoch loop.

    Attributes
    ----------
    objective : Objective
    optimizer : OptimizerSettings
    batch_size : int
        At most the number of samples.
    max_epochs : int
    schedule : str or callable
        Name in SCHEDULES, or a function `schedule(step, epoch)` that returns the rate.
    given_options : mapping
        Options of the schedule that replace its defaults.
    schedule_length : int, optional
        Number of epochs that the schedules span; max_epochs by default.
    schedules : mapping
        Schedules of 'dropout', 'weight_decay' and 'label_smoothing', those that follow one: the
        name, and options that replace its defaults.
    warmup : float
        Number of epochs in which the rate rises linearly before the schedule begins.
    initial_rate, power_t : float
        Initial learning rate of the schedule, and its exponent if it has one.
    tol : float
        Smallest improvement over the best epoch that counts as progress.
    patience : float
        Number of epochs without progress that is allowed; one more is a stall. May be infinite.
    patience_factor : float
        Training may also run to this multiple of the epoch of the latest progress, plus patience.
    drop_last : bool
        If True, a last minibatch of fewer samples than the others is left out of every epoch.
    restore_best : bool, optional
        If True, restore the parameters of the best epoch at the end; by default if held-out
        samples decide which it is.
    restores_last : bool
        If True, the best of several epochs with the same score is the last of them.
    deadline : float
        `perf_counter` value at which training ends. May be infinite.
    measures_gradient : bool
        If True, record the norm of the gradient in the history.
    shuffle : bool
        If True, draw a new order of the samples for every epoch.
    own_rows : bool
        If True, every member of the network has an order of its own.
    verbose : bool
        If True, print a line for every epoch.
    """

    objective: Objective
    optimizer: OptimizerSettings
    batch_size: int
    max_epochs: int
    schedule: str | Callable[[int, int], float] = "constant"
    given_options: Options = field(default_factory=dict)
    schedule_length: int | None = None
    schedules: Mapping[str, tuple[str, Options]] = field(default_factory=dict)
    warmup: float = 0.0
    initial_rate: float = 1e-3
    power_t: float = 0.5
    tol: float = 1e-4
    patience: float = 10
    patience_factor: float = 1.0
    drop_last: bool = False
    restore_best: bool | None = None
    restores_last: bool = False
    deadline: float = math.inf
    measures_gradient: bool = False
    shuffle: bool = True
    own_rows: bool = False
    verbose: bool = False

    def __post_init__(self) -> None:
        _ = self.schedule_options

    @property
    def schedule_record(self) -> Schedule:
        """Record of the schedule."""
        return SCHEDULES[self.schedule] if isinstance(self.schedule, str) else custom(self.schedule)

    @property
    def schedule_options(self) -> Options:
        """Value of each of the schedule's options."""
        return self.schedule_record.settings(self.given_options)

    @property
    def complete_schedules(self) -> dict[str, tuple[str, Options]]:
        """The same as `schedules`, with the value of each of their options."""
        return {
            name: (schedule, SCHEDULES[schedule].settings(options))
            for name, (schedule, options) in self.schedules.items()
        }

    def steps_of_epoch(self, n_samples: int) -> int:
        """Return the number of steps of an epoch over so many training samples."""
        if self.drop_last:
            return max(1, n_samples // self.batch_size)
        return math.ceil(n_samples / self.batch_size)

    def samples_of_epoch(self, n_samples: int) -> int:
        """Return the number of samples that an epoch uses of so many training samples."""
        return min(n_samples, self.steps_of_epoch(n_samples) * self.batch_size)

    @property
    def schedule_epochs(self) -> int:
        """Number of epochs that the schedules span."""
        return self.max_epochs if self.schedule_length is None else self.schedule_length
