"""Training state: everything that a fit changes and a later fit may continue from."""

from __future__ import annotations

from dataclasses import dataclass

from lamina.engines import OptimizerState
from lamina.formulas.table import Array
from lamina.training.history import History
from lamina.training.rates import RateState


@dataclass
class Memory:
    """Training state: everything that a fit changes and a later fit may continue from.

    Attributes
    ----------
    parameters : ndarray of shape (n_parameters,)
    optimizer : OptimizerState
    rate : RateState
    history : History
    """

    parameters: Array
    optimizer: OptimizerState
    rate: RateState
    history: History

    @property
    def predicting(self) -> Array:
        """Parameters that predict: their moving average if one is kept."""
        return self.optimizer.predicting(self.parameters)
