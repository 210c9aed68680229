"""The epoch loop: an engine runs the epochs, the loop says with which rates and when to stop.

The order of random draws is scikit-learn's: one shuffle of the row indices at the start of each
epoch, in place, so that every epoch's order is a permutation of the one before.

An epoch that nobody watches needs no look before patience can run out, so an engine may run
several in one call: for a small network the calls cost more than the arithmetic.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lamina.engines import Engine, EpochReport, OptimizerState, Rows
from lamina.formulas import SCHEDULES
from lamina.formulas.table import Array
from lamina.network import NetworkSpec
from lamina.training.divergence import non_finite_error
from lamina.training.history import Ending, History
from lamina.training.plan import TrainingPlan
from lamina.training.stopping import Stopping
from lamina.training.validation import Validation
from lamina.training.watching import EpochRecord, current_observer

# Epochs that need no look in between run in one call, but not so many that their rates fill memory.
MOST_STEPS_AHEAD = 8192


@dataclass
class Memory:
    """What a fit changes, and what a later one may go on from.

    Attributes
    ----------
    parameters : ndarray of shape (n_parameters,)
    state : OptimizerState
    learning_rate : float
        The schedule's present rate.
    history : History
    """

    parameters: Array
    state: OptimizerState
    learning_rate: float
    history: History


def train(
    engine: Engine,
    spec: NetworkSpec,
    plan: TrainingPlan,
    rows: Rows,
    memory: Memory,
    random_state: np.random.RandomState,
    *,
    order: NDArray[np.int64] | None = None,
    validation: Validation | None = None,
    fallback: Array | None = None,
) -> Ending:
    """Run epochs until the plan, the lack of progress, or Ctrl-C ends them.

    Parameters
    ----------
    engine : Engine
    spec : NetworkSpec
    plan : TrainingPlan
    rows : Rows
    memory : Memory
        Changed in place; after Ctrl-C as well it is whole.
    random_state : RandomState
        Draws the row order of each epoch where the plan says so.
    order : ndarray of int64, optional
        Indices of the rows to learn from; all of them by default.
    validation : Validation, optional
        Rows held out. Their score decides when to stop, and the parameters of the best epoch come
        back at the end.
    fallback : ndarray of shape (n_parameters,), optional
        The parameters that come back where no epoch was better than the best of earlier fits; by
        default those of the last epoch.

    Returns
    -------
    Ending

    Raises
    ------
    NonFiniteError
        In the epoch in which the loss or a layer becomes infinite or NaN; with a validation,
        only where no better epoch came before it.
    """
    order = np.arange(len(rows.y), dtype=np.int64) if order is None else order.astype(np.int64)
    loop = _EpochLoop(engine, spec, plan, rows, memory, order, validation)
    try:
        ending = loop.run(random_state)
    except KeyboardInterrupt:
        loop.take_in_reports()
        ending = Ending.INTERRUPTED
    loop.remember(fallback)
    return ending


class _EpochLoop:
    """One fit under way."""

    def __init__(
        self,
        engine: Engine,
        spec: NetworkSpec,
        plan: TrainingPlan,
        rows: Rows,
        memory: Memory,
        order: NDArray[np.int64],
        validation: Validation | None,
    ) -> None:
        self.engine, self.spec, self.plan = engine, spec, plan
        self.memory, self.order, self.validation = memory, order, validation
        self.trainer = engine.trainer(
            spec, plan.objective, plan.optimizer, rows, memory.parameters, memory.state
        )
        self.schedule = SCHEDULES[plan.schedule]
        n_steps = math.ceil(len(order) / plan.batch_size)
        self.rates = np.empty((max(1, MOST_STEPS_AHEAD // n_steps), n_steps))
        history = memory.history
        self.stopping = Stopping(
            plan.tol, plan.patience, history.best_cost(validation is not None), history.stalled
        )
        self.reports: list[EpochReport] = []
        self.losses: list[float] = []
        self.scores: list[float] = []
        self.best_parameters: Array | None = None
        self.observer = current_observer()

    def run(self, random_state: np.random.RandomState) -> Ending:
        """All epochs."""
        shuffling = random_state if self.plan.shuffle else None
        while (left := self.plan.max_epochs - len(self.losses)) > 0:
            rates = self.next_rates(min(left, self.epochs_ahead()))
            self.trainer.epochs(self.order, self.plan.batch_size, rates, self.reports, shuffling)
            if (ending := self.take_in_reports()) is not None:
                return ending
        return Ending.EXHAUSTED

    def epochs_ahead(self) -> int:
        """How many epochs may run before anyone has to look at one."""
        is_watched = self.observer is not None or self.plan.verbose or self.validation is not None
        return 1 if is_watched else int(min(len(self.rates), self.stopping.soonest))

    def next_rates(self, n_epochs: int) -> NDArray[np.float64]:
        """The learning rate of each step of the next epochs, none of which is a stall."""
        rate, seen = self.memory.learning_rate, self.rows_seen
        for rates in self.rates[:n_epochs]:
            rates.fill(rate)
            seen += len(self.order)
            rate = self.rate_after(rate, seen)
        return self.rates[:n_epochs]

    def take_in_reports(self) -> Ending | None:
        """Enter the epochs that are new into the books; how they end the fit, if they do."""
        for report in self.reports[len(self.losses) :]:
            if self.ends_here(report):
                return Ending.DIVERGED
            if not self.goes_on():
                return Ending.CONVERGED
        return None

    @property
    def rows_seen(self) -> int:
        """The rows of all epochs of all fits."""
        return self.memory.history.rows_seen + len(self.losses) * len(self.order)

    def rate_after(self, rate: float, rows_seen: int) -> float:
        """The learning rate that follows, without a stall."""
        plan = self.plan
        return self.schedule.after_epoch(rate, plan.initial_rate, rows_seen, plan.power_t)

    def ends_here(self, report: EpochReport) -> bool:
        """Enter an epoch into the books; whether it left the finite numbers."""
        failed = not report.is_finite
        if failed and self.best_parameters is None:
            moment = f"in epoch {len(self.losses) + 1}"
            rate = self.plan.initial_rate
            raise non_finite_error(self.spec, report.non_finite_block, moment, rate)
        score = self.score(failed)
        self.losses.append(report.loss)
        if score is not None:
            self.scores.append(score)
        if not failed and self.stopping.improves(report.loss if score is None else -score):
            self.keep_best()
        self.tell(report.loss, score)
        return failed

    def score(self, failed: bool) -> float | None:
        """The present network's score on the rows held out; NaN after a failure."""
        if self.validation is None:
            return None
        if failed:
            return math.nan
        prediction = self.engine.predict(self.spec, self.memory.parameters, self.validation.X)
        return self.validation.score(prediction)

    def tell(self, loss: float, score: float | None) -> None:
        """Let a reader and an observer know of the epoch, where there are any."""
        epoch = len(self.losses)
        if self.plan.verbose:
            print(f"Iteration {epoch}, loss = {loss:.8f}")
            if score is not None:
                print(f"Validation score: {score:f}")
        if self.observer is not None:
            rate = self.memory.learning_rate
            most, seen = self.plan.max_epochs, self.rows_seen
            self.observer(EpochRecord(epoch, most, loss, score, rate, seen))

    def keep_best(self) -> None:
        """Keep the parameters of the best epoch so far, where they are to come back."""
        if self.validation is None:
            return
        if self.best_parameters is None:
            self.best_parameters = np.empty_like(self.memory.parameters)
        self.best_parameters[:] = self.memory.parameters

    def goes_on(self) -> bool:
        """Set the next epoch's learning rate; False where the lack of progress ends the fit."""
        after = self.rate_after(self.memory.learning_rate, self.rows_seen)
        if self.stopping.out_of_patience:
            lowered = self.schedule.after_stall(after)
            self.say_stalled(lowered)
            if lowered is None:
                self.memory.learning_rate = after
                return False
            after = lowered
            self.stopping.stalled = 0
        self.memory.learning_rate = after
        return True

    def say_stalled(self, lowered: float | None) -> None:
        """Print why training stalls and what comes of it."""
        if not self.plan.verbose:
            return
        what = (
            "Training loss did not improve"
            if self.validation is None
            else "Validation score did not improve"
        )
        # A schedule that lowers a rate however large stops only because the rate has become small.
        too_small = " Learning rate too small." if self.schedule.after_stall(math.inf) else ""
        outcome = (
            f"{too_small} Stopping."
            if lowered is None
            else f" Setting learning rate to {lowered:f}"
        )
        print(
            f"{what} more than tol={self.plan.tol:f} for {self.plan.patience:.0f} "
            f"consecutive epochs.{outcome}"
        )

    def remember(self, fallback: Array | None) -> None:
        """Bring back the best epoch's parameters, and enter the fit into the model's history."""
        validated, stopping = self.validation is not None, self.stopping
        best = self.best_parameters if self.best_parameters is not None else fallback
        if validated and best is not None:
            self.memory.parameters[:] = best
        scores = self.scores if validated else None
        history, rows = self.memory.history, len(self.order)
        history.add(self.losses, scores, rows, stopping.best, stopping.stalled)
