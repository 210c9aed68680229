"""State of a running fit, as plain data: the loop changes it, checkpoints and callbacks read it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lamina.files.disk_arrays import is_mapped
from lamina.formulas.table import Array
from lamina.training.history import Monitor
from lamina.training.memory import Memory
from lamina.training.plan import TrainingPlan
from lamina.training.stopping import Stopping
from lamina.training.validation import Validation


def column_names(metrics: Sequence[str] | None) -> tuple[str, ...]:
    """Return the names of a fit's columns; metrics are None without held-out samples."""
    validation = () if metrics is None else ("validation_loss", *metrics)
    return (*validation, "learning_rate", "gradient_norm", "seconds")


@dataclass
class FitState:
    """State of a running fit.

    Attributes
    ----------
    memory : Memory
        Its history is that of earlier fits until this one ends.
    order : ndarray of int64
        Indices of the training samples, in the order of the latest epoch; a column for each member
        that has an order of its own.
    stopping : Stopping
    columns : dict of str to list of float
        Values of every epoch besides its loss.
    rows_an_epoch : int
        Number of samples that an epoch uses of `order`.
    losses : list of float
        Training loss of every epoch.
    best_parameters : ndarray of shape (n_parameters,) or None
        Parameters of the best epoch, if they are to be restored and this fit has one.
    step_of_epoch : int
        Number of steps of a running epoch; 0 between epochs.
    loss : float
        Loss of the latest epoch or, in a running epoch, of the latest batch; NaN before the first.
    must_stop : bool
        True if a callback ends the fit.
    has_converged : bool
        True if a lack of progress, or a loss that is not finite, ends the fit.
    ending : str or None
        Why the fit has ended; None while it runs, and after an error.
    """

    memory: Memory
    order: NDArray[np.int64]
    stopping: Stopping
    rows_an_epoch: int
    columns: dict[str, list[float]]
    losses: list[float]
    best_parameters: Array | None = None
    step_of_epoch: int = 0
    loss: float = math.nan
    must_stop: bool = False
    has_converged: bool = False
    ending: str | None = None

    @property
    def rows_seen(self) -> int:
        """Number of samples seen in all epochs of all fits."""
        return self.memory.history.rows_seen + len(self.losses) * self.rows_an_epoch

    def drop_incomplete_epoch(self) -> None:
        """Shorten all columns to the shortest: Ctrl-C may have struck between two of them."""
        n_epochs = min(len(self.losses), *map(len, self.columns.values()))
        for column in (self.losses, *self.columns.values()):
            del column[n_epochs:]


def order_to_shuffle(order: NDArray[np.int64] | None, n_samples: int) -> NDArray[np.int64]:
    """Return a copy of an order of samples, by default of all; on disk the order itself."""
    if order is None:
        return np.arange(n_samples, dtype=np.int64)
    return order.astype(np.int64, copy=not is_mapped(order))


def begin(
    plan: TrainingPlan, memory: Memory, order: NDArray[np.int64], validation: Validation | None
) -> FitState:
    """Return the state of a fit before its first epoch."""
    monitor, strict, metrics = Monitor.LOSS, False, None
    if validation is not None:
        monitor, strict = validation.monitor, validation.requires_numbers
        metrics = validation.metrics
    history = memory.history
    best = history.best_cost(monitor)
    stopping = Stopping(
        plan.tol,
        plan.patience,
        best,
        history.stalled,
        strict,
        plan.patience_factor,
        plan.restores_last,
    )
    columns: dict[str, list[float]] = {name: [] for name in column_names(metrics)}
    return FitState(memory, order, stopping, plan.samples_of_epoch(len(order)), columns, [])
