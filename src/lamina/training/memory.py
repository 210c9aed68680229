"""What a fit changes, and what a later one may go on from."""

from __future__ import annotations

from dataclasses import dataclass

from lamina.engines import OptimizerState
from lamina.formulas.table import Array
from lamina.training.history import History


@dataclass
class Memory:
    """What a fit changes, and what a later one may go on from.

    Attributes
    ----------
    parameters : ndarray of shape (n_parameters,)
    state : OptimizerState
    learning_rate : float
        The schedule's present level: the rate itself, where the schedule has no curve.
    history : History
    scheduled_epochs : int
        Epochs since the schedule began.
    slow_epochs : int
        Epochs in a row without progress, as a schedule that waits for a plateau counts them.
    """

    parameters: Array
    state: OptimizerState
    learning_rate: float
    history: History
    scheduled_epochs: int = 0
    slow_epochs: int = 0

    @property
    def predicting(self) -> Array:
        """What the network predicts with: the average of the parameters, where one is kept."""
        return self.state.predicting(self.parameters)
