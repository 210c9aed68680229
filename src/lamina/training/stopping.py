"""When to stop: counting the epochs in a row that brought no progress."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass
class Stopping:
    """The best cost so far and the epochs since; a cost is a loss, or a score's negative.

    Attributes
    ----------
    tol : float
        By how much a cost must lie below the best to count as progress.
    patience : float
        How many epochs in a row may bring none.
    best : float
        The lowest cost.
    stalled : int
        Epochs in a row without progress.
    requires_numbers : bool
        Whether an epoch with a cost of NaN or infinity brings no progress. With False it does, as
        in scikit-learn.

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

    def improves(self, cost: float) -> bool:
        """Take note of an epoch's cost; whether it is the lowest.

        A cost may be the lowest and still no progress: by less than tol.
        """
        is_missing = self.requires_numbers and not cost < math.inf
        self.stalled = self.stalled + 1 if is_missing or cost > self.best - self.tol else 0
        if cost < self.best:
            self.best = cost
            return True
        return False

    @property
    def soonest(self) -> float:
        """After how many more epochs patience may run out at the soonest; may be infinite."""
        return max(1, self.patience - self.stalled + 1)

    @property
    def out_of_patience(self) -> bool:
        """Whether the epochs without progress are more than may be borne."""
        return self.stalled > self.patience
