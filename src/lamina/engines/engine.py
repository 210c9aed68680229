"""Protocol of engines: the operations that training needs, with equal results in every engine.

Shapes: X (n_samples, n_features) dense C-contiguous or csr; y (n_samples, n_targets) in X's dtype,
or int32 class codes if the loss's targets are 'codes': (n_samples,), or (n_samples, n_heads) for
heads; parameters and gradient (n_parameters,).
X, y, weights and parameters share one dtype, float32 or float64, which the estimator ensures.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, NamedTuple, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from lamina.engines.custom_loss import CustomLoss
from lamina.errors import NonFiniteError
from lamina.formulas import LOSSES, OPTIMIZERS, PENALTIES
from lamina.formulas.hyperparameters import Hyperparameters, names_of
from lamina.formulas.table import Array
from lamina.network import NetworkSpec

Matrix: TypeAlias = "NDArray[Any] | sparse.csr_array | sparse.csr_matrix"
Evaluator: TypeAlias = Callable[[Array], tuple[float, Array]]


class Rows(NamedTuple):
    """Samples that an engine trains on.

    Attributes
    ----------
    X : ndarray or csr matrix of shape (n_samples, n_features)
    y : ndarray of shape (n_samples, n_targets), or int32 class codes
        Not read by `predict`.
    weight : ndarray of shape (n_samples,), or None if all weights are one
    """

    X: Matrix
    y: NDArray[Any]
    weight: NDArray[Any] | None


@dataclass(frozen=True)
class Objective:
    """Objective function: a loss, and alpha times a penalty on the weights.

    Attributes
    ----------
    loss : str or CustomLoss
        Name in LOSSES, or a custom loss.
    alpha : float
    penalty : str
        Name in PENALTIES.
    hyperparameters : mapping of str to float or sequence of float
        Values of the hyperparameters that the loss's record lists.
    l1_ratio : float
        Fraction of ‖W‖₁ in an elastic net.
    """

    loss: str | CustomLoss
    alpha: float = 0.0
    penalty: str = "l2"
    hyperparameters: Hyperparameters = field(default_factory=dict)
    l1_ratio: float = 0.5

    def __post_init__(self) -> None:
        PENALTIES[self.penalty]
        expected = names_of(LOSSES[self.loss].hyperparameters) if isinstance(self.loss, str) else ()
        if set(self.hyperparameters) != set(expected):
            raise ValueError(f"{self.loss} needs {expected}, got {tuple(self.hyperparameters)}")

    def n_targets(self, spec: NetworkSpec, y: NDArray[Any]) -> int:
        """Return the number of columns of y, or of its codes, for the outputs of a network.

        Raises
        ------
        ValueError
            If some outputs belong to no target.
        """
        if not isinstance(self.loss, str):
            return 1 if y.ndim == 1 else int(y.shape[1])
        loss = LOSSES[self.loss]
        if loss.targets == "codes":
            return len(spec.heads) or 1
        n_targets, left_over = divmod(spec.n_outputs, loss.outputs_per_target(self.hyperparameters))
        if left_over:
            raise ValueError(f"{self.loss} cannot divide {spec.n_outputs} outputs among targets")
        return n_targets


@dataclass(frozen=True)
class OptimizerSettings:
    """Optimizer by name, with its hyperparameters, clipping, decay and averaging.

    Attributes
    ----------
    name : str
        Name in OPTIMIZERS.
    hyperparameters : mapping of str to float
        Values of the hyperparameters that the optimizer's record lists.
    amsgrad : bool
        If True, the largest second moment so far replaces the second moment.
    weight_decay : float
        λ of W ← W - η λ W before a step; biases and other unit parameters do not decay.
    max_gradient_norm : float or None
        Largest norm of a gradient, penalty included; a larger gradient is scaled down.
    average_decay : float or None
        d of the moving average of the parameters; None keeps no average.
    """

    name: str
    hyperparameters: Mapping[str, float] = field(default_factory=dict)
    amsgrad: bool = False
    weight_decay: float = 0.0
    max_gradient_norm: float | None = None
    average_decay: float | None = None

    def __post_init__(self) -> None:
        optimizer = OPTIMIZERS[self.name]
        expected = names_of(optimizer.hyperparameters)
        if set(self.hyperparameters) != set(expected):
            raise ValueError(f"{self.name} needs {expected}, got {tuple(self.hyperparameters)}")
        if self.amsgrad and not optimizer.amsgrad:
            raise ValueError(f"{self.name} has no AMSGrad variant")

    @property
    def slots(self) -> tuple[str, ...]:
        """Names of the numbers kept for each parameter, the optimizer's own first."""
        largest = ("largest_v",) if self.amsgrad else ()
        average = ("average",) if self.average_decay is not None else ()
        return OPTIMIZERS[self.name].slots + largest + average


@dataclass
class OptimizerState:
    """State of an optimizer, which a trainer changes in place.

    Attributes
    ----------
    slots : ndarray of shape (n_slots, n_parameters)
    step : int
        Number of updates so far.
    seed : int
        64-bit seed of dropout and noise, used with the step. No trainer changes it.
    keeps_average : bool
        True if the last slot is the moving average of the parameters.
    """

    slots: Array
    step: int = 0
    seed: int = 0
    keeps_average: bool = False

    @classmethod
    def fresh(cls, optimizer: OptimizerSettings | str, parameters: Array) -> OptimizerState:
        """Return the initial state: zeros, except for an average, which starts as parameters.

        A name stands for the optimizer without clipping, decay and averaging.
        """
        if isinstance(optimizer, str):
            slots, keeps_average = OPTIMIZERS[optimizer].slots, False
        else:
            slots, keeps_average = optimizer.slots, optimizer.average_decay is not None
        state = cls(np.zeros((len(slots), parameters.size), parameters.dtype))
        if keeps_average:
            state.keeps_average, state.slots[-1] = True, parameters
        return state

    def predicting(self, parameters: Array) -> Array:
        """Return the parameters that predict: the average if one is kept, else the parameters."""
        return self.slots[-1] if self.keeps_average else parameters

    def take_over_statistics(self, parameters: Array, n_trained: int) -> None:
        """Copy the running statistics of the parameters, which no step changes, into an average."""
        if self.keeps_average:
            self.slots[-1, n_trained:] = parameters[n_trained:]


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
    """

    loss: float
    steps: int
    non_finite_block: int | None
    gradient_norm: float | None = None

    @property
    def is_finite(self) -> bool:
        """True if the loss and all layers stayed finite."""
        return self.non_finite_block is None and math.isfinite(self.loss)

    @property
    def norm_or_nan(self) -> float:
        """Norm of the gradient; NaN if unavailable."""
        return math.nan if self.gradient_norm is None else self.gradient_norm


class TimeIsUp(Exception):
    """A trainer's deadline has passed in the middle of an epoch, after a complete step."""


class Trainer(Protocol):
    """One fit: holds the samples, and changes parameters and optimizer state in place.

    Attributes
    ----------
    deadline : float
        `perf_counter` value after which no epoch is finished.
    measures_gradient : bool
        If True, reports include the gradient's norm; may be set before any epoch. It changes no
        bit of a step, but keeps the whole gradient, which costs a few percent of the time.
    """

    deadline: float = math.inf
    measures_gradient: bool = False

    def epoch(
        self, order: NDArray[np.int64], batch_size: int, learning_rates: NDArray[np.float64]
    ) -> EpochReport:
        """Run one epoch over the samples in `order`, with `batch_size` of them per step.

        Parameters
        ----------
        order : ndarray of int64
            Indices of samples; the last batch may be smaller than the others.
        batch_size : int
        learning_rates : ndarray of float64 of shape (n_steps,)

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
            Shuffles `order` in place before each epoch; it draws nothing for epochs that do not
            begin.

        Raises
        ------
        KeyboardInterrupt, TimeIsUp, ZeroDivisionError
            As in `epoch`. A deadline between two epochs just ends the call.
        """
        for rates in learning_rates:
            if perf_counter() >= self.deadline:
                break
            if random_state is not None:
                random_state.shuffle(order)
            reports.append(self.epoch(order, batch_size, rates))
            if not reports[-1].is_finite:
                break


class Engine(Protocol):
    """Engine that trains and evaluates networks."""

    @property
    def name(self) -> str:
        """Name of the engine: 'reference', 'native', …"""
        ...

    def trainer(
        self,
        spec: NetworkSpec,
        objective: Objective,
        optimizer: OptimizerSettings,
        rows: Rows,
        parameters: Array,
        state: OptimizerState,
    ) -> Trainer:
        """Return a trainer that updates `parameters` and `state` in place."""
        ...

    def evaluator(self, spec: NetworkSpec, objective: Objective, rows: Rows) -> Evaluator:
        """Return a function from parameters to the loss, penalty included, and its gradient.

        It holds the samples and memory for repeated calls, in one thread at a time; each gradient,
        of shape (n_parameters,), is a new array.
        """
        ...

    def loss_and_gradient(
        self, spec: NetworkSpec, objective: Objective, rows: Rows, parameters: Array
    ) -> tuple[float, Array]:
        """Return the loss and its gradient for one vector of parameters."""
        return self.evaluator(spec, objective, rows)(parameters)

    def predict(self, spec: NetworkSpec, parameters: Array, X: Matrix) -> Array:
        """Return the network's prediction, of shape (n_samples, n_outputs).

        If the spec has heads, the inverse link acts on each head's logits separately.

        Raises
        ------
        NonFiniteError
            For samples with an element that is infinite or NaN, so callers need not check them.
        """
        ...

    def activations(self, spec: NetworkSpec, parameters: Array, X: Matrix) -> list[Array]:
        """Return every block's a, (n_samples, fan_out), and the prediction in place of the last.

        Raises
        ------
        NonFiniteError
            As in `predict`.
        """
        ...


NON_FINITE_ROWS = "X contains infinity or NaN in the dtype of the parameters."


def require_finite(values: NDArray[Any]) -> None:
    """Raise the error for samples whose values are not all finite."""
    if not np.isfinite(values).all():
        raise NonFiniteError(NON_FINITE_ROWS)
