"""Controller of a fit: called after every epoch to hold, pace, count and copy it.

It is the only hook of a run, a callback with the protocol of `lamina.training.callbacks`, so the
page shows exactly what `fit` does. The training thread waits only here; other threads set how many
epochs may run and read the results.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from threading import Condition
from time import perf_counter

from lamina.formulas.table import AnyArray
from lamina.training.observers import EpochRecord
from lamina.training.under_way import FitUnderWay
from lamina.workbench.runs.curves import Curves, Snapshot, SnapshotHistory
from lamina.workbench.runs.manual_edits import Edit, ManualEdits
from lamina.workbench.runs.tempo import FastForward, Speed

# Computing networks between iterations may take a fifth of the time: four parts to one.
PATIENCE_WITH_LOOKS = 4.0


class Abandoned(Exception):
    """Raised in the training thread to end a fit that is no longer needed."""


class TrainingController:
    """Controller that decides when the epochs of one fit may run.

    Parameters
    ----------
    start : ndarray of shape (n_parameters,)
        Initial parameters, shown as epoch 0.
    notify : callable
        `notify()` is called in the training thread when requested news is available.
    n_batches : int
        Number of batches in an epoch.
    first : dict of str to float, optional
        Values measured before the first step.

    Attributes
    ----------
    latest : Snapshot
        Newest copied network.
    curves, snapshots : Curves, SnapshotHistory
        History of the run.
    changes : list of (int, float)
        Epochs after which the learning rate was changed, and the new rates.
    edits : list of Edit
        Parameters changed by hand.
    """

    def __init__(
        self,
        start: AnyArray,
        notify: Callable[[], None],
        n_batches: int = 1,
        first: dict[str, float] | None = None,
    ) -> None:
        self.notify, self.n_batches = notify, n_batches
        self.needs_steps = False
        self._batches = self._batch = 0
        self.curves, self.snapshots = Curves(first=first), SnapshotHistory(start.nbytes)
        self.latest = Snapshot(0, start.copy(), first or {})
        self.snapshots.add(self.latest)
        self.changes: list[tuple[int, float]] = []
        self.edits: list[Edit] = []
        self._to_write: list[tuple[int, float]] = []
        self._again, self._epochs_again = ManualEdits(), set[int]()
        self.epoch = 0
        self._changed = Condition()
        self._allowance: float = 0
        self._pace: float | None = None
        self._ignores_pace = False
        self._fast_forward: FastForward | None = None
        self._due = 0.0
        self._rate: float | None = None
        self._update_requested = False
        self._abandoned = False
        self._speed = Speed()
        self._network_at: Callable[[int], AnyArray] = lambda k: start
        self._due_to_look = 0.0

    @property
    def is_open(self) -> bool:
        """True if an epoch may run now."""
        return self._allowance > 0

    def manual_edits(self) -> ManualEdits:
        """Return the changes made by hand to this run so far."""
        return ManualEdits(tuple(self.changes), tuple(self.edits))

    def repeat_edits(self, manual_edits: ManualEdits) -> None:
        """Repeat another run's changes after the same epochs, until a new one is made by hand."""
        self._again = manual_edits
        self._epochs_again = {at for at, _ in manual_edits.rates} | {
            e.epoch for e in manual_edits.edits
        }

    def allow_epochs(self, epochs: float, *, ignore_pace: bool = False) -> None:
        """Allow more epochs: infinity runs on, 0 holds; `ignore_pace` ignores the pace."""
        with self._changed:
            self._allowance, self._due, self._ignores_pace = epochs, perf_counter(), ignore_pace
            self._fast_forward = None
            self._batches, self.needs_steps = 0, False
            self._changed.notify_all()

    def fast_forward(self, epoch: int, seconds: float, *, holds: bool) -> None:
        """Fast-forward to an epoch without frames, within a time limit."""
        with self._changed:
            self._fast_forward = FastForward(epoch, perf_counter() + seconds, holds)
            self._allowance = math.inf
            self._changed.notify_all()

    @property
    def is_fast_forwarding(self) -> bool:
        """True during a fast-forward, when no frames are shown."""
        return self._fast_forward is not None

    def end_fast_forward(self) -> None:
        """End a fast-forward; hold or continue at the normal pace."""
        with self._changed:
            if self._fast_forward is not None and self._fast_forward.holds:
                self._allowance = 0
            self._fast_forward, self._due = None, perf_counter()

    def allow_batches(self, batches: int) -> None:
        """Allow a number of further batches, within an epoch or across epochs."""
        with self._changed:
            self._allowance, self._batches, self.needs_steps = 0, batches, True
            self._fast_forward = None
            self._changed.notify_all()

    def set_pace(self, epochs_per_second: float | None) -> None:
        """Set the number of epochs per second; None runs as fast as possible."""
        with self._changed:
            self._pace, self._due = epochs_per_second, perf_counter()
            self._changed.notify_all()

    def set_rate(self, learning_rate: float) -> None:
        """Set the learning rate from the next epoch on."""
        with self._changed:
            self._rate = learning_rate
            self._epochs_again.clear()

    def write(self, place: int, value: float) -> None:
        """Change one of the parameters at the next opportunity between epochs."""
        with self._changed:
            self._to_write.append((place, value))
            self._epochs_again.clear()
            self._changed.notify_all()

    @property
    def rate_ahead(self) -> float | None:
        """Learning rate to be set before the next epoch, or None."""
        return self._rate

    def abandon(self) -> None:
        """End the fit at once, even while it waits."""
        with self._changed:
            self._abandoned = True
            self._changed.notify_all()

    def speed(self) -> float:
        """Return the recent number of epochs per second; 0 while the fit is held."""
        return self._speed.now(self.epoch) if self.is_open else 0.0

    def request_update(self) -> None:
        """Request an update of `latest`, and a call of `notify` once it is done."""
        self._update_requested = True

    # The methods below run in the training thread.

    def on_fit_begin(self, fit: FitUnderWay) -> None:
        self._hold(fit)

    def on_epoch_end(self, fit: FitUnderWay) -> None:
        epoch, row = fit.epoch, fit.row
        self.curves.add(row)
        with self._changed:
            self._allowance -= 1
            if self.needs_steps:
                self._batches -= 1
        self._batch = 0
        if self.snapshots.keeps(epoch):
            self.latest = Snapshot(epoch, fit.parameters.copy(), row)
            self.snapshots.add(self.latest)
        elif self._update_requested or self._is_slow:
            self.latest = Snapshot(epoch, fit.parameters.copy(), row)
        self.epoch = epoch
        if self._has_arrived():
            self.latest = self._present(fit)
            self.end_fast_forward()
            self._announce()
        elif self._update_requested:
            self._announce()
        if epoch >= fit.max_epochs:
            # Without stop(), the fit would warn that it has not converged.
            fit.stop()
        elif not fit.is_over:
            self._hold(fit)

    def on_step(self, fit: FitUnderWay) -> None:
        """Hold between two batches; after an epoch's last batch, `on_epoch_end` holds."""
        self._batch += 1
        if self._batch == self.n_batches or not self.needs_steps:
            return
        with self._changed:
            self._batches -= 1
        if self._batches <= 0:
            self.latest = self._present(fit)
            self._announce()
        self._wait(may_write=False)

    def _present(self, fit: FitUnderWay) -> Snapshot:
        """Return a snapshot of the network as it is now."""
        parameters, within = fit.parameters.copy(), self._batch
        loss = fit.loss if within else math.nan
        row = fit.row or self.curves.first
        return Snapshot(self.epoch, parameters, row, within, loss, fit.ahead)

    @property
    def _is_slow(self) -> bool:
        """True if epochs are slow enough to copy the network after each."""
        return self._is_paced or self._allowance <= 0

    @property
    def _is_paced(self) -> bool:
        is_unseen = self._fast_forward is not None
        return self._pace is not None and not self._ignores_pace and not is_unseen

    def _has_arrived(self) -> bool:
        """Return True if a fast-forward ends at this epoch."""
        fast_forward = self._fast_forward
        return fast_forward is not None and (
            self.epoch >= fast_forward.epoch or perf_counter() >= fast_forward.end
        )

    def _announce(self) -> None:
        self._update_requested = False
        self.notify()

    def _hold(self, fit: FitUnderWay) -> None:
        """Wait until the next epoch may run, and apply a new learning rate."""
        if self.epoch in self._epochs_again:
            self._schedule_edits()
        if not self._is_slow and not self._has_requests:
            return
        while self._wait():
            if self._to_write:
                self._write(fit)
            else:
                self._keep_up(fit)
        with self._changed:
            if self._rate is not None:
                self.changes.append((self.epoch, self._rate))
                fit.learning_rate, self._rate = self._rate, None

    def _schedule_edits(self) -> None:
        """Schedule the changes that the repeated run had after this epoch."""
        written = [
            (edit.place, edit.after) for edit in self._again.edits if edit.epoch == self.epoch
        ]
        with self._changed:
            if self._rate is None:
                self._rate = dict(self._again.rates).get(self.epoch)
            self._to_write = [*written, *self._to_write]
            self._epochs_again.discard(self.epoch)

    @property
    def _has_requests(self) -> bool:
        """True if something must be done before the next epoch runs."""
        return self._rate is not None or bool(self._to_write) or self._abandoned

    def _write(self, fit: FitUnderWay) -> None:
        """Apply the requested changes of parameters, and show the result."""
        with self._changed:
            pending, self._to_write = self._to_write, []
        parameters = fit.parameters.copy()
        for place, value in pending:
            self.edits.append(Edit(self.epoch, place, float(parameters[place]), value))
            parameters[place] = value
        fit.parameters = parameters
        self.latest = self._present(fit)
        if not self._batch:
            # Snapshots in the history do not hold the data of the next step.
            self.snapshots.add_last(replace(self.latest, ahead=None))
        self._announce()

    def _wait(self, may_write: bool = True) -> bool:
        """Wait until the next epoch or batch may run; return True if there is work to do first.

        The work is a change to write or a snapshot to take. Between batches nothing is written,
        because a repetition of the run applies changes by epoch.
        """
        with self._changed:
            while not (self._abandoned or (may_write and self._has_work)):
                if (seconds := self._seconds_to_wait()) <= 0:
                    break
                self._changed.wait(None if math.isinf(seconds) else seconds)
            if self._abandoned:
                raise Abandoned
            if may_write and self._has_work:
                return True
            if self._is_paced and self._pace is not None:
                # Do not catch up on delays: a slow machine would run in bursts.
                self._due = max(self._due + 1 / self._pace, perf_counter())
        return False

    @property
    def _has_work(self) -> bool:
        """True if a parameter must be changed, or the held fit needs a new snapshot."""
        seen, is_closed = self.latest, self._allowance <= 0 and self._batches <= 0
        is_old = seen.epoch != self.epoch or seen.batch > 0 or seen.ahead is None
        return bool(self._to_write) or (is_closed and is_old)

    def hold_before_iterations(self, network_at: Callable[[int], AnyArray]) -> None:
        """Wait before the first iteration of a solver without epochs or callbacks.

        Parameters
        ----------
        network_at : callable
            `network_at(k)` returns the parameters after iteration k; it runs k iterations.
        """
        self._network_at = network_at
        self._announce()
        self._wait(may_write=False)

    def on_iteration(self, record: EpochRecord) -> None:
        """Record an iteration, and compute its network if there is time."""
        row: dict[str, float] = {"epoch": record.epoch, "loss": record.loss}
        self.curves.add(row)
        with self._changed:
            self._allowance -= 1
        began = perf_counter()
        if self._allowance <= 0 or (self._update_requested and began >= self._due_to_look):
            self.latest = Snapshot(record.epoch, self._network_at(record.epoch), row)
            self.snapshots.add_last(self.latest)
            now = perf_counter()
            self._due_to_look = now + PATIENCE_WITH_LOOKS * (now - began)
        self.epoch = record.epoch
        if self._has_arrived():
            self.end_fast_forward()
        if self.latest.epoch == self.epoch:
            self._announce()
        self._wait(may_write=False)

    def _keep_up(self, fit: FitUnderWay) -> None:
        """Take a snapshot of the held epoch, with the data of the next step."""
        self.latest = self._present(fit)
        self._announce()

    def _seconds_to_wait(self) -> float:
        """Return the seconds until the next epoch may run; infinity while the fit is held."""
        if self._batches > 0:
            return 0.0
        if self._allowance <= 0:
            return math.inf
        return self._due - perf_counter() if self._is_paced else 0.0
