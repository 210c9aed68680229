"""History of a model's fits: losses, scores, and the reason the latest fit ended."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum


class Ending(Enum):
    """Reason why a fit ended."""

    CONVERGED = "no more progress"
    EXHAUSTED = "the last epoch that the plan allows"
    INTERRUPTED = "Ctrl-C"
    DIVERGED = "a loss or a layer became infinite or NaN"
    OUT_OF_TIME = "the time that the plan allows"
    STOPPED = "a callback"


class Monitor(Enum):
    """Quantity that decides whether an epoch brought progress."""

    LOSS = "the training loss"
    VALIDATION_LOSS = "the loss on the held-out samples"
    SCORE = "the first metric on the held-out samples"


@dataclass
class History:
    """History of a model's fits, extended by warm starts and partial fits.

    Attributes
    ----------
    losses : list of float
        Training loss of each epoch of all fits.
    scores : list of float or None
        First metric on the held-out samples of each epoch; None without held-out samples.
    best_loss, best_validation_loss, best_score : float or None
        Minimum loss or maximum score of the monitored quantity; None for the others.
    stalled : int
        Number of consecutive epochs without progress.
    rows_seen : int
        Number of samples seen in all epochs of all fits.
    epochs : int
        Number of epochs of the latest fit.
    columns : dict of str to list of float
        Other values of every epoch; NaN where unavailable.
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
        """Return the lowest cost so far, or infinity; the cost of a score is its negative."""
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
        """Append a fit's epochs of `rows` samples each; scores are None without held-out samples.

        The list of losses grows in place, so that many short fits stay cheap.
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
        """Extend the columns by `n_epochs`; NaN fills values that one fit has and another lacks."""
        for name, values in columns.items():
            if name not in self.columns:
                self.columns[name] = [math.nan] * len(self.losses)
            self.columns[name].extend(values)
        for name in self.columns.keys() - columns.keys():
            self.columns[name].extend([math.nan] * n_epochs)
