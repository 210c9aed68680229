"""A fit under way, as its callbacks see it: what it has come to, and what they may change."""

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
    """What the next step of a fit goes by, on copies.

    Attributes
    ----------
    parameters : ndarray of shape (n_parameters,)
        Those that learn, also where their average predicts in their place.
    state : OptimizerState
    learning_rate : float
    rows : ndarray of int64
        The numbers of the rows in its batch.
    """

    parameters: Array
    state: OptimizerState
    learning_rate: float
    rows: NDArray[np.int64]


class FitUnderWay:
    """What a callback is given. It reads the present state; its rate and parameters can be set.

    Attributes
    ----------
    model : estimator
        Whose fit it is, for its parameters: its fitted attributes are those of the fit before, so
        that in a first fit it cannot predict.
    epoch, max_epochs : int
        Epochs made so far, and how many there may be.
    epochs_before : int
        Epochs of earlier fits that this one goes on from.
    step : int
        The optimizer's steps so far, those of fits before that it goes on from included.
    loss : float
        The latest epoch's loss; in `on_step`, the batch's. NaN before the first.
    row : dict of str to float
        The latest row of the history: 'epoch', 'loss', 'learning_rate', 'seconds', 'gradient_norm'
        and, with rows held out, 'validation_loss' and each metric. Empty before the first.
    history : dict of str to list of float
        All rows so far, those of fits before that it goes on from included; as `history_`.
    learning_rate : float
        The next step's. Set, it takes the place of what the schedule would have given, and the
        schedule goes on from it in proportion.
    coefs, intercepts : list of ndarray
        Views of the present weights and biases that cannot be written to.
    parameters : ndarray of shape (n_parameters,)
        A view of all present parameters, one behind the other, that cannot be written to. Set,
        others take their place, and the optimizer goes on with what it remembers.
    ahead : StepAhead
        What the next step goes by: parameters, optimizer, rate, and the rows of its batch.
    is_over : bool
        In `on_epoch_end`, whether this epoch is the last.
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
            # At the end the fit has been entered into the history itself.
            name: [*before.columns.get(name, [math.nan] * n_before)[:n_before], *values]
            for name, values in self._loop.columns.items()
        }
        losses = [*before.losses[:n_before], *self._loop.losses]
        return {"epoch": [*range(1, len(losses) + 1)], "loss": losses, **columns}

    @property
    def learning_rate(self) -> float:
        return self._loop.rates.rate_of(self._loop.step_of_epoch)

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
                "parameters cannot be set where average_decay keeps an average of all before: set "
                "average_decay=None"
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
        """The numbers of the rows in the next batch; nothing is drawn for it."""
        loop, order = self._loop, self._loop.order.copy()
        first = loop.step_of_epoch * loop.plan.batch_size
        if first == 0 or first >= len(order):
            first = 0
            if loop.shuffling is not None:
                deepcopy(loop.shuffling).shuffle(order)
        return order[first : first + loop.plan.batch_size]

    def _views(self) -> ParameterViews:
        return ParameterLayout.of(self._loop.spec).views(self.parameters)
