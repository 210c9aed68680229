"""Multipliers of the hyperparameters that follow a schedule, for every step of a fit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lamina.engines.multipliers import UNCHANGED, Multipliers
from lamina.formulas import SCHEDULES
from lamina.formulas.schedule import Course, Factors
from lamina.training.plan import MOST_STEPS, TrainingPlan


class StepMultipliers:
    """Multipliers of dropout, weight decay and label smoothing by a plan's schedules.

    Parameters
    ----------
    plan : TrainingPlan
    n_steps : int
        Number of steps of an epoch.
    """

    def __init__(self, plan: TrainingPlan, n_steps: int) -> None:
        self.n_steps = n_steps
        self.length = max(1, min(plan.schedule_epochs * n_steps, MOST_STEPS))
        self.followed = [
            (Multipliers._fields.index(name), SCHEDULES[schedule], options)
            for name, (schedule, options) in plan.complete_schedules.items()
        ]

    def of_epochs(self, first: int, n_epochs: int) -> NDArray[np.float64] | None:
        """Return the multipliers of each step of epochs, (n_epochs, n_steps, 3); None if all are 1.

        Parameters
        ----------
        first : int
            Number of epochs since the schedules began.
        n_epochs : int
        """
        if not self.followed:
            return None
        steps = np.arange(first * self.n_steps, (first + n_epochs) * self.n_steps)
        multipliers = np.ones((len(steps), len(UNCHANGED)))
        for column, schedule, options in self.followed:
            assert schedule.shape is not None
            course = Course(steps, self.n_steps, self.length)
            multipliers[:, column] = _between_0_and_1(schedule.shape(course, options))
        return multipliers.reshape(n_epochs, self.n_steps, len(UNCHANGED))

    def of_step(self, epoch: int, step: int) -> Multipliers:
        """Return the multipliers of one step of an epoch, both counted from 0.

        A step behind the last of an epoch is one of the next.
        """
        later, step = divmod(step, self.n_steps)
        several = self.of_epochs(epoch + later, 1)
        return UNCHANGED if several is None else Multipliers(*several[0, step].tolist())


def _between_0_and_1(factors: Factors) -> Factors:
    # Rounding may take a cosine just outside, and no engine accepts a negative fraction.
    return np.clip(factors, 0.0, 1.0)
