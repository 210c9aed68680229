"""Epoch loop: an engine runs the epochs; the loop sets learning rates and decides when to stop.

The order of random draws is scikit-learn's: one shuffle of the sample indices at the start of each
epoch, in place, so that every epoch's order is a permutation of the previous one.

Without callbacks or validation, an engine may run all epochs in one call that patience allows: for
a small network the calls cost more than the arithmetic.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lamina.engines import Engine, EpochReport, Rows, Trainer
from lamina.engines.trainer import TimeIsUp, shuffle_order
from lamina.formulas.table import Array
from lamina.network import Network, NetworkSpec
from lamina.training.callbacks.protocol import Callbacks
from lamina.training.checkpoint import Checkpoint
from lamina.training.divergence import epoch_error, refuse_non_finite_weights
from lamina.training.fit_state import FitState, begin, order_to_shuffle
from lamina.training.history import Ending, Monitor
from lamina.training.memory import Memory
from lamina.training.observers import EpochRecord, current_observer
from lamina.training.plan import TrainingPlan
from lamina.training.rates import Rates
from lamina.training.resuming import SavedState, collect_state, restore
from lamina.training.stopping import ending_of
from lamina.training.trained import Trained
from lamina.training.under_way import FitUnderWay
from lamina.training.validation import Validation
from lamina.training.verbosity import print_epoch, print_lowered_rate, print_stall


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
    callbacks: Iterable[object] = (),
    model: Any = None,
    checkpoint: Checkpoint | None = None,
    resumed: SavedState | None = None,
) -> Ending:
    """Train until the plan, a lack of progress, a callback, or Ctrl-C ends the fit.

    Parameters
    ----------
    engine : Engine
    spec : NetworkSpec
    plan : TrainingPlan
    rows : Rows
    memory : Memory
        Training state at the beginning, which becomes that of the end, also after Ctrl-C.
    random_state : RandomState
        Source of each epoch's order of samples, if the plan shuffles.
    order : ndarray of int64, optional
        Indices of the training samples, by default all; from a checkpoint possibly of each member.
        On disk it is shuffled in place.
    validation : Validation, optional
        Held-out samples, which may decide when to stop.
    fallback : ndarray of shape (n_parameters,), optional
        Parameters to restore if the best epoch is to be restored and none was better than the best
        of earlier fits. By default the last epoch's parameters stay, as they do if no epoch of any
        fit had a finite score.
    callbacks : iterable
        Objects with any of the methods that `training.callbacks.protocol` lists.
    model : estimator, optional
        Estimator that callbacks may read.
    checkpoint : Checkpoint, optional
        Settings for writing checkpoints.
    resumed : SavedState, optional
        State from a checkpoint to resume from; memory, order and random_state must match it.

    Returns
    -------
    Ending

    Raises
    ------
    NonFiniteError
        For a loss or a layer that becomes infinite or NaN, unless an earlier best epoch can be
        restored; at the end, for such parameters.
    """
    order = order_to_shuffle(order, len(rows.y))
    if plan.own_rows and order.ndim == 1:
        order = np.repeat(order[:, np.newaxis], spec.n_members, axis=1)
    state = begin(plan, memory, order, validation)
    if resumed is not None:
        restore(state, resumed)
    rates = Rates(plan, memory.rate, plan.steps_of_epoch(len(order)))
    trainer = engine.trainer(
        spec, plan.objective, plan.optimizer, rows, memory.parameters, memory.optimizer
    )
    trained = Trained(trainer)
    under_way = FitUnderWay(state, trained, spec, plan, rates, random_state, model)
    loop = EpochLoop(engine, spec, plan, trainer, trained, rates, state, validation)
    loop.callbacks, loop.under_way = Callbacks(callbacks), under_way
    loop.checkpoint = checkpoint
    try:
        ending = loop.run_to_its_end(random_state)
        loop.finish(fallback)
        refuse_non_finite_weights(spec, plan, memory.predicting)
        state.ending = ending.value
    finally:
        loop.callbacks.call("on_fit_end", under_way)
    return ending


class EpochLoop:
    """Parts of one running fit: its state is `state`, and the trainer holds the parameters."""

    callbacks: Callbacks
    under_way: FitUnderWay
    checkpoint: Checkpoint | None = None

    def __init__(
        self,
        engine: Engine,
        spec: NetworkSpec,
        plan: TrainingPlan,
        trainer: Trainer,
        trained: Trained,
        rates: Rates,
        state: FitState,
        validation: Validation | None,
    ) -> None:
        self.engine, self.spec, self.plan = engine, spec, plan
        self.trainer, self.trained, self.rates = trainer, trained, rates
        self.state, self.validation = state, validation
        trainer.deadline = plan.deadline
        trainer.measures_gradient = plan.measures_gradient
        self.monitor = Monitor.LOSS if validation is None else validation.monitor
        self.restores_best = (
            self.monitor is not Monitor.LOSS if plan.restore_best is None else plan.restore_best
        )
        self.reports: list[EpochReport] = []
        self.rates_of_reports: list[float] = []
        self.seconds_each = math.nan
        self.observer = current_observer()

    def run_to_its_end(self, random_state: np.random.RandomState) -> Ending:
        """Run all epochs, until the plan, progress, Ctrl-C or the time limit ends them."""
        try:
            self.callbacks.call("on_fit_begin", self.under_way)
            return self.run(random_state)
        except KeyboardInterrupt:
            self.state.drop_incomplete_epoch()
            self.record_reports()
            return Ending.INTERRUPTED
        except TimeIsUp:
            return self.record_reports() or Ending.OUT_OF_TIME

    def run(self, random_state: np.random.RandomState) -> Ending:
        """Run all epochs, until the plan, a lack of progress or a callback ends them."""
        state, shuffling = self.state, random_state if self.plan.shuffle else None
        while (left := self.plan.max_epochs - len(state.losses)) > 0:
            if perf_counter() >= self.plan.deadline:
                return Ending.OUT_OF_TIME
            self.run_epochs(min(left, self.epochs_ahead()), shuffling)
            if (ending := self.record_reports()) is not None:
                return ending
            if state.must_stop:
                return Ending.STOPPED
            if self.checkpoint is not None and self.checkpoint.is_due(len(state.losses)):
                parts = collect_state(state, self.trained, random_state)
                self.checkpoint.write(parts)
        return Ending.EXHAUSTED

    def epochs_ahead(self) -> int:
        """Return the number of epochs that may run before one of them has to be checked."""
        is_watched = (
            self.observer is not None
            or self.plan.verbose
            or self.validation is not None
            or self.restores_best
            or self.callbacks.have("on_epoch_end")
            or self.callbacks.need_steps()
        )
        if is_watched:
            return 1
        soonest = min(len(self.rates.room), self.state.stopping.soonest, self.rates.soonest)
        if self.checkpoint is not None:
            soonest = min(soonest, self.checkpoint.epochs_until_due(len(self.state.losses)))
        return int(soonest)

    def run_epochs(self, n_epochs: int, shuffling: np.random.RandomState | None) -> None:
        """Run the next epochs in the engine, and collect its reports."""
        order, state = self.state.order, self.state
        rates = self.rates.rates_of_epochs(n_epochs, state.rows_seen, state.rows_an_epoch)
        multipliers = self.rates.multipliers_of_epochs(n_epochs)
        self.rates_of_reports = rates[:, 0].tolist()
        began = perf_counter()
        try:
            if self.callbacks.need_steps():
                self.run_step_by_step(rates[0], multipliers, shuffling)
            else:
                self.trained.forget()
                self.trainer.epochs(
                    order, self.plan.batch_size, rates, self.reports, shuffling, multipliers
                )
        finally:
            self.seconds_each = (perf_counter() - began) / max(1, len(self.reports))

    def run_step_by_step(
        self,
        rates: NDArray[np.float64],
        multipliers: NDArray[np.float64] | None,
        shuffling: np.random.RandomState | None,
    ) -> None:
        """Run one epoch with one call for every step; a stopped epoch has no report."""
        state, order = self.state, self.state.order
        if shuffling is not None:
            shuffle_order(order, shuffling)
        factors = self.rates.factors(self.rates.state.scheduled_epochs)
        total, made, size, norms = 0.0, 0, self.plan.batch_size, list[float]()
        for step, start in enumerate(range(0, state.rows_an_epoch, size)):
            batch, reports = order[start : start + size], list[EpochReport]()
            self.rates.fill(rates[step:], self.rates.state.learning_rate, factors)
            self.trained.forget()
            now = slice(step, step + 1)
            scheduled = None if multipliers is None else multipliers[:, now]
            rate = rates[np.newaxis, now]
            self.trainer.epochs(batch, len(batch), rate, reports, multipliers=scheduled)
            if not reports:
                return
            report = reports[0]
            total += report.loss * len(batch)
            made += report.steps
            norms += [] if report.gradient_norm is None else [report.gradient_norm]
            if not report.is_finite:
                break
            state.loss, state.step_of_epoch = report.loss, step + 1
            self.callbacks.call("on_step", self.under_way)
            if state.must_stop:
                return
        state.step_of_epoch = 0
        loss = total / state.rows_an_epoch if report.learning_rate is None else report.loss
        norm = sum(norms) / len(norms) if norms else None
        self.reports.append(report._replace(loss=loss, steps=made, gradient_norm=norm))

    def record_reports(self) -> Ending | None:
        """Record finished epochs; return why the fit ends, or None."""
        if len(self.reports) > 1 and not self.rates.may_lower_between:
            self.record_all_but_last()
        while self.reports:
            failed = self.record_epoch(self.reports.pop(0))
            is_last = self.trainer.outcome is not None and not self.reports
            has_next = not failed and self.prepare_next_epoch() and not is_last
            self.state.has_converged = not has_next
            self.callbacks.call("on_epoch_end", self.under_way)
            if not has_next:
                return Ending.DIVERGED if failed else self.ending or Ending.CONVERGED
        return self.ending

    @property
    def ending(self) -> Ending | None:
        """Why the trainer has ended the fit by itself, if it has."""
        return ending_of(self.trainer.outcome, len(self.state.losses) < self.plan.max_epochs)

    def record_all_but_last(self) -> None:
        """Record epochs that nothing observes and of which none can end the fit.

        The result is that of recording them one by one, in fewer calls.
        """
        n, state, rate = len(self.reports) - 1, self.state, self.rates.state
        base_rate = rate.learning_rate
        for report in self.reports[:n]:
            state.stopping.improves(report.loss)
            state.losses.append(report.loss)
            base_rate = self.rates.base_rate_after(base_rate, state.rows_seen)
        rates = map(EpochReport.rate_or, self.reports[:n], self.rates_of_reports)
        state.columns["learning_rate"] += rates
        state.columns["gradient_norm"] += [report.norm_or_nan for report in self.reports[:n]]
        state.columns["seconds"] += [self.seconds_each] * n
        rate.learning_rate = base_rate
        rate.scheduled_epochs += n
        del self.reports[:n], self.rates_of_reports[:n]

    def record_epoch(self, report: EpochReport) -> bool:
        """Record an epoch; return True if the loss, a layer or a prediction became inf or NaN."""
        prediction, state = self.predict_held_out(report), self.state
        failed = not report.is_finite or (self.validation is not None and prediction is None)
        if failed and state.best_parameters is None:
            raise epoch_error(self.spec, self.plan, len(state.losses) + 1, report, self.validation)
        self.append_to_history(report, prediction)
        cost, stopping = self.cost(), state.stopping
        if self.validation is not None and len(state.losses) == 1 and stopping.best == math.inf:
            self.validation.refuse_undefined(cost)
        if not failed and stopping.improves(cost):
            self.keep_best()
        self.report_epoch(report.loss)
        return failed

    def append_to_history(self, report: EpochReport, prediction: Array | None) -> None:
        """Append an epoch's values to the history."""
        validated = {}
        if self.validation is not None:
            validated = self.validation.measured(prediction, self.trained.predicting)
        state, columns = self.state, self.state.columns
        state.losses.append(report.loss)
        state.loss = report.loss
        for name, value in validated.items():
            columns[name].append(value)
        columns["learning_rate"].append(report.rate_or(self.rates_of_reports.pop(0)))
        columns["gradient_norm"].append(report.norm_or_nan)
        columns["seconds"].append(self.seconds_each)

    def predict_held_out(self, report: EpochReport) -> Array | None:
        """Predict the held-out samples; None if there are none or the epoch failed."""
        if self.validation is None or not report.is_finite:
            return None
        network = Network(self.spec, self.trained.predicting)
        prediction = self.validation.predict(self.engine, network)
        return prediction if self.validation.can_measure(prediction) else None

    @property
    def scores(self) -> list[float] | None:
        """First metric of every epoch; None without held-out samples."""
        return None if self.validation is None else self.state.columns[self.validation.metrics[0]]

    def cost(self) -> float:
        """Return the monitored cost of the latest epoch."""
        if self.monitor is Monitor.LOSS:
            return self.state.losses[-1]
        if self.monitor is Monitor.VALIDATION_LOSS:
            return self.state.columns["validation_loss"][-1]
        assert self.scores is not None
        return -self.scores[-1]

    def report_epoch(self, loss: float) -> None:
        """Report an epoch to the terminal and to the observer, if any."""
        epoch, score = len(self.state.losses), None if self.scores is None else self.scores[-1]
        if self.plan.verbose:
            print_epoch(epoch, loss, score)
        if self.observer is not None:
            rate = self.state.columns["learning_rate"][-1]
            most, seen = self.plan.max_epochs, self.state.rows_seen
            self.observer(EpochRecord(epoch, most, loss, score, rate, seen))

    def keep_best(self) -> None:
        """Keep the parameters of the best epoch so far, if they are to be restored."""
        if not self.restores_best:
            return
        state, present = self.state, self.trained.predicting
        if state.best_parameters is None:
            state.best_parameters = np.empty_like(present)
        state.best_parameters[:] = present

    def prepare_next_epoch(self) -> bool:
        """Update the base learning rate; return False if a lack of progress ends the fit."""
        rate, stopping, schedule = self.rates.state, self.state.stopping, self.rates.schedule
        after = self.rates.base_rate_after(rate.learning_rate, self.state.rows_seen)
        rate.scheduled_epochs += 1
        rate.learning_rate = after
        if stopping.out_of_patience:
            lowered = schedule.after_stall(after)
            if self.plan.verbose:
                print_stall(self.plan, schedule, self.monitor, stopping, lowered)
            if lowered is None:
                return False
            rate.learning_rate = lowered
            stopping.stalled = 0
        elif (
            lowered := self.rates.base_rate_after_plateau(after, stopping.stalled > 0)
        ) is not None:
            if self.plan.verbose:
                print_lowered_rate(lowered)
            rate.learning_rate = lowered
        return True

    def finish(self, fallback: Array | None) -> None:
        """Restore the best epoch's parameters, and write the fit into the memory."""
        state, stopping, memory = self.state, self.state.stopping, self.state.memory
        has_no_score = bool(state.losses) and stopping.best == math.inf
        best = fallback if state.best_parameters is None else state.best_parameters
        if self.restores_best and best is not None and not has_no_score:
            self.trained.replace_predicting(best)
        memory.parameters, memory.optimizer = self.trained.parameters, self.trained.optimizer
        memory.history.add(
            state.losses,
            self.scores,
            state.rows_an_epoch,
            stopping.best,
            stopping.stalled,
            self.monitor,
            state.columns,
        )
