"""The gate that a fit passes after every epoch: there it is held, paced, counted and copied.

It is the only hook that a run has, a callback of lamina's own protocol, so that what is seen is
what `fit` does. The thread that trains waits in it and for nothing else; other threads set what may
pass and read what it has left behind.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from threading import Condition
from time import perf_counter
from typing import Any, NamedTuple

from numpy.typing import NDArray

from lamina.training.watching import EpochRecord
from lamina.workbench.curves import Curves, Moment, Moments
from lamina.workbench.tempo import Hurry, Speed

# Of the time of iterations, a fifth may go into finding their networks.
PATIENCE_WITH_LOOKS = 4.0


class Abandoned(Exception):
    """Nobody wants the rest of this fit."""


class Edit(NamedTuple):
    """A parameter that was written by hand.

    Attributes
    ----------
    epoch : int
        After which epoch.
    place : int
        Where in the vector of all parameters.
    before, after : float
    """

    epoch: int
    place: int
    before: float
    after: float


class ByHand(NamedTuple):
    """What a hand did to a run while it ran.

    Attributes
    ----------
    rates : tuple of (int, float)
        After which epochs another learning rate was set, and which.
    edits : tuple of Edit
        Which parameters were written.
    """

    rates: tuple[tuple[int, float], ...] = ()
    edits: tuple[Edit, ...] = ()

    def until(self, epoch: int) -> ByHand:
        """What was done up to an epoch, and after it before the next."""
        rates = tuple(change for change in self.rates if change[0] <= epoch)
        return ByHand(rates, tuple(edit for edit in self.edits if edit.epoch <= epoch))


class Gate:
    """Who lets the epochs of one fit pass.

    Parameters
    ----------
    start : ndarray of shape (n_parameters,)
        The first parameters, which are epoch 0.
    tell : callable
        `tell()` is called by the thread that trains, when there is news for who asked for it.
    n_batches : int
        Of an epoch.
    first : dict of str to float, optional
        What was measured before the first step.

    Attributes
    ----------
    latest : Moment
        The newest network that was copied.
    curves, moments : Curves, Moments
        What is remembered.
    changes : list of (int, float)
        After which epochs another learning rate was set, and which.
    edits : list of Edit
        Which parameters were written by hand.
    """

    def __init__(
        self,
        start: NDArray[Any],
        tell: Callable[[], None],
        n_batches: int = 1,
        first: dict[str, float] | None = None,
    ) -> None:
        self.tell, self.n_batches = tell, n_batches
        self.hears_steps = False
        self._batches = self._batch = 0
        self.curves, self.moments = Curves(first=first), Moments(start.nbytes)
        self.latest = Moment(0, start.copy(), first or {})
        self.moments.add(self.latest)
        self.changes: list[tuple[int, float]] = []
        self.edits: list[Edit] = []
        self._to_write: list[tuple[int, float]] = []
        self._again, self._epochs_again = ByHand(), set[int]()
        self.epoch = 0
        self._changed = Condition()
        self._allowance: float = 0
        self._pace: float | None = None
        self._hurries = False
        self._hurry: Hurry | None = None
        self._due = 0.0
        self._rate: float | None = None
        self._news_wanted = False
        self._abandoned = False
        self._speed = Speed()
        self._network_at: Callable[[int], NDArray[Any]] = lambda k: start
        self._due_to_look = 0.0

    @property
    def is_open(self) -> bool:
        """Whether an epoch may pass now."""
        return self._allowance > 0

    def by_hand(self) -> ByHand:
        """What has been done to this run so far."""
        return ByHand(tuple(self.changes), tuple(self.edits))

    def do_again(self, by_hand: ByHand) -> None:
        """Do after the same epochs what was done to another run, unless a hand steps in before."""
        self._again = by_hand
        self._epochs_again = {at for at, _ in by_hand.rates} | {e.epoch for e in by_hand.edits}

    def let_pass(self, epochs: float, *, in_haste: bool = False) -> None:
        """Let so many more epochs pass, in haste whatever the pace; infinity opens, 0 closes."""
        with self._changed:
            self._allowance, self._due, self._hurries = epochs, perf_counter(), in_haste
            self._hurry = None
            self._batches, self.hears_steps = 0, False
            self._changed.notify_all()

    def hurry(self, epoch: int, seconds: float, *, holds: bool) -> None:
        """Let the epochs up to that one pass unseen and at once, for so long at most."""
        with self._changed:
            self._hurry = Hurry(epoch, perf_counter() + seconds, holds)
            self._allowance = math.inf
            self._changed.notify_all()

    @property
    def is_hurrying(self) -> bool:
        """Whether nothing is to be seen yet."""
        return self._hurry is not None

    def end_hurry(self) -> None:
        """Go on as always; a fit that has ended is in no hurry."""
        with self._changed:
            if self._hurry is not None and self._hurry.holds:
                self._allowance = 0
            self._hurry, self._due = None, perf_counter()

    def let_batches_pass(self, batches: int) -> None:
        """Let so many more batches pass, within an epoch or from one into the next."""
        with self._changed:
            self._allowance, self._batches, self.hears_steps = 0, batches, True
            self._hurry = None
            self._changed.notify_all()

    def set_pace(self, epochs_per_second: float | None) -> None:
        """How many epochs pass in a second; None for as many as can."""
        with self._changed:
            self._pace, self._due = epochs_per_second, perf_counter()
            self._changed.notify_all()

    def set_rate(self, learning_rate: float) -> None:
        """Give the epochs from the next one on another learning rate."""
        with self._changed:
            self._rate = learning_rate
            self._epochs_again.clear()

    def write(self, place: int, value: float) -> None:
        """Write one of the parameters as soon as the fit stands at the gate."""
        with self._changed:
            self._to_write.append((place, value))
            self._epochs_again.clear()
            self._changed.notify_all()

    @property
    def rate_ahead(self) -> float | None:
        """A learning rate that was asked for and waits for the next epoch."""
        return self._rate

    def abandon(self) -> None:
        """End the fit at once, wherever it waits."""
        with self._changed:
            self._abandoned = True
            self._changed.notify_all()

    def speed(self) -> float:
        """Epochs a second of late; 0 while none may pass."""
        return self._speed.now(self.epoch) if self.is_open else 0.0

    def want_news(self) -> None:
        """Have `latest` brought up to date, and be told once it is."""
        self._news_wanted = True

    # What follows runs in the thread that trains.

    def on_fit_begin(self, fit: Any) -> None:
        self._hold(fit)

    def on_epoch_end(self, fit: Any) -> None:
        epoch, row = fit.epoch, fit.row
        self.curves.add(row)
        with self._changed:
            self._allowance -= 1
            if self.hears_steps:
                self._batches -= 1
        self._batch = 0
        if self.moments.wants(epoch):
            self.latest = Moment(epoch, fit.parameters.copy(), row)
            self.moments.add(self.latest)
        elif self._news_wanted or self._is_slow:
            self.latest = Moment(epoch, fit.parameters.copy(), row)
        self.epoch = epoch
        if self._has_arrived():
            self.latest = self._present(fit)
            self.end_hurry()
            self._announce()
        elif self._news_wanted:
            self._announce()
        if epoch >= fit.max_epochs:
            # A fit that ended here by itself would warn that it has not converged.
            fit.stop()
        elif not fit.is_over:
            self._hold(fit)

    def on_step(self, fit: Any) -> None:
        """Hold between two batches; after an epoch's last one, its end is what holds."""
        self._batch += 1
        if self._batch == self.n_batches or not self.hears_steps:
            return
        with self._changed:
            self._batches -= 1
        if self._batches <= 0:
            self.latest = self._present(fit)
            self._announce()
        self._wait(may_write=False)

    def _present(self, fit: Any) -> Moment:
        """The network as it is now."""
        parameters, within = fit.parameters.copy(), self._batch
        loss = fit.loss if within else math.nan
        row = fit.row or self.curves.first
        return Moment(self.epoch, parameters, row, within, loss, fit.ahead)

    @property
    def _is_slow(self) -> bool:
        """Whether an epoch stays for long, so that a copy of each is worth its while."""
        return self._is_paced or self._allowance <= 0

    @property
    def _is_paced(self) -> bool:
        is_unseen = self._hurry is not None
        return self._pace is not None and not self._hurries and not is_unseen

    def _has_arrived(self) -> bool:
        """Whether this epoch is where a hurry ends."""
        hurry = self._hurry
        return hurry is not None and (self.epoch >= hurry.epoch or perf_counter() >= hurry.end)

    def _announce(self) -> None:
        self._news_wanted = False
        self.tell()

    def _hold(self, fit: Any) -> None:
        """Wait until the next epoch may pass, and give it the rate that was asked for."""
        if self.epoch in self._epochs_again:
            self._ask_again()
        if not self._is_slow and not self._is_asked_for_more:
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

    def _ask_again(self) -> None:
        """Ask for what was done after this epoch to the run that is done again."""
        written = [
            (edit.place, edit.after) for edit in self._again.edits if edit.epoch == self.epoch
        ]
        with self._changed:
            if self._rate is None:
                self._rate = dict(self._again.rates).get(self.epoch)
            self._to_write = [*written, *self._to_write]
            self._epochs_again.discard(self.epoch)

    @property
    def _is_asked_for_more(self) -> bool:
        """Whether there is more to do than to let the next epoch pass."""
        return self._rate is not None or bool(self._to_write) or self._abandoned

    def _write(self, fit: Any) -> None:
        """Write what a hand has asked for, and let those who look see it."""
        with self._changed:
            wanted, self._to_write = self._to_write, []
        parameters = fit.parameters.copy()
        for place, value in wanted:
            self.edits.append(Edit(self.epoch, place, float(parameters[place]), value))
            parameters[place] = value
        fit.parameters = parameters
        self.latest = self._present(fit)
        if not self._batch:
            # What is remembered of the past has no step ahead of it.
            self.moments.add_last(replace(self.latest, ahead=None))
        self._announce()

    def _wait(self, may_write: bool = True) -> bool:
        """Wait until what comes next may pass, or there is to write or to show: whether there is.

        Between batches nothing is written: what is done again from the same seed goes by epochs.
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
                # What is lost on a slow machine is not made up for in a rush.
                self._due = max(self._due + 1 / self._pace, perf_counter())
        return False

    @property
    def _has_work(self) -> bool:
        """Whether a parameter is to be written, or the gate is closed where nobody has seen it."""
        seen, is_closed = self.latest, self._allowance <= 0 and self._batches <= 0
        is_old = seen.epoch != self.epoch or seen.batch > 0 or seen.ahead is None
        return bool(self._to_write) or (is_closed and is_old)

    def hold_before_iterations(self, network_at: Callable[[int], NDArray[Any]]) -> None:
        """Wait for the first iteration of a solver that has no epochs and calls nobody.

        Parameters
        ----------
        network_at : callable
            `network_at(k)`: the parameters after iteration k, which takes k iterations to find.
        """
        self._network_at = network_at
        self._announce()
        self._wait(may_write=False)

    def on_iteration(self, record: EpochRecord) -> None:
        """Note an iteration, and find its network where there is time for it."""
        row: dict[str, float] = {"epoch": record.epoch, "loss": record.loss}
        self.curves.add(row)
        with self._changed:
            self._allowance -= 1
        began = perf_counter()
        if self._allowance <= 0 or (self._news_wanted and began >= self._due_to_look):
            self.latest = Moment(record.epoch, self._network_at(record.epoch), row)
            self.moments.add_last(self.latest)
            now = perf_counter()
            self._due_to_look = now + PATIENCE_WITH_LOOKS * (now - began)
        self.epoch = record.epoch
        if self._has_arrived():
            self.end_hurry()
        if self.latest.epoch == self.epoch:
            self._announce()
        self._wait(may_write=False)

    def _keep_up(self, fit: Any) -> None:
        """Let those who look see the epoch at which the gate is closed, and the step ahead."""
        self.latest = self._present(fit)
        self._announce()

    def _seconds_to_wait(self) -> float:
        """Until the next epoch is due; infinity while none may pass."""
        if self._batches > 0:
            return 0.0
        if self._allowance <= 0:
            return math.inf
        return self._due - perf_counter() if self._is_paced else 0.0
