"""Training state: everything that a fit changes and a later fit may continue from."""

from __future__ import annotations

from dataclasses import dataclass

from lamina.engines import OptimizerState
from lamina.formulas.table import Array
from lamina.training.history import History


@dataclass
class Memory:
    """Training state: everything that a fit changes and a later fit may continue from.

    Attributes
    ----------
    parameters : ndarray of shape (n_parameters,)
    state : OptimizerState
    learning_rate : float
        Base learning rate of the schedule, which its per-step multipliers scale, if any.
    history : History
    scheduled_epochs : int
        Number of epochs since the schedule began.
    slow_epochs : int
        Number of consecutive epochs without progress, as counted by a plateau schedule.
    """

    parameters: Array
    state: OptimizerState
    learning_rate: float
    history: History
    scheduled_epochs: int = 0
    slow_epochs: int = 0

    @property
    def predicting(self) -> Array:
        """Parameters that predict: their moving average if one is kept."""
        return self.state.predicting(self.parameters)
