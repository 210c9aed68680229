"""Full-batch minimisation in one call, by L-BFGS or through SciPy, always in float64."""

from __future__ import annotations

import math
from dataclasses import dataclass
from time import perf_counter

import numpy as np
from scipy.optimize import OptimizeResult, minimize
from sklearn.utils.parallel import _get_threadpool_controller

from lamina.engines import Engine, Objective, OptimizerState, Rows
from lamina.engines.lbfgs import LbfgsSettings, count_evaluations, latest_loss
from lamina.engines.trainer import TimeIsUp
from lamina.formulas.table import Array
from lamina.network import NetworkSpec, first_non_finite_block
from lamina.training.divergence import non_finite_error
from lamina.training.history import Ending, History
from lamina.training.loop import train
from lamina.training.memory import Memory
from lamina.training.observers import EpochRecord, current_observer
from lamina.training.plan import TrainingPlan
from lamina.training.rates import RateState


@dataclass(frozen=True)
class LbfgsPlan:
    """Settings of a minimisation by L-BFGS.

    Attributes
    ----------
    objective : Objective
    max_iterations, max_evaluations : int
    tol : float
        Tolerance on the largest element of the projected gradient.
    verbose : bool
        If True, print a line for every iteration.
    deadline : float
        `perf_counter` value after which no evaluation begins.
    """

    objective: Objective
    max_iterations: int
    max_evaluations: int
    tol: float
    verbose: bool = False
    deadline: float = math.inf


@dataclass(frozen=True)
class LbfgsResult:
    """Result of a minimisation by L-BFGS.

    Attributes
    ----------
    parameters : ndarray of float64 of shape (n_parameters,)
    loss : float
    iterations : int
    ending : Ending
    message : str
        Why it ended, in SciPy's words.
    """

    parameters: Array
    loss: float
    iterations: int
    ending: Ending
    message: str


def minimise(
    engine: Engine, spec: NetworkSpec, plan: LbfgsPlan, rows: Rows, start: Array
) -> LbfgsResult:
    """Minimise the loss over all samples with L-BFGS, that of the engine or SciPy's.

    Parameters
    ----------
    engine : Engine
    spec : NetworkSpec
    plan : LbfgsPlan
    rows : Rows
        In float64.
    start : ndarray of float64 of shape (n_parameters,)
        Initial parameters; not modified.

    Returns
    -------
    LbfgsResult
        After Ctrl-C or the deadline, the last iterate that L-BFGS accepted.

    Raises
    ------
    NonFiniteError
        If the loss or its gradient is infinite or NaN at the start or at the end. In between,
        the line search recovers by itself.
    """
    if engine.minimises:
        return _minimise_in_iterations(engine, spec, plan, rows, start)
    descent = _Descent(engine, spec, plan, rows, start)
    try:
        # SciPy's many short products of vectors are slower on several threads, and each thread sums
        # its own part, so the number of threads would show in the last bits.
        with _get_threadpool_controller().limit(limits=1, user_api="blas"):
            found = minimize(
                descent.loss_and_gradient,
                start,
                method="L-BFGS-B",
                jac=True,
                callback=descent.accept,
                options={
                    "maxfun": plan.max_evaluations,
                    "maxiter": plan.max_iterations,
                    "gtol": plan.tol,
                },
            )
    except KeyboardInterrupt:
        return descent.interrupted_result(Ending.INTERRUPTED)
    except TimeIsUp:
        return descent.interrupted_result(Ending.OUT_OF_TIME)
    return descent.final_result(found)


def _minimise_in_iterations(
    engine: Engine, spec: NetworkSpec, plan: LbfgsPlan, rows: Rows, start: Array
) -> LbfgsResult:
    """Minimise with the engine's own L-BFGS."""
    optimizer = LbfgsSettings(tol=plan.tol, max_evaluations=plan.max_evaluations)
    iterations = TrainingPlan(
        plan.objective,
        optimizer,
        len(rows.y),
        plan.max_iterations,
        patience=math.inf,
        deadline=plan.deadline,
        shuffle=False,
        verbose=plan.verbose,
    )
    parameters, rate = start.copy(), iterations.initial_rate
    state = OptimizerState.fresh(optimizer, parameters)
    memory = Memory(parameters, state, RateState(rate, rate), History())
    ending = train(engine, spec, iterations, rows, memory, np.random.RandomState(0))
    losses = memory.history.losses
    loss = losses[-1] if losses else latest_loss(memory.optimizer)
    reason = reason_of_end(memory, iterations)
    return LbfgsResult(memory.parameters, loss, len(losses), ending, reason)


def reason_of_end(memory: Memory, plan: TrainingPlan) -> str:
    """Return why L-BFGS ended before it converged, in SciPy's words."""
    assert isinstance(plan.optimizer, LbfgsSettings)
    if memory.history.epochs >= plan.max_epochs:
        return "STOP: TOTAL NO. OF ITERATIONS REACHED LIMIT"
    if count_evaluations(memory.optimizer) > plan.optimizer.max_evaluations:
        return "STOP: TOTAL NO. OF F,G EVALUATIONS EXCEEDS LIMIT"
    return "ABNORMAL: no step along the gradient lowers the loss"


class _Descent:
    """State of one minimisation by SciPy."""

    def __init__(
        self, engine: Engine, spec: NetworkSpec, plan: LbfgsPlan, rows: Rows, start: Array
    ) -> None:
        self.spec, self.plan, self.n_samples = spec, plan, len(rows.y)
        self.evaluate = engine.evaluator(spec, plan.objective, rows)
        self.accepted: tuple[int, Array, float] = (0, start.copy(), math.inf)
        self.evaluations = 0
        self.observer = current_observer()

    def loss_and_gradient(self, parameters: Array) -> tuple[float, Array]:
        """Return the loss and its gradient, as SciPy expects them."""
        if self.evaluations and perf_counter() >= self.plan.deadline:
            raise TimeIsUp
        loss, gradient = self.evaluate(parameters)
        if self.evaluations == 0:
            self.require_finite(loss, gradient, "at the first weights")
            self.accepted = (0, self.accepted[1], loss)
        self.evaluations += 1
        return loss, gradient

    def accept(self, intermediate_result: OptimizeResult) -> None:
        """Record an iterate; SciPy selects its call by the name of this argument."""
        iteration, loss = self.accepted[0] + 1, float(intermediate_result.fun)
        self.accepted = (iteration, intermediate_result.x.copy(), loss)
        if self.plan.verbose:
            print(f"Iteration {iteration}, loss = {loss:.8f}")
        if self.observer is not None:
            seen = self.evaluations * self.n_samples
            self.observer(
                EpochRecord(iteration, self.plan.max_iterations, loss, None, math.nan, seen)
            )

    def interrupted_result(self, ending: Ending) -> LbfgsResult:
        """Return the last accepted iterate as the result."""
        iterations, parameters, loss = self.accepted
        return LbfgsResult(parameters, loss, iterations, ending, "broken off")

    def final_result(self, found: OptimizeResult) -> LbfgsResult:
        """Return SciPy's result after checking that it is finite."""
        iterations = min(found.nit, self.plan.max_iterations)
        self.require_finite(found.fun, found.x, f"in iteration {iterations} of L-BFGS")
        ending = Ending.CONVERGED if found.status == 0 else Ending.EXHAUSTED
        return LbfgsResult(found.x, float(found.fun), iterations, ending, str(found.message))

    def require_finite(self, loss: float, vector: Array, when: str) -> None:
        """Raise NonFiniteError unless the loss and a flat vector are finite."""
        block = first_non_finite_block(self.spec, vector)
        if block is not None or not math.isfinite(loss):
            raise non_finite_error(self.spec, block, when, loss=self.plan.objective.loss)
