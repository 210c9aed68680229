"""Turns of threads with independent members: a few epochs of one member, or a part of an epoch."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lamina.engines.trainer import EpochReport, Trainer

# Multiply-adds of a turn, some ten milliseconds: long beside its cost and the time in which a
# member's parameters come back into the cache, short for Ctrl-C and for threads to end together.
WORK_OF_A_TURN = 200_000_000


class Turns(NamedTuple):
    """Work of one call: epochs over samples, and how much of it is one turn.

    Attributes
    ----------
    batch_size : int
    learning_rates : ndarray of shape (n_epochs, n_steps)
    multipliers : ndarray of shape (n_epochs, n_steps, 3) or None
    epochs : int
        Number of whole epochs of a turn, if it is not a part of one.
    steps : int
        Number of steps of a turn that is a part of an epoch.
    """

    batch_size: int
    learning_rates: NDArray[np.float64]
    multipliers: NDArray[np.float64] | None
    epochs: int
    steps: int

    @classmethod
    def plan(
        cls,
        batch_size: int,
        rates: NDArray[np.float64],
        multipliers: NDArray[np.float64] | None,
        step_work: float,
    ) -> Turns:
        """Divide the work by its size alone, so that every machine divides it alike."""
        n_steps = rates.shape[1]
        epochs = int(WORK_OF_A_TURN // max(1.0, step_work * n_steps))
        steps = max(1, int(WORK_OF_A_TURN // max(1.0, step_work)))
        return cls(batch_size, rates, multipliers, max(1, epochs), min(steps, n_steps))

    def of_epochs(
        self, first: int, n_epochs: int, steps: slice = slice(None)
    ) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
        """Return the learning rates of some epochs, or of steps of them, and the multipliers."""
        epochs = slice(first, first + n_epochs)
        multipliers = None if self.multipliers is None else self.multipliers[epochs, steps]
        return self.learning_rates[epochs, steps], multipliers

    @property
    def divides_epochs(self) -> bool:
        """True if a turn is a part of an epoch."""
        return self.steps < self.learning_rates.shape[1] and self.epochs == 1


class Member:
    """Trainer of one member, and where it is in the present call.

    Parameters
    ----------
    trainer : Trainer
    """

    def __init__(self, trainer: Trainer) -> None:
        self.trainer = trainer
        self.order: NDArray[np.int64] | None = None
        self.reports: list[EpochReport] = []
        self._parts: list[tuple[int, EpochReport]] = []

    def begin(self, order: NDArray[np.int64], generator: np.random.RandomState | None) -> None:
        """Begin a call; a member that shuffles keeps its own order from call to call."""
        self.reports, self._parts, self._generator = [], [], generator
        if generator is None:
            self._present = order
            return
        if self.order is None or len(self.order) != len(order):
            self.order = order.copy()
        self._present = self.order

    def take_turn(self, turns: Turns) -> bool:
        """Run one turn; return True if there are more."""
        if turns.divides_epochs:
            self._run_part(turns)
        else:
            rates, multipliers = turns.of_epochs(len(self.reports), turns.epochs)
            self.trainer.epochs(
                self._present, turns.batch_size, rates, self.reports, self._generator, multipliers
            )
        is_finite = not self.reports or self.reports[-1].is_finite
        return is_finite and len(self.reports) < len(turns.learning_rates)

    def _run_part(self, turns: Turns) -> None:
        """Run the next steps of an epoch, and report it after the last of them."""
        first = sum(report.steps for _, report in self._parts)
        if first == 0 and self._generator is not None:
            self._generator.shuffle(self._present)
        n_steps, size = turns.learning_rates.shape[1], turns.batch_size
        last = min(first + turns.steps, n_steps)
        rows = self._present[first * size : last * size]
        reports: list[EpochReport] = []
        rates, multipliers = turns.of_epochs(len(self.reports), 1, slice(first, last))
        self.trainer.epochs(rows, size, rates, reports, None, multipliers)
        if reports:
            self._parts.append((len(rows), reports[0]))
            if last == n_steps or not reports[0].is_finite:
                self.reports.append(_whole_epoch(self._parts))
                self._parts = []


def _whole_epoch(parts: list[tuple[int, EpochReport]]) -> EpochReport:
    """Return the report of an epoch from those of its parts, weighted by samples and by steps."""
    n_rows, steps = sum(rows for rows, _ in parts), sum(report.steps for _, report in parts)
    loss = sum(rows * report.loss for rows, report in parts) / n_rows
    norm = None
    if all(report.gradient_norm is not None for _, report in parts) and steps:
        norm = sum(report.steps * report.norm_or_nan for _, report in parts) / steps
    return EpochReport(loss, steps, parts[-1][1].non_finite_block, norm)
