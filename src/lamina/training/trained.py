"""Parameters and optimizer state of a running fit, fetched from its trainer when they are read."""

from __future__ import annotations

from lamina.engines import OptimizerState, Trainer
from lamina.formulas.table import Array


class Trained:
    """Parameters and optimizer state of a running fit.

    They are where the trainer computes. Each is fetched when it is first read after `forget`, so an
    epoch that nothing reads from copies nothing.

    Parameters
    ----------
    trainer : Trainer
    """

    def __init__(self, trainer: Trainer) -> None:
        self._trainer = trainer
        self.forget()

    def forget(self) -> None:
        """Forget fetched values, because the trainer changes them."""
        self._parameters: Array | None = None
        self._predicting: Array | None = None
        self._optimizer: OptimizerState | None = None

    @property
    def step(self) -> int:
        """Number of updates so far, including those of earlier fits."""
        return self._trainer.step

    @property
    def parameters(self) -> Array:
        """Trained parameters, of shape (n_parameters,); not to be written into."""
        if self._parameters is None:
            self._parameters = self._trainer.parameters()
        return self._parameters

    @property
    def predicting(self) -> Array:
        """Parameters that predict: their average if one is kept; not to be written into."""
        if self._predicting is None:
            self._predicting = self._trainer.predicting()
        return self._predicting

    @property
    def optimizer(self) -> OptimizerState:
        """Optimizer's state; not to be written into."""
        if self._optimizer is None:
            self._optimizer = self._trainer.optimizer_state()
        return self._optimizer

    def replace_parameters(self, parameters: Array) -> None:
        """Replace the trained parameters, and keep the optimizer's state."""
        self._trainer.load(parameters)
        self.forget()

    def replace_predicting(self, parameters: Array) -> None:
        """Replace the parameters that predict."""
        optimizer = self.optimizer
        if not optimizer.keeps_average:
            self.replace_parameters(parameters)
            return
        optimizer.slots[-1] = parameters
        self._trainer.load(optimizer_state=optimizer)
        self.forget()
