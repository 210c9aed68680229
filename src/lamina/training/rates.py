"""Learning rates of a fit: base learning rate, per-step multipliers, and warm-up."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real

import numpy as np
from numpy.typing import NDArray

from lamina.formulas.schedule import Course, Factors
from lamina.formulas.schedules import linear_warm_up
from lamina.training.multipliers import StepMultipliers
from lamina.training.plan import MOST_STEPS, TrainingPlan

# Epochs that need no check run in one call, but not so many that their rates fill memory.
MOST_STEPS_AHEAD = 8192


@dataclass
class RateState:
    """State of a schedule.

    Attributes
    ----------
    learning_rate : float
        Base learning rate, which the schedule's per-step multipliers scale, if any.
    initial_rate : float
        η₀, unless a callback has set another rate.
    scheduled_epochs : int
        Number of epochs since the schedule began.
    slow_epochs : int
        Number of consecutive epochs without progress, as counted by a plateau schedule.
    """

    learning_rate: float
    initial_rate: float
    scheduled_epochs: int = 0
    slow_epochs: int = 0


class Rates:
    """Learning rates that a plan's schedule gives in its present state.

    Parameters
    ----------
    plan : TrainingPlan
    state : RateState
        Read, and updated after epochs.
    n_steps : int
        Number of steps of an epoch.
    """

    def __init__(self, plan: TrainingPlan, state: RateState, n_steps: int) -> None:
        self.plan, self.state, self.n_steps = plan, state, n_steps
        self.multipliers = StepMultipliers(plan, n_steps)
        self.schedule, self.options = plan.schedule_record, plan.schedule_options
        self.warm_up = round(min(plan.warmup * n_steps, float(MOST_STEPS)))
        self.room = np.empty((max(1, MOST_STEPS_AHEAD // n_steps), n_steps))

    def rates_of_epochs(self, n_epochs: int, rows_seen: int, n_samples: int) -> NDArray[np.float64]:
        """Return the rate of each step of the next epochs, none of which is a stall."""
        base_rate, first = self.state.learning_rate, self.state.scheduled_epochs
        for i, rates in enumerate(self.room[:n_epochs]):
            self.fill(rates, base_rate, self.factors(first + i))
            rows_seen += n_samples
            base_rate = self.base_rate_after(base_rate, rows_seen)
        return self.room[:n_epochs]

    def fill(self, rates: NDArray[np.float64], base_rate: float, factors: Factors | None) -> None:
        """Write an epoch's rates; only those of its last steps if `rates` is shorter."""
        if factors is None:
            rates.fill(base_rate)
            return
        rates[:] = factors[len(factors) - len(rates) :]
        if not self.schedule.is_absolute:
            rates *= base_rate

    def factors(self, epoch: int) -> Factors | None:
        """Return the multiplier of each step of an epoch; None if all are 1."""
        schedule = self.schedule
        if schedule.shape is None and epoch * self.n_steps >= self.warm_up:
            return None
        step = np.arange(epoch * self.n_steps, (epoch + 1) * self.n_steps)
        factors = np.ones(self.n_steps)
        if schedule.shape is not None:
            all_steps = min(self.plan.schedule_epochs * self.n_steps, MOST_STEPS)
            length = max(1, all_steps - self.warm_up)
            behind = np.maximum(step - self.warm_up, 0)
            factors = schedule.shape(Course(behind, self.n_steps, length), self.options)
        if epoch * self.n_steps < self.warm_up:
            factors = factors * linear_warm_up(step, self.warm_up)
        return factors

    def multipliers_of_epochs(self, n_epochs: int) -> NDArray[np.float64] | None:
        """Return the multipliers of scheduled hyperparameters in each step of the next epochs."""
        return self.multipliers.of_epochs(self.state.scheduled_epochs, n_epochs)

    def base_rate_after(self, base_rate: float, rows_seen: int) -> float:
        """Return the base learning rate after an epoch without a stall."""
        return self.schedule.after_epoch(
            base_rate, self.state.initial_rate, rows_seen, self.plan.power_t
        )

    @property
    def may_lower_between(self) -> bool:
        """True if the schedule also counts epochs without progress."""
        return self.schedule.after_plateau is not None

    @property
    def soonest(self) -> float:
        """Smallest number of epochs after which a plateau may lower the base learning rate."""
        if self.schedule.after_plateau is None:
            return np.inf
        return max(1.0, float(self.options["patience"]) - self.state.slow_epochs + 1.0)

    def base_rate_after_plateau(self, base_rate: float, is_slow: bool) -> float | None:
        """Return the lowered base rate if too many epochs brought no progress, else None."""
        if self.schedule.after_plateau is None:
            return None
        self.state.slow_epochs = self.state.slow_epochs + 1 if is_slow else 0
        if self.state.slow_epochs <= self.options["patience"]:
            return None
        self.state.slow_epochs = 0
        return self.schedule.after_plateau(base_rate, self.state.initial_rate, self.options)

    def get_rate(self, step: int) -> float:
        """Return the rate of a step of the next epoch, or of the running one."""
        rates = np.empty(self.n_steps)
        self.fill(rates, self.state.learning_rate, self.factors(self.state.scheduled_epochs))
        return float(rates[min(step, self.n_steps - 1)])

    def set_rate(self, rate: object, step: int) -> None:
        """Scale the schedule so that a step of the next epoch has this rate.

        Raises
        ------
        TypeError
            For a rate that is not a number.
        ValueError
            For a rate that is not positive and finite, and for a schedule that is a callable.
        """
        if isinstance(rate, bool) or not isinstance(rate, Real):
            raise TypeError(f"learning_rate={rate!r} must be a number, the next step's rate")
        if not 0 < float(rate) < np.inf:
            raise ValueError(f"a learning rate must be positive and finite, got {rate!r}")
        if self.schedule.is_absolute:
            raise ValueError(
                "a callable learning_rate sets every step's rate, so no other rate can be set. "
                "Return the rate from the callable, or choose a schedule by name."
            )
        factors = self.factors(self.state.scheduled_epochs)
        factor = 1.0 if factors is None else float(factors[min(step, self.n_steps - 1)])
        before = self.state.learning_rate
        self.state.learning_rate = float(rate) / (factor or 1.0)
        self.state.initial_rate *= self.state.learning_rate / before
