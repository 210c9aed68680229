"""L-BFGS as a trainer: an epoch is one iteration over all samples.

Shapes: parameters and gradient (n_parameters,); the slots of the state are s and y of the latest
pairs and the gradient, (n_slots, n_parameters).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from lamina.engines.optimizer import OptimizerSettings, OptimizerState
from lamina.engines.trainer import EpochReport, EpochsTrainer, LocalTrainer, Outcome, TimeIsUp
from lamina.formulas.averages import compute_norm
from lamina.formulas.table import Array
from lamina.network import NetworkSpec, first_non_finite_block

# As in SciPy: maxcor, and ftol relative to the larger loss of two iterates, or to 1.
N_PAIRS = 10
LOSS_TOLERANCE = 2.220446049250313e-09
# Numbers besides the vectors: seven, three for each pair and two for each pair of pairs.
N_NUMBERS = 7 + 3 * N_PAIRS + 2 * N_PAIRS**2
# Places among them.
HAS_BEGUN, LOSS, EVALUATIONS = 0, 2, 3


@dataclass(frozen=True)
class LbfgsSettings(OptimizerSettings):
    """Settings of L-BFGS, in the place of an optimizer's.

    Attributes
    ----------
    tol : float
        The fit has converged if no element of the gradient is larger.
    max_evaluations : int
        The fit ends after the iteration that exceeds this number of evaluations of the loss.
    """

    name: str = "lbfgs"
    tol: float = 1e-4
    max_evaluations: int = 15000

    def __post_init__(self) -> None:
        """Accept a name that is in no table of optimizers."""

    @property
    def slots(self) -> tuple[str, ...]:
        pairs = range(1, N_PAIRS + 1)
        return *(f"s_{i}" for i in pairs), *(f"y_{i}" for i in pairs), "gradient"

    @property
    def n_numbers(self) -> int:
        return N_NUMBERS


def count_evaluations(state: OptimizerState) -> int:
    """Return the number of evaluations of the loss in a fit by L-BFGS."""
    return 0 if state.numbers is None else int(state.numbers[EVALUATIONS])


def latest_loss(state: OptimizerState) -> float:
    """Return the loss that L-BFGS has reached; infinity before its first evaluation."""
    is_known = state.numbers is not None and bool(state.numbers[HAS_BEGUN])
    return float(state.numbers[LOSS]) if is_known and state.numbers is not None else math.inf


class Minimiser(Protocol):
    """L-BFGS that proposes where to evaluate next, and changes the parameters and the state."""

    @property
    def has_begun(self) -> bool:
        """True if the loss at the parameters has been received."""
        ...

    @property
    def loss(self) -> float:
        """Loss at the parameters."""
        ...

    @property
    def evaluations(self) -> int:
        """Number of evaluations in the whole fit."""
        ...

    @property
    def step(self) -> float:
        """Step of the line search in the latest iteration, a multiple of its direction."""
        ...

    @property
    def largest_gradient(self) -> float:
        """Largest magnitude of an element of the gradient."""
        ...

    @property
    def decrease(self) -> float:
        """Relative decrease of the loss in the latest iteration."""
        ...

    def begin(self, loss: float, gradient: Array) -> None:
        """Receive the loss and gradient at the parameters."""
        ...

    def propose(self, trial: Array) -> bool:
        """Write where to evaluate next; return False if no step lowers the loss."""
        ...

    def receive(self, loss: float, gradient: Array) -> bool:
        """Receive the loss and gradient at the trial; return True if it is the next iterate."""
        ...


MakeMinimiser = Callable[[Array, Array, Array], Minimiser]


class LbfgsTrainer(EpochsTrainer, LocalTrainer):
    """Trainer that minimises the loss over all samples by L-BFGS.

    Parameters
    ----------
    evaluate : callable
        `evaluate(parameters)` returns the loss and its gradient.
    make : callable
        `make(parameters, slots, numbers)` returns the Minimiser of these arrays.
    settings : LbfgsSettings
    parameters : ndarray of float64 of shape (n_parameters,)
    state : OptimizerState
    spec : NetworkSpec
    """

    def __init__(
        self,
        evaluate: Callable[[Array], tuple[float, Array]],
        make: MakeMinimiser,
        settings: LbfgsSettings,
        parameters: Array,
        state: OptimizerState,
        spec: NetworkSpec,
    ) -> None:
        assert state.numbers is not None
        self._evaluate, self._settings, self._spec = evaluate, settings, spec
        self._parameters, self._state, self._numbers = parameters, state, state.numbers
        self._minimiser = make(parameters, state.slots, state.numbers)
        self._trial = np.empty_like(parameters)

    def load(
        self, parameters: Array | None = None, optimizer_state: OptimizerState | None = None
    ) -> None:
        super().load(parameters, optimizer_state)
        if optimizer_state is not None:
            assert optimizer_state.numbers is not None
            self._numbers[...] = optimizer_state.numbers
        elif parameters is not None:
            # The pairs and the gradient belong to other parameters.
            evaluations = self._minimiser.evaluations
            self._numbers[...] = 0
            self._numbers[EVALUATIONS] = evaluations

    def epochs(
        self,
        order: NDArray[np.int64],
        batch_size: int,
        learning_rates: NDArray[np.float64],
        reports: list[EpochReport],
        random_state: np.random.RandomState | None = None,
        multipliers: NDArray[np.float64] | None = None,
    ) -> None:
        """Run one iteration for each learning rate, which L-BFGS does not read.

        The order of samples and the generator have no effect either.
        """
        if not self._minimiser.has_begun and not self._begin(reports):
            return
        for _ in range(len(learning_rates)):
            if self.outcome is not None or not self._iterate(reports):
                return
            self._state.step += 1
            reports.append(self._report())
            self.outcome = self._judge()

    def _begin(self, reports: list[EpochReport]) -> bool:
        """Evaluate the loss at the parameters; report it and return False if it is not finite."""
        loss, gradient = self._evaluate(self._parameters)
        block = first_non_finite_block(self._spec, gradient)
        if block is not None or not math.isfinite(loss):
            reports.append(EpochReport(loss, 0, block))
            return False
        self._minimiser.begin(loss, gradient)
        if self._minimiser.largest_gradient <= self._settings.tol:
            self.outcome = Outcome.CONVERGED
        return True

    def _iterate(self, reports: list[EpochReport]) -> bool:
        """Move to the next iterate; return False if there is none, and report a loss of NaN."""
        is_iterate, loss = False, self._minimiser.loss
        while not is_iterate:
            if perf_counter() >= self.deadline:
                raise TimeIsUp
            if not self._minimiser.propose(self._trial):
                self.outcome = Outcome.FAILED
                if not math.isfinite(loss):
                    reports.append(EpochReport(loss, 1, None))
                return False
            loss, gradient = self._evaluate(self._trial)
            is_iterate = self._minimiser.receive(loss, gradient)
        return True

    def _report(self) -> EpochReport:
        norm = self._gradient_norm()
        return EpochReport(self._minimiser.loss, 1, None, norm, self._minimiser.step)

    def _gradient_norm(self) -> float | None:
        return float(compute_norm(self._state.slots[-1])) if self.measures_gradient else None

    def _judge(self) -> Outcome | None:
        """Return why the iterations end with the present one, or None."""
        if self._minimiser.evaluations > self._settings.max_evaluations:
            return Outcome.EXHAUSTED
        is_flat = self._minimiser.largest_gradient <= self._settings.tol
        has_settled = self._minimiser.decrease <= LOSS_TOLERANCE
        return Outcome.CONVERGED if is_flat or has_settled else None
