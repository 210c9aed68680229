"""Epoch loop: an engine runs the epochs; the loop sets learning rates and decides when to stop.

The order of random draws is scikit-learn's: one shuffle of the sample indices at the start of each
epoch, in place, so that every epoch's order is a permutation of the previous one.

Without callbacks or validation, no epoch needs checking before patience can run out, so an engine
may run several in one call: for a small network the calls cost more than the arithmetic.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lamina.engines import Engine, EpochReport, Rows
from lamina.engines.engine import TimeIsUp
from lamina.formulas.table import Array
from lamina.network import NetworkSpec
from lamina.training.callbacks.protocol import Callbacks
from lamina.training.checkpoint import Checkpoint
from lamina.training.divergence import epoch_error, refuse_non_finite_weights
from lamina.training.history import Ending, Monitor
from lamina.training.memory import Memory
from lamina.training.observers import EpochRecord, current_observer
from lamina.training.plan import TrainingPlan
from lamina.training.rates import Rates
from lamina.training.resuming import collect_state, resume
from lamina.training.stopping import Stopping
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
    callbacks: Iterable[Any] = (),
    model: Any = None,
    checkpoint: Checkpoint | None = None,
    resumed: Mapping[str, Any] | None = None,
) -> Ending:
    """Train until the plan, a lack of progress, a callback, or Ctrl-C ends the fit.

    Parameters
    ----------
    engine : Engine
    spec : NetworkSpec
    plan : TrainingPlan
    rows : Rows
    memory : Memory
        Changed in place; consistent even after Ctrl-C.
    random_state : RandomState
        Source of each epoch's order of samples, if the plan shuffles.
    order : ndarray of int64, optional
        Indices of the training samples; all samples by default.
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
    resumed : mapping, optional
        State from a checkpoint to resume from; memory, order and random_state must match it.

    Returns
    -------
    Ending

    Raises
    ------
    NonFiniteError
        In the epoch in which the loss or a layer becomes infinite or NaN; if the best epoch is to
        be restored, only if no earlier epoch can be. At the end, if the network's parameters are
        infinite or NaN.
    """
    order = np.arange(len(rows.y), dtype=np.int64) if order is None else order.astype(np.int64)
    loop = EpochLoop(engine, spec, plan, rows, memory, order, validation)
    loop.callbacks, loop.under_way = Callbacks(callbacks), FitUnderWay(loop, model)
    loop.checkpoint = checkpoint
    if resumed is not None:
        resume(loop, resumed)
    try:
        ending = loop.run_to_its_end(random_state)
        loop.finish(fallback)
        refuse_non_finite_weights(spec, plan, memory.predicting)
        loop.under_way.ending = ending.value
    finally:
        loop.callbacks.call("on_fit_end", loop.under_way)
        # The two refer to each other: without this, the data would stay in memory until Python's
        # garbage collector runs.
        del loop.under_way
    return ending


def column_names(metrics: Sequence[str] | None) -> tuple[str, ...]:
    """Return the names of the loop's columns; metrics are None without held-out samples."""
    validation = () if metrics is None else ("validation_loss", *metrics)
    return (*validation, "learning_rate", "gradient_norm", "seconds")


class EpochLoop:
    """State of one running fit."""

    callbacks: Callbacks
    under_way: FitUnderWay
    checkpoint: Checkpoint | None = None

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
        self.trainer.deadline = plan.deadline
        self.trainer.measures_gradient = plan.measures_gradient
        self.rates = Rates(plan, memory, math.ceil(len(order) / plan.batch_size))
        self.monitor = Monitor.LOSS if validation is None else validation.monitor
        self.restores_best = (
            self.monitor is not Monitor.LOSS if plan.restore_best is None else plan.restore_best
        )
        history = memory.history
        strict = validation is not None and validation.requires_numbers
        best = history.best_cost(self.monitor)
        self.stopping = Stopping(plan.tol, plan.patience, best, history.stalled, strict)
        self.reports: list[EpochReport] = []
        self.rates_of_reports: list[float] = []
        self.seconds_each = math.nan
        self.step_of_epoch = 0
        self.shuffling: np.random.RandomState | None = None
        self.losses: list[float] = []
        names = column_names(None if validation is None else validation.metrics)
        self.columns: dict[str, list[float]] = {name: [] for name in names}
        self.best_parameters: Array | None = None
        self.observer = current_observer()

    def run_to_its_end(self, random_state: np.random.RandomState) -> Ending:
        """Run all epochs, until the plan, progress, Ctrl-C or the time limit ends them."""
        self.shuffling = random_state if self.plan.shuffle else None
        try:
            self.callbacks.call("on_fit_begin", self.under_way)
            return self.run(random_state)
        except KeyboardInterrupt:
            self.drop_incomplete_epoch()
            self.record_reports()
            return Ending.INTERRUPTED
        except TimeIsUp:
            return self.record_reports() or Ending.OUT_OF_TIME

    def run(self, random_state: np.random.RandomState) -> Ending:
        """Run all epochs, until the plan, a lack of progress or a callback ends them."""
        while (left := self.plan.max_epochs - len(self.losses)) > 0:
            if perf_counter() >= self.plan.deadline:
                return Ending.OUT_OF_TIME
            self.run_epochs(min(left, self.epochs_ahead()), self.shuffling)
            if (ending := self.record_reports()) is not None:
                return ending
            if self.under_way.stop_is_asked:
                return Ending.STOPPED
            if self.checkpoint is not None and self.checkpoint.is_due(len(self.losses)):
                self.checkpoint.write(collect_state(self, random_state))
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
        soonest = min(len(self.rates.room), self.stopping.soonest, self.rates.soonest)
        if self.checkpoint is not None:
            soonest = min(soonest, self.checkpoint.epochs_until_due(len(self.losses)))
        return int(soonest)

    def run_epochs(self, n_epochs: int, shuffling: np.random.RandomState | None) -> None:
        """Run the next epochs in the engine, and collect its reports."""
        rates = self.rates.rates_of_epochs(n_epochs, self.rows_seen, len(self.order))
        self.rates_of_reports = rates[:, 0].tolist()
        began = perf_counter()
        try:
            if self.callbacks.need_steps():
                self.run_step_by_step(rates[0], shuffling)
            else:
                self.trainer.epochs(
                    self.order, self.plan.batch_size, rates, self.reports, shuffling
                )
        finally:
            self.seconds_each = (perf_counter() - began) / max(1, len(self.reports))

    def run_step_by_step(
        self, rates: NDArray[np.float64], shuffling: np.random.RandomState | None
    ) -> None:
        """Run one epoch with one call for every step; a stopped epoch has no report."""
        if shuffling is not None:
            shuffling.shuffle(self.order)
        factors = self.rates.factors(self.memory.scheduled_epochs)
        total, made, size, norms = 0.0, 0, self.plan.batch_size, list[float]()
        for step, start in enumerate(range(0, len(self.order), size)):
            batch, reports = self.order[start : start + size], list[EpochReport]()
            self.rates.fill(rates[step:], self.memory.learning_rate, factors)
            self.trainer.epochs(batch, len(batch), rates[np.newaxis, step : step + 1], reports)
            report = reports[0]
            total += report.loss * len(batch)
            made += report.steps
            if report.gradient_norm is not None:
                norms.append(report.gradient_norm)
            if not report.is_finite:
                break
            self.under_way.loss, self.step_of_epoch = report.loss, step + 1
            self.callbacks.call("on_step", self.under_way)
            if self.under_way.stop_is_asked:
                return
        self.step_of_epoch = 0
        loss, norm = total / len(self.order), sum(norms) / len(norms) if norms else None
        self.reports.append(report._replace(loss=loss, steps=made, gradient_norm=norm))

    def record_reports(self) -> Ending | None:
        """Record finished epochs; return why the fit ends, or None."""
        if len(self.reports) > 1 and not self.rates.may_lower_between:
            self.record_all_but_last()
        while self.reports:
            failed = self.record_epoch(self.reports.pop(0))
            has_next = not failed and self.prepare_next_epoch()
            self.under_way.made_no_progress = not has_next
            self.callbacks.call("on_epoch_end", self.under_way)
            if not has_next:
                return Ending.DIVERGED if failed else Ending.CONVERGED
        return None

    def record_all_but_last(self) -> None:
        """Record epochs that nothing observes and of which none can end the fit.

        The result is that of recording them one by one, in fewer calls: epochs of small networks
        are that short.
        """
        n = len(self.reports) - 1
        losses, base_rate = [report.loss for report in self.reports[:n]], self.memory.learning_rate
        for loss in losses:
            self.stopping.improves(loss)
            self.losses.append(loss)
            base_rate = self.rates.base_rate_after(base_rate, self.rows_seen)
        self.columns["learning_rate"] += self.rates_of_reports[:n]
        self.columns["gradient_norm"] += [report.norm_or_nan for report in self.reports[:n]]
        self.columns["seconds"] += [self.seconds_each] * n
        self.memory.learning_rate = base_rate
        self.memory.scheduled_epochs += n
        del self.reports[:n], self.rates_of_reports[:n]

    @property
    def rows_seen(self) -> int:
        """Number of samples seen in all epochs of all fits."""
        return self.memory.history.rows_seen + len(self.losses) * len(self.order)

    def record_epoch(self, report: EpochReport) -> bool:
        """Record an epoch; return True if the loss, a layer or a prediction became inf or NaN."""
        prediction = self.predict_held_out(report)
        failed = not report.is_finite or (self.validation is not None and prediction is None)
        if failed and self.best_parameters is None:
            raise epoch_error(self.spec, self.plan, len(self.losses) + 1, report, self.validation)
        self.append_to_history(report, prediction)
        cost = self.cost()
        if self.validation is not None and len(self.losses) == 1 and self.stopping.best == math.inf:
            self.validation.refuse_undefined(cost)
        if not failed and self.stopping.improves(cost):
            self.keep_best()
        self.report_epoch(report.loss)
        return failed

    def append_to_history(self, report: EpochReport, prediction: Array | None) -> None:
        """Append an epoch's values to the history."""
        validated = {} if self.validation is None else self.validation.measured(prediction)
        self.losses.append(report.loss)
        self.under_way.loss = report.loss
        for name, value in validated.items():
            self.columns[name].append(value)
        self.columns["learning_rate"].append(self.rates_of_reports.pop(0))
        self.columns["gradient_norm"].append(report.norm_or_nan)
        self.columns["seconds"].append(self.seconds_each)

    def drop_incomplete_epoch(self) -> None:
        """Shorten all columns to the shortest: Ctrl-C may have struck between two of them."""
        n_epochs = min(len(self.losses), *map(len, self.columns.values()))
        for column in (self.losses, *self.columns.values()):
            del column[n_epochs:]

    def predict_held_out(self, report: EpochReport) -> Array | None:
        """Predict the held-out samples; None if there are none or the epoch failed."""
        if self.validation is None or not report.is_finite:
            return None
        prediction = self.engine.predict(self.spec, self.memory.predicting, self.validation.X)
        return prediction if self.validation.can_measure(prediction) else None

    @property
    def scores(self) -> list[float] | None:
        """First metric of every epoch; None without held-out samples."""
        return None if self.validation is None else self.columns[self.validation.metrics[0]]

    def cost(self) -> float:
        """Return the monitored cost of the latest epoch."""
        if self.monitor is Monitor.LOSS:
            return self.losses[-1]
        if self.monitor is Monitor.VALIDATION_LOSS:
            return self.columns["validation_loss"][-1]
        assert self.scores is not None
        return -self.scores[-1]

    def report_epoch(self, loss: float) -> None:
        """Report an epoch to the terminal and to the observer, if any."""
        epoch, score = len(self.losses), None if self.scores is None else self.scores[-1]
        if self.plan.verbose:
            print_epoch(epoch, loss, score)
        if self.observer is not None:
            rate = self.columns["learning_rate"][-1]
            most, seen = self.plan.max_epochs, self.rows_seen
            self.observer(EpochRecord(epoch, most, loss, score, rate, seen))

    def keep_best(self) -> None:
        """Keep the parameters of the best epoch so far, if they are to be restored."""
        if not self.restores_best:
            return
        if self.best_parameters is None:
            self.best_parameters = np.empty_like(self.memory.parameters)
        self.best_parameters[:] = self.memory.predicting

    def prepare_next_epoch(self) -> bool:
        """Update the base learning rate; return False if a lack of progress ends the fit."""
        memory, schedule = self.memory, self.rates.schedule
        after = self.rates.base_rate_after(memory.learning_rate, self.rows_seen)
        memory.scheduled_epochs += 1
        memory.learning_rate = after
        if self.stopping.out_of_patience:
            lowered = schedule.after_stall(after)
            if self.plan.verbose:
                print_stall(self.plan, schedule, self.monitor, lowered)
            if lowered is None:
                return False
            memory.learning_rate = lowered
            self.stopping.stalled = 0
        elif (
            lowered := self.rates.base_rate_after_plateau(after, self.stopping.stalled > 0)
        ) is not None:
            if self.plan.verbose:
                print_lowered_rate(lowered)
            memory.learning_rate = lowered
        return True

    def finish(self, fallback: Array | None) -> None:
        """Restore the best epoch's parameters, and append the fit to the model's history."""
        has_no_score = bool(self.losses) and self.stopping.best == math.inf
        best = fallback if self.best_parameters is None else self.best_parameters
        if self.restores_best and best is not None and not has_no_score:
            self.memory.predicting[:] = best
        stopping = self.stopping
        self.memory.history.add(
            self.losses,
            self.scores,
            len(self.order),
            stopping.best,
            stopping.stalled,
            self.monitor,
            self.columns,
        )
