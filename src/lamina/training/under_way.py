"""View of a running fit for its callbacks: its state, and the parts that they may change."""

from __future__ import annotations

import math
from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lamina.engines import OptimizerState
from lamina.formulas.table import Array
from lamina.network import ParameterLayout
from lamina.network.parameters import ParameterViews

if TYPE_CHECKING:
    from lamina.training.loop import EpochLoop


class StepAhead(NamedTuple):
    """Inputs of the next step of a fit, as copies.

    Attributes
    ----------
    parameters : ndarray of shape (n_parameters,)
        Trained parameters, even if their average predicts in their place.
    state : OptimizerState
    learning_rate : float
    rows : ndarray of int64
        Indices of the samples in its batch.
    """

    parameters: Array
    state: OptimizerState
    learning_rate: float
    rows: NDArray[np.int64]


class FitUnderWay:
    """Running fit, as passed to callbacks; its learning rate and parameters can be set.

    Attributes
    ----------
    model : estimator
        Estimator of the fit. Its fitted attributes are those of the previous fit, so in a first
        fit it cannot predict.
    epoch, max_epochs : int
        Number of finished epochs, and the maximum.
    epochs_before : int
        Number of epochs of earlier fits that this one continues.
    step : int
        Number of the optimizer's steps, including those of fits that this one continues.
    loss : float
        Loss of the latest epoch; in `on_step`, of the batch. NaN before the first.
    row : dict of str to float
        Latest row of the history: 'epoch', 'loss', 'learning_rate', 'seconds', 'gradient_norm'
        and, with held-out samples, 'validation_loss' and each metric. Empty before the first.
    history : dict of str to list of float
        All rows so far, as in `history_`, including those of fits that this one continues.
    learning_rate : float
        Rate of the next step. Setting it replaces the schedule's rate and scales the rest of the
        schedule in proportion.
    coefs, intercepts : list of ndarray
        Read-only views of the present weights and biases.
    parameters : ndarray of shape (n_parameters,)
        Read-only view of all present parameters in one vector. Setting it replaces them, and keeps
        the optimizer's state.
    ahead : StepAhead
        Inputs of the next step: parameters, optimizer, rate, and the samples of its batch.
    is_over : bool
        In `on_epoch_end`, True if this epoch is the last.
    ending : str or None
        In `on_fit_end`, why it ended; None after an error.
    """

    def __init__(self, loop: EpochLoop, model: Any) -> None:
        self._loop, self.model = loop, model
        self.loss = np.nan
        self.ending: str | None = None
        self.stop_is_asked = self.made_no_progress = False
        self.epochs_before = len(loop.memory.history.losses)

    def stop(self) -> None:
        """End the fit after this step or epoch."""
        self.stop_is_asked = True

    @property
    def is_over(self) -> bool:
        return self.stop_is_asked or self.made_no_progress or self.epoch >= self.max_epochs

    @property
    def epoch(self) -> int:
        return len(self._loop.losses)

    @property
    def max_epochs(self) -> int:
        return self._loop.plan.max_epochs

    @property
    def step(self) -> int:
        return self._loop.memory.state.step

    @property
    def row(self) -> dict[str, float]:
        if not self.epoch:
            return {}
        latest = {name: values[-1] for name, values in self._loop.columns.items()}
        return {"epoch": self.epoch, "loss": self._loop.losses[-1], **latest}

    @property
    def history(self) -> dict[str, list[float]]:
        before, n_before = self._loop.memory.history, self.epochs_before
        columns = {
            # After the fit, the history itself contains its epochs.
            name: [*before.columns.get(name, [math.nan] * n_before)[:n_before], *values]
            for name, values in self._loop.columns.items()
        }
        losses = [*before.losses[:n_before], *self._loop.losses]
        return {"epoch": [*range(1, len(losses) + 1)], "loss": losses, **columns}

    @property
    def learning_rate(self) -> float:
        return self._loop.rates.get_rate(self._loop.step_of_epoch)

    @learning_rate.setter
    def learning_rate(self, rate: float) -> None:
        self._loop.rates.set_rate(rate, self._loop.step_of_epoch)

    @property
    def coefs(self) -> list[NDArray[Any]]:
        return self._views().weights

    @property
    def intercepts(self) -> list[NDArray[Any]]:
        return self._views().biases

    @property
    def parameters(self) -> Array:
        present = self._loop.memory.predicting.view()
        present.flags.writeable = False
        return present

    @parameters.setter
    def parameters(self, parameters: Array) -> None:
        memory = self._loop.memory
        if memory.state.keeps_average:
            raise ValueError(
                "parameters cannot be set while average_decay keeps an average of all earlier "
                "ones: set average_decay=None"
            )
        if parameters.shape != memory.parameters.shape or not np.isfinite(parameters).all():
            raise ValueError(
                f"parameters of shape {parameters.shape} must be {memory.parameters.size} finite "
                "numbers in one vector"
            )
        memory.parameters[:] = parameters

    @property
    def ahead(self) -> StepAhead:
        memory = self._loop.memory
        state = replace(memory.state, slots=memory.state.slots.copy())
        return StepAhead(memory.parameters.copy(), state, self.learning_rate, self._next_rows())

    def _next_rows(self) -> NDArray[np.int64]:
        """Return the samples of the next batch, without drawing from the generator."""
        loop, order = self._loop, self._loop.order.copy()
        first = loop.step_of_epoch * loop.plan.batch_size
        if first == 0 or first >= len(order):
            first = 0
            if loop.shuffling is not None:
                deepcopy(loop.shuffling).shuffle(order)
        return order[first : first + loop.plan.batch_size]

    def _views(self) -> ParameterViews:
        return ParameterLayout.from_spec(self._loop.spec).views(self.parameters)
