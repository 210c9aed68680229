"""The history that a model's fits leave behind: losses, scores, and how the latest one ended."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum


class Ending(Enum):
    """Why a fit ended."""

    CONVERGED = "no more progress"
    EXHAUSTED = "the last epoch that the plan allows"
    INTERRUPTED = "Ctrl-C"
    DIVERGED = "a loss or a layer became infinite or NaN"


@dataclass
class History:
    """The course of a model's fits; warm starts and partial fits go on with it.

    Attributes
    ----------
    losses : list of float
        One an epoch, of all fits.
    scores : list of float or None
        Likewise the validation scores; None where no rows are held out.
    best_loss : float or None
        The lowest loss; None where the validation score decides instead.
    best_score : float or None
        The highest validation score; None where no rows are held out.
    stalled : int
        Epochs in a row without progress.
    rows_seen : int
        Rows of all epochs of all fits.
    epochs : int
        Epochs of the latest fit.
    """

    losses: list[float] = field(default_factory=list)
    scores: list[float] | None = None
    best_loss: float | None = None
    best_score: float | None = None
    stalled: int = 0
    rows_seen: int = 0
    epochs: int = 0

    def best_cost(self, validated: bool) -> float:
        """The lowest loss, or the highest score's negative; infinity where there is none yet."""
        if validated:
            return math.inf if self.best_score is None else -self.best_score
        return math.inf if self.best_loss is None else self.best_loss

    def add(
        self,
        losses: Sequence[float],
        scores: Sequence[float] | None,
        rows: int,
        best_cost: float,
        stalled: int,
    ) -> None:
        """Enter a fit's epochs of so many rows each; scores are None where no rows are held out.

        The losses grow in place, so that many short fits stay cheap.
        """
        self.losses.extend(losses)
        validated = scores is not None
        self.scores = None if scores is None else [*(self.scores or ()), *scores]
        self.best_score = -best_cost if validated else None
        self.best_loss = None if validated else best_cost
        self.stalled = stalled
        self.epochs = len(losses)
        self.rows_seen += rows * len(losses)
