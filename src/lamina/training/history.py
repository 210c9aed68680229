"""The history that a model's fits leave behind: losses, scores, and how the latest one ended."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum


class Ending(Enum):
    """Why a fit ended."""

    CONVERGED = "no more progress"
    EXHAUSTED = "the last epoch that the plan allows"
    INTERRUPTED = "Ctrl-C"
    DIVERGED = "a loss or a layer became infinite or NaN"
    OUT_OF_TIME = "the time that the plan allows"
    STOPPED = "a callback"


class Monitor(Enum):
    """What says whether an epoch brought progress."""

    LOSS = "the training loss"
    VALIDATION_LOSS = "the loss on the rows held out"
    SCORE = "the first metric on the rows held out"


@dataclass
class History:
    """The course of a model's fits; warm starts and partial fits go on with it.

    Attributes
    ----------
    losses : list of float
        One an epoch, of all fits.
    scores : list of float or None
        Likewise the first metric on the rows held out; None where none are.
    best_loss, best_validation_loss, best_score : float or None
        The lowest loss or highest score, of that which decides; None for the others.
    stalled : int
        Epochs in a row without progress.
    rows_seen : int
        Rows of all epochs of all fits.
    epochs : int
        Epochs of the latest fit.
    columns : dict of str to list of float
        What else is known of every epoch; NaN where it is not.
    """

    losses: list[float] = field(default_factory=list)
    scores: list[float] | None = None
    best_loss: float | None = None
    best_score: float | None = None
    stalled: int = 0
    rows_seen: int = 0
    epochs: int = 0
    best_validation_loss: float | None = None
    columns: dict[str, list[float]] = field(default_factory=dict)

    def best_cost(self, monitor: Monitor) -> float:
        """The lowest cost so far, a score's being its negative; infinity before the first."""
        score = None if self.best_score is None else -self.best_score
        costs = {
            Monitor.LOSS: self.best_loss,
            Monitor.VALIDATION_LOSS: self.best_validation_loss,
            Monitor.SCORE: score,
        }
        cost = costs[monitor]
        return math.inf if cost is None else cost

    def add(
        self,
        losses: Sequence[float],
        scores: Sequence[float] | None,
        rows: int,
        best_cost: float,
        stalled: int,
        monitor: Monitor = Monitor.LOSS,
        columns: Mapping[str, Sequence[float]] | None = None,
    ) -> None:
        """Enter a fit's epochs of so many rows each; scores are None where no rows are held out.

        The losses grow in place, so that many short fits stay cheap.
        """
        self.add_columns({} if columns is None else columns, len(losses))
        self.losses.extend(losses)
        self.scores = None if scores is None else [*(self.scores or ()), *scores]
        self.best_loss = best_cost if monitor is Monitor.LOSS else None
        self.best_validation_loss = best_cost if monitor is Monitor.VALIDATION_LOSS else None
        self.best_score = -best_cost if monitor is Monitor.SCORE else None
        self.stalled = stalled
        self.epochs = len(losses)
        self.rows_seen += rows * len(losses)

    def add_columns(self, columns: Mapping[str, Sequence[float]], n_epochs: int) -> None:
        """Let the columns grow by so many epochs; NaN fills what one fit knows and another not."""
        for name, values in columns.items():
            if name not in self.columns:
                self.columns[name] = [math.nan] * len(self.losses)
            self.columns[name].extend(values)
        for name in self.columns.keys() - columns.keys():
            self.columns[name].extend([math.nan] * n_epochs)
