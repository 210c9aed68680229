"""The protocol: what training asks of an engine, and what every engine answers alike.

Shapes: X (n_samples, n_features) dense C-contiguous or csr; y (n_samples, n_targets) in X's dtype,
or int32 class codes where the loss says 'codes': (n_samples,), or (n_samples, n_heads) for heads;
parameters and gradient (n_parameters,).
X, y, weights and parameters share one dtype, float32 or float64: the estimator has seen to it.
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
from lamina.formulas.losses import Hyperparameters
from lamina.formulas.table import Array
from lamina.network import NetworkSpec

Matrix: TypeAlias = "NDArray[Any] | sparse.csr_array | sparse.csr_matrix"
Evaluator: TypeAlias = Callable[[Array], tuple[float, Array]]


class Rows(NamedTuple):
    """The rows that an engine learns from.

    Attributes
    ----------
    X : ndarray or csr matrix of shape (n_samples, n_features)
    y : ndarray of shape (n_samples, n_targets), or int32 class codes
        Not read by `predict`.
    weight : ndarray of shape (n_samples,), or None where all rows weigh one
    """

    X: Matrix
    y: NDArray[Any]
    weight: NDArray[Any] | None


@dataclass(frozen=True)
class Objective:
    """What is minimised: a loss, and alpha times a penalty on the weights.

    Attributes
    ----------
    loss : str or CustomLoss
        A name in LOSSES, or an object of the caller's own.
    alpha : float
    penalty : str
        A name in PENALTIES.
    hyperparameters : mapping of str to float or sequence of float
        The values of what the loss's record lists.
    l1_ratio : float
        The fraction of ‖W‖₁ in an elastic net.
    """

    loss: str | CustomLoss
    alpha: float = 0.0
    penalty: str = "l2"
    hyperparameters: Hyperparameters = field(default_factory=dict)
    l1_ratio: float = 0.5

    def __post_init__(self) -> None:
        PENALTIES[self.penalty]
        expected = LOSSES[self.loss].hyperparameters if isinstance(self.loss, str) else ()
        if set(self.hyperparameters) != set(expected):
            raise ValueError(f"{self.loss} takes {expected}, got {tuple(self.hyperparameters)}")

    def n_targets(self, spec: NetworkSpec, y: NDArray[Any]) -> int:
        """The columns of y, or of its codes, that belong to the outputs of a network.

        Raises
        ------
        ValueError
            For outputs of which some belong to no target.
        """
        if not isinstance(self.loss, str):
            return 1 if y.ndim == 1 else int(y.shape[1])
        loss = LOSSES[self.loss]
        if loss.targets == "codes":
            return len(spec.heads) or 1
        n_targets, left_over = divmod(spec.n_outputs, loss.outputs_per_target(self.hyperparameters))
        if left_over:
            raise ValueError(f"{self.loss} shares {spec.n_outputs} outputs out to no whole targets")
        return n_targets


@dataclass(frozen=True)
class OptimizerSettings:
    """An optimizer by name, its hyperparameters, and what surrounds its steps.

    Attributes
    ----------
    name : str
        A name in OPTIMIZERS.
    hyperparameters : mapping of str to float
        The values of those that the optimizer's record lists.
    amsgrad : bool
        Whether the largest second moment so far takes the second moment's place.
    weight_decay : float
        λ of W ← W - η λ W before a step; biases and what else units learn do not decay.
    max_gradient_norm : float or None
        The norm that a gradient, penalty included, is scaled down to where it is larger.
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
        expected = optimizer.hyperparameters
        if set(self.hyperparameters) != set(expected):
            raise ValueError(f"{self.name} takes {expected}, got {tuple(self.hyperparameters)}")
        if self.amsgrad and not optimizer.amsgrad:
            raise ValueError(f"{self.name} has no AMSGrad variant")

    @property
    def slots(self) -> tuple[str, ...]:
        """What is remembered for each parameter, the optimizer's own first."""
        largest = ("largest_v",) if self.amsgrad else ()
        average = ("average",) if self.average_decay is not None else ()
        return OPTIMIZERS[self.name].slots + largest + average


@dataclass
class OptimizerState:
    """What an optimizer remembers; a trainer changes it in place.

    Attributes
    ----------
    slots : ndarray of shape (n_slots, n_parameters)
    step : int
        Updates made so far.
    seed : int
        Of 64 bits: what dropout and noise are drawn by, with the step. No trainer changes it.
    keeps_average : bool
        Whether the last slot is the moving average of the parameters.
    """

    slots: Array
    step: int = 0
    seed: int = 0
    keeps_average: bool = False

    @classmethod
    def fresh(cls, optimizer: OptimizerSettings | str, parameters: Array) -> OptimizerState:
        """The state before the first step: zeros, but for an average, which starts as parameters.

        A name stands for the optimizer without anything that surrounds its steps.
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
        """What a network predicts with: the average where one is kept, else the parameters."""
        return self.slots[-1] if self.keeps_average else parameters

    def take_over_statistics(self, parameters: Array, n_trained: int) -> None:
        """Let an average have the running statistics of the parameters, which no step changes."""
        if self.keeps_average:
            self.slots[-1, n_trained:] = parameters[n_trained:]


class EpochReport(NamedTuple):
    """What an epoch came to.

    Attributes
    ----------
    loss : float
        The mean of the batches' losses, penalty included, weighted by their rows; not finite
        where the epoch ended early for that reason.
    steps : int
        Updates made.
    non_finite_block : int or None
        The first block whose values or parameters are not finite, by its index in the spec.
    gradient_norm : float or None
        The mean over the steps of the gradient's norm, penalty included and before clipping; None
        where the trainer does not measure it, or no step was made.
    """

    loss: float
    steps: int
    non_finite_block: int | None
    gradient_norm: float | None = None

    @property
    def is_finite(self) -> bool:
        """Whether the loss and all layers stayed finite."""
        return self.non_finite_block is None and math.isfinite(self.loss)

    @property
    def norm_or_nan(self) -> float:
        """The gradient's norm; NaN where it is not known."""
        return math.nan if self.gradient_norm is None else self.gradient_norm


class TimeIsUp(Exception):
    """A trainer's deadline has come in the middle of an epoch, after a whole step."""


class Trainer(Protocol):
    """One fit: it holds rows, parameters and optimizer state, and changes the last two in place.

    Attributes
    ----------
    deadline : float
        The `perf_counter` from which on no epoch is finished.
    measures_gradient : bool
        Whether reports tell the gradient's norm; may be set before any epoch. It changes no bit of
        a step, but the gradient is then kept whole, which costs a few percent of the time.
    """

    deadline: float = math.inf
    measures_gradient: bool = False

    def epoch(
        self, order: NDArray[np.int64], batch_size: int, learning_rates: NDArray[np.float64]
    ) -> EpochReport:
        """Run one epoch over the rows that `order` lists, `batch_size` of them a step.

        Parameters
        ----------
        order : ndarray of int64
            Indices into the rows; the last batch may be smaller than the others.
        batch_size : int
        learning_rates : ndarray of float64 of shape (n_steps,)

        Raises
        ------
        KeyboardInterrupt, TimeIsUp
            After Ctrl-C or the deadline, within 100 ms; parameters and state are those of the last
            whole step.
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
        """Run epochs one after the other, as long as they stay finite.

        Parameters
        ----------
        order : ndarray of int64
        batch_size : int
        learning_rates : ndarray of float64 of shape (n_epochs, n_steps)
        reports : list of EpochReport
            Gets one for each epoch that came to its end, whatever ends the call.
        random_state : RandomState, optional
            Shuffles `order` in place before each epoch; it has drawn for no epoch that was not
            begun.

        Raises
        ------
        KeyboardInterrupt, TimeIsUp, ZeroDivisionError
            As `epoch` does. A deadline that comes between two epochs just ends the call.
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
    """A place where a network can be trained and used."""

    @property
    def name(self) -> str:
        """'reference', 'native', …"""
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
        """A trainer that updates `parameters` and `state` in place."""
        ...

    def evaluator(self, spec: NetworkSpec, objective: Objective, rows: Rows) -> Evaluator:
        """What gives the loss over all rows, penalty included, and its gradient.

        It holds rows and memory for many parameters one after the other, in one thread at a time;
        each gradient, of shape (n_parameters,), is an array of its own.
        """
        ...

    def loss_and_gradient(
        self, spec: NetworkSpec, objective: Objective, rows: Rows, parameters: Array
    ) -> tuple[float, Array]:
        """Both for one vector of parameters only."""
        return self.evaluator(spec, objective, rows)(parameters)

    def predict(self, spec: NetworkSpec, parameters: Array, X: Matrix) -> Array:
        """The network's prediction behind its inverse link, of shape (n_samples, n_outputs).

        Of a spec with heads, the inverse link takes each head's logits by themselves.

        Raises
        ------
        NonFiniteError
            For rows with an element that is infinite or NaN. Who predicts need not look before.
        """
        ...

    def activations(self, spec: NetworkSpec, parameters: Array, X: Matrix) -> list[Array]:
        """Every block's a, (n_samples, fan_out), and in the last block's place what `predict`
        gives.

        Raises
        ------
        NonFiniteError
            As `predict`.
        """
        ...


NON_FINITE_ROWS = "X holds an element that is infinite or NaN in the dtype of the parameters."


def require_finite(values: NDArray[Any]) -> None:
    """Raise the error for rows whose values are not all finite."""
    if not np.isfinite(values).all():
        raise NonFiniteError(NON_FINITE_ROWS)
