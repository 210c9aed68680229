"""The epoch loop: an engine runs each epoch, the loop draws its row order and decides when to stop.

The order of random draws is scikit-learn's: one shuffle of the row indices at the start of each
epoch, in place, so that every epoch's order is a permutation of the one before.
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
from lamina.training.divergence import diverged, non_finite_error
from lamina.training.history import Ending, History
from lamina.training.plan import TrainingPlan
from lamina.training.stopping import Stopping
from lamina.training.validation import Validation
from lamina.training.watching import EpochRecord, current_observer


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
        self.rates = np.full(math.ceil(len(order) / plan.batch_size), memory.learning_rate)
        history = memory.history
        self.stopping = Stopping(
            plan.tol, plan.patience, history.best_cost(validation is not None), history.stalled
        )
        self.records: list[EpochRecord] = []
        self.best_parameters: Array | None = None
        self.observer = current_observer()

    def run(self, random_state: np.random.RandomState) -> Ending:
        """All epochs."""
        for _ in range(self.plan.max_epochs):
            if self.plan.shuffle:
                random_state.shuffle(self.order)
            report = self.trainer.epoch(self.order, self.plan.batch_size, self.rates)
            if self.ends_here(report):
                return Ending.DIVERGED
            if not self.goes_on():
                return Ending.CONVERGED
        return Ending.EXHAUSTED

    def ends_here(self, report: EpochReport) -> bool:
        """Enter an epoch into the books; whether it left the finite numbers."""
        failed = diverged(report)
        if failed and self.best_parameters is None:
            moment = f"in epoch {len(self.records) + 1}"
            rate = self.plan.initial_rate
            raise non_finite_error(self.spec, report.non_finite_block, moment, rate)
        score = self.score(failed)
        record = self.record(report.loss, score)
        if not failed and self.stopping.improves(report.loss if score is None else -score):
            self.keep_best()
        if self.observer is not None:
            self.observer(record)
        return failed

    def score(self, failed: bool) -> float | None:
        """The present network's score on the rows held out; NaN after a failure."""
        if self.validation is None:
            return None
        if failed:
            return math.nan
        prediction = self.engine.predict(self.spec, self.memory.parameters, self.validation.X)
        return self.validation.score(prediction)

    def record(self, loss: float, score: float | None) -> EpochRecord:
        """Note the epoch, and print it where that is wanted."""
        epoch = len(self.records) + 1
        seen = self.memory.history.rows_seen + epoch * len(self.order)
        rate = float(self.rates[0])
        record = EpochRecord(epoch, self.plan.max_epochs, loss, score, rate, seen)
        self.records.append(record)
        if self.plan.verbose:
            print(f"Iteration {epoch}, loss = {loss:.8f}")
            if score is not None:
                print(f"Validation score: {score:f}")
        return record

    def keep_best(self) -> None:
        """Keep the parameters of the best epoch so far, where they are to come back."""
        if self.validation is not None:
            self.best_parameters = self.memory.parameters.copy()

    def goes_on(self) -> bool:
        """Set the next epoch's learning rate; False where the lack of progress ends the fit."""
        rate = self.memory.learning_rate
        seen = self.records[-1].rows_seen
        after = self.schedule.after_epoch(rate, self.plan.initial_rate, seen, self.plan.power_t)
        if self.stopping.out_of_patience:
            lowered = self.schedule.after_stall(after)
            self.say_stalled(lowered)
            if lowered is None:
                self.memory.learning_rate = after
                return False
            after = lowered
            self.stopping.stalled = 0
        if after != rate:
            self.memory.learning_rate = after
            self.rates.fill(after)
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
        validated = self.validation is not None
        best = self.best_parameters if self.best_parameters is not None else fallback
        if validated and best is not None:
            self.memory.parameters[:] = best
        stopping = self.stopping
        self.memory.history.add(self.records, validated, stopping.best, stopping.stalled)
