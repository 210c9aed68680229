"""View of a running fit for its callbacks: its state, and the parts that they may change."""

from __future__ import annotations

import math
from copy import deepcopy
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lamina.engines import OptimizerState
from lamina.engines.multipliers import UNCHANGED, Multipliers
from lamina.engines.trainer import shuffle_order
from lamina.formulas.table import Array
from lamina.network import NetworkSpec, ParameterLayout
from lamina.network.parameters import ParameterViews
from lamina.training.fit_state import FitState
from lamina.training.plan import TrainingPlan
from lamina.training.rates import Rates
from lamina.training.trained import Trained


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
    multipliers : Multipliers
        Of the hyperparameters that follow a schedule.
    """

    parameters: Array
    state: OptimizerState
    learning_rate: float
    rows: NDArray[np.int64]
    multipliers: Multipliers = UNCHANGED


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

    def __init__(
        self,
        state: FitState,
        trained: Trained,
        spec: NetworkSpec,
        plan: TrainingPlan,
        rates: Rates,
        random_state: np.random.RandomState,
        model: Any,
    ) -> None:
        self._state, self._trained, self._spec = state, trained, spec
        self._plan, self._rates, self._random_state = plan, rates, random_state
        self.model = model
        self.epochs_before = len(state.memory.history.losses)

    def stop(self) -> None:
        """End the fit after this step or epoch."""
        self._state.must_stop = True

    @property
    def is_over(self) -> bool:
        state = self._state
        return state.must_stop or state.has_converged or self.epoch >= self.max_epochs

    @property
    def ending(self) -> str | None:
        return self._state.ending

    @property
    def loss(self) -> float:
        return self._state.loss

    @property
    def epoch(self) -> int:
        return len(self._state.losses)

    @property
    def max_epochs(self) -> int:
        return self._plan.max_epochs

    @property
    def step(self) -> int:
        return self._trained.step

    @property
    def row(self) -> dict[str, float]:
        if not self.epoch:
            return {}
        latest = {name: values[-1] for name, values in self._state.columns.items()}
        return {"epoch": self.epoch, "loss": self._state.losses[-1], **latest}

    @property
    def history(self) -> dict[str, list[float]]:
        before, n_before = self._state.memory.history, self.epochs_before
        columns = {
            # After the fit, the history itself contains its epochs.
            name: [*before.columns.get(name, [math.nan] * n_before)[:n_before], *values]
            for name, values in self._state.columns.items()
        }
        losses = [*before.losses[:n_before], *self._state.losses]
        return {"epoch": [*range(1, len(losses) + 1)], "loss": losses, **columns}

    @property
    def learning_rate(self) -> float:
        return self._rates.get_rate(self._state.step_of_epoch)

    @learning_rate.setter
    def learning_rate(self, rate: float) -> None:
        self._rates.set_rate(rate, self._state.step_of_epoch)

    @property
    def coefs(self) -> list[Array]:
        return self._views().weights

    @property
    def intercepts(self) -> list[Array]:
        return self._views().biases

    @property
    def parameters(self) -> Array:
        present = self._trained.predicting.view()
        present.flags.writeable = False
        return present

    @parameters.setter
    def parameters(self, parameters: Array) -> None:
        before = self._state.memory
        if before.optimizer.keeps_average:
            raise ValueError(
                "parameters cannot be set while average_decay keeps an average of all earlier "
                "ones: set average_decay=None"
            )
        if parameters.shape != before.parameters.shape or not np.isfinite(parameters).all():
            raise ValueError(
                f"parameters of shape {parameters.shape} must be {before.parameters.size} finite "
                "numbers in one vector"
            )
        self._trained.replace_parameters(parameters)

    @property
    def ahead(self) -> StepAhead:
        optimizer = self._trained.optimizer
        state = replace(optimizer, slots=optimizer.slots.copy())
        return StepAhead(
            self._trained.parameters.copy(),
            state,
            self.learning_rate,
            self._next_rows(),
            self._rates.multipliers.of_step(
                self._rates.state.scheduled_epochs, self._state.step_of_epoch
            ),
        )

    def _next_rows(self) -> NDArray[np.int64]:
        """Return the samples of the next batch, without drawing from the generator."""
        order, size = self._state.order.copy(), self._plan.batch_size
        first = self._state.step_of_epoch * size
        if first == 0 or first >= self._state.rows_an_epoch:
            first = 0
            if self._plan.shuffle:
                shuffle_order(order, deepcopy(self._random_state))
        return order[first : first + size]

    def _views(self) -> ParameterViews:
        return ParameterLayout.from_spec(self._spec).views(self.parameters)
