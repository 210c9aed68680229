"""Trainer of a fit: runs epochs, and holds parameters and optimizer state where it computes."""

from __future__ import annotations

import math
from enum import Enum
from time import perf_counter
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from lamina.engines.optimizer import OptimizerState
from lamina.formulas.table import Array


class EpochReport(NamedTuple):
    """Result of an epoch.

    Attributes
    ----------
    loss : float
        Mean of the batches' losses, penalty included, weighted by their sizes; not finite if the
        epoch ended early for that reason.
    steps : int
        Number of updates.
    non_finite_block : int or None
        Index in the spec of the first block whose values or parameters are not finite.
    gradient_norm : float or None
        Mean over the steps of the gradient's norm, penalty included and before clipping; None
        if the trainer does not measure it, or made no step.
    learning_rate : float or None
        Step of a line search, which replaces the scheduled rate; None without one.
    """

    loss: float
    steps: int
    non_finite_block: int | None
    gradient_norm: float | None = None
    learning_rate: float | None = None

    @property
    def is_finite(self) -> bool:
        """True if the loss and all layers stayed finite."""
        return self.non_finite_block is None and math.isfinite(self.loss)

    @property
    def norm_or_nan(self) -> float:
        """Norm of the gradient; NaN if unavailable."""
        return math.nan if self.gradient_norm is None else self.gradient_norm

    def rate_or(self, scheduled: float) -> float:
        """Return the step of the line search, or the scheduled rate without one."""
        return scheduled if self.learning_rate is None else self.learning_rate


class Outcome(Enum):
    """Reason why a trainer ends a fit by itself."""

    CONVERGED = "the loss or the gradient is small enough"
    EXHAUSTED = "no further evaluation of the loss is allowed"
    FAILED = "no step lowers the loss"


class TimeIsUp(Exception):
    """A trainer's deadline has passed in the middle of an epoch, after a complete step."""


def shuffle_order(order: NDArray[np.int64], random_state: np.random.RandomState) -> None:
    """Shuffle an order of samples in place: each member's, the first one first, on its own."""
    for of_member in order.reshape(len(order), -1).T:
        random_state.shuffle(of_member)


class Trainer(Protocol):
    """One fit: holds samples, parameters and the optimizer's state where it computes.

    The parameters may be on another device, so no epoch copies them. The training asks for them
    with `parameters`, `predicting` and `optimizer_state` when validation, a callback, a checkpoint
    or the end of the fit needs them, and replaces them with `load`.

    Attributes
    ----------
    step : int
        Number of updates so far, including those of earlier fits; reading it copies nothing.
    deadline : float
        `perf_counter` value after which no epoch is finished.
    measures_gradient : bool
        If True, reports include the gradient's norm; may be set before any epoch. It changes no
        bit of a step, but keeps the whole gradient, which costs a few percent of the time.
    outcome : Outcome or None
        Why the trainer makes no further epoch; always None for steps of minibatches.
    """

    deadline: float = math.inf
    measures_gradient: bool = False
    outcome: Outcome | None = None

    @property
    def step(self) -> int: ...

    def parameters(self) -> Array:
        """Return the present parameters in this process's memory, of shape (n_parameters,).

        This is the trainer's own vector, which later epochs change in place, or a copy. A caller
        copies it to keep it, and changes it only to pass it to `load`.
        """
        ...

    def predicting(self) -> Array:
        """Return the parameters that predict, as `parameters` does: their average if one is kept.

        A trainer on another device overrides this, to copy one vector and not the whole state.
        """
        return self.optimizer_state().predicting(self.parameters())

    def optimizer_state(self) -> OptimizerState:
        """Return the optimizer's present state, with slots in this process's memory.

        They are the trainer's own arrays or copies, as with `parameters`.
        """
        ...

    def load(
        self, parameters: Array | None = None, optimizer_state: OptimizerState | None = None
    ) -> None:
        """Replace the parameters, the optimizer's state, or both, with copies of these values.

        Shapes and dtypes are those that the trainer returns.
        """
        ...

    def epoch(
        self,
        order: NDArray[np.int64],
        batch_size: int,
        learning_rates: NDArray[np.float64],
        multipliers: NDArray[np.float64] | None = None,
    ) -> EpochReport:
        """Run one epoch over the samples in `order`, with `batch_size` of them per step.

        Parameters
        ----------
        order : ndarray of int64 of shape (n_samples,) or (n_samples, n_members)
            Indices of samples; the last batch may be smaller than the others. Two dimensions have
            an order for each of the members of the spec, if the engine has `own_rows`.
        batch_size : int
        learning_rates : ndarray of float64 of shape (n_steps,)
            With one rate fewer than batches, a last and smaller batch is left out.
        multipliers : ndarray of float64 of shape (n_steps, 3), optional
            Multipliers of dropout, weight decay and label smoothing; all are 1 by default.

        Raises
        ------
        KeyboardInterrupt, TimeIsUp
            After Ctrl-C or the deadline, within 100 ms; parameters and state are those of the last
            complete step.
        ZeroDivisionError
            For a batch whose sample weights sum to zero.
        """
        ...

    def epochs(
        self,
        order: NDArray[np.int64],
        batch_size: int,
        learning_rates: NDArray[np.float64],
        reports: list[EpochReport],
        random_state: np.random.RandomState | None = None,
        multipliers: NDArray[np.float64] | None = None,
    ) -> None:
        """Run consecutive epochs as long as they stay finite.

        Parameters
        ----------
        order : ndarray of int64
        batch_size : int
        learning_rates : ndarray of float64 of shape (n_epochs, n_steps)
        reports : list of EpochReport
            Receives a report of each finished epoch, whatever ends the call.
        random_state : RandomState, optional
            Shuffles `order` in place before each epoch, by `shuffle_order`; it draws nothing for
            epochs that do not begin.
        multipliers : ndarray of float64 of shape (n_epochs, n_steps, 3), optional

        Raises
        ------
        KeyboardInterrupt, TimeIsUp, ZeroDivisionError
            As in `epoch`. A deadline between two epochs just ends the call.
        """
        for i, rates in enumerate(learning_rates):
            if perf_counter() >= self.deadline:
                break
            if random_state is not None:
                shuffle_order(order, random_state)
            of_epoch = None if multipliers is None else multipliers[i]
            reports.append(self.epoch(order, batch_size, rates, of_epoch))
            if not reports[-1].is_finite:
                break


class EpochsTrainer(Trainer):
    """Trainer with epochs of its own, for which one epoch is several of one."""

    def epoch(
        self,
        order: NDArray[np.int64],
        batch_size: int,
        learning_rates: NDArray[np.float64],
        multipliers: NDArray[np.float64] | None = None,
    ) -> EpochReport:
        reports: list[EpochReport] = []
        scheduled = None if multipliers is None else multipliers[np.newaxis]
        self.epochs(order, batch_size, learning_rates[np.newaxis], reports, None, scheduled)
        return reports[0]


class LocalTrainer(Trainer):
    """Trainer that changes arrays of this process in place and shares them: nothing is copied."""

    _parameters: Array
    _state: OptimizerState

    @property
    def step(self) -> int:
        return self._state.step

    def parameters(self) -> Array:
        return self._parameters

    def predicting(self) -> Array:
        return self._state.predicting(self._parameters)

    def optimizer_state(self) -> OptimizerState:
        return self._state

    def load(
        self, parameters: Array | None = None, optimizer_state: OptimizerState | None = None
    ) -> None:
        if parameters is not None and parameters is not self._parameters:
            self._parameters[...] = parameters
        if optimizer_state is not None and optimizer_state is not self._state:
            self._state.slots[...] = optimizer_state.slots
            self._state.step, self._state.seed = optimizer_state.step, optimizer_state.seed
