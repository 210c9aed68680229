"""Early stopping: count the consecutive epochs without progress."""

from __future__ import annotations

import math
from dataclasses import dataclass

from lamina.engines.trainer import Outcome
from lamina.training.history import Ending


@dataclass
class Stopping:
    """Best cost so far and the epochs since; a cost is a loss, or the negative of a score.

    Attributes
    ----------
    tol : float
        Smallest decrease of the cost below the best that counts as progress.
    patience : float
        Number of consecutive epochs that may bring none.
    best : float
        Lowest cost.
    stalled : int
        Number of consecutive epochs without progress.
    patience_factor : float
        Factor of at least 1: training may run to epoch patience_factor · p + patience, p being the
        epoch of the latest progress.
    restores_last : bool
        If True, the best of several epochs with the same lowest cost is the last of them.
    epochs : int
        Number of epochs of this fit.
    requires_numbers : bool
        If True, an epoch with a cost of NaN or infinity brings no progress. If False, it counts as
        progress, as in scikit-learn.

    Examples
    --------
    >>> stopping = Stopping(tol=0.1, patience=1, best=1.0)
    >>> [stopping.improves(cost) for cost in (0.5, 0.45, 0.6)], stopping.stalled
    ([True, True, False], 2)
    >>> stopping.out_of_patience
    True
    """

    tol: float
    patience: float
    best: float
    stalled: int = 0
    requires_numbers: bool = False
    patience_factor: float = 1.0
    restores_last: bool = False
    epochs: int = 0

    def improves(self, cost: float) -> bool:
        """Record an epoch's cost; return True if it is the best so far.

        An epoch whose cost is lower by less than tol does not count as progress.
        """
        self.epochs += 1
        is_missing = self.requires_numbers and not cost < math.inf
        self.stalled = self.stalled + 1 if is_missing or cost > self.best - self.tol else 0
        if cost < self.best:
            self.best = cost
            return True
        return self.restores_last and cost == self.best < math.inf

    @property
    def allowed(self) -> float:
        """Number of consecutive epochs that may now bring no progress."""
        epoch_of_progress = max(0, self.epochs - self.stalled)
        return self.patience + (self.patience_factor - 1) * epoch_of_progress

    @property
    def soonest(self) -> float:
        """Smallest number of epochs after which patience may run out; may be infinite."""
        return max(1, self.allowed - self.stalled + 1)

    @property
    def out_of_patience(self) -> bool:
        """True if there are more epochs without progress than patience allows."""
        return self.stalled > self.allowed


def ending_of(outcome: Outcome | None, has_room: bool) -> Ending | None:
    """Return the ending of a fit that its trainer has ended, or None.

    Like SciPy, it does not call the last iteration that is allowed converged.
    """
    if outcome is None:
        return None
    return Ending.CONVERGED if outcome is Outcome.CONVERGED and has_room else Ending.EXHAUSTED
