"""Early ending of fits that have begun to overfit."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lamina.training.under_way import FitUnderWay

# On the curves of 38 complete fits on five tables, 5 % and 15 % saved a fifth of the epochs, and
# stopped no fit before its best epoch.
TOLERATED = 1.05
WINDOW_FRACTION = 0.15
SMALLEST_WINDOW = 8


# Schedules whose learning rate rises again, so that losses rise and fall in waves.
IN_WAVES = ("coslog4",)


class OverfittingStop:
    """Callback that ends a fit whose recent validation losses are all far above the smallest one.

    The recent losses are those of the latest 15 % of all planned epochs, and of at least 8. A fit
    that ends early keeps the weights of its best epoch, as a complete one does. A fit whose
    learning rate rises again, as with 'coslog4', runs to its end: the losses of its waves are above
    the smallest one for many epochs.

    Attributes
    ----------
    smallest : float
        The smallest validation loss so far.
    last_good : int
        The latest epoch whose loss is at most 5 % above the smallest one.
    """

    def __init__(self) -> None:
        self.smallest = math.inf
        self.last_good = 0

    def on_epoch_end(self, fit: FitUnderWay) -> None:
        """End the fit if no recent epoch is good, unless a scorer chooses the epoch."""
        if fit.model.monitor != "validation_loss" or fit.model.learning_rate in IN_WAVES:
            return
        loss = fit.row["validation_loss"]
        self.smallest = min(self.smallest, loss)
        if not loss > TOLERATED * self.smallest:
            self.last_good = fit.epoch
        if fit.epoch - self.last_good >= window(fit.max_epochs):
            fit.stop()


def window(n_epochs: int) -> int:
    """Return the number of recent epochs.

    Examples
    --------
    >>> window(120), window(20)
    (18, 8)
    """
    return max(SMALLEST_WINDOW, round(WINDOW_FRACTION * n_epochs))
