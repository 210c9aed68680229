"""The loss over all samples in C++, and iterations of L-BFGS without a call for each evaluation.

Shapes: parameters and gradient (n_parameters,).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from time import perf_counter
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from lamina import _native
from lamina.engines.batch_loss import WEIGHTS_CANCEL
from lamina.engines.lbfgs import LOSS_TOLERANCE, LbfgsSettings, LbfgsTrainer
from lamina.engines.optimizer import OptimizerState
from lamina.engines.threads import choose_threads, sharing_cores
from lamina.engines.trainer import EpochReport, Outcome, TimeIsUp
from lamina.formulas.table import Array
from lamina.network import NetworkSpec

# A Network32 with Rows32, or both in float64: types cannot say that the two match.
Native: TypeAlias = Any


@dataclass(frozen=True)
class NativeLoss:
    """Loss and gradient over all samples, as a function of the parameters.

    Attributes
    ----------
    network : Network32 or Network64
        With room for all samples.
    rows : Rows32 or Rows64
    work : float
        Work of an evaluation, as `choose_threads` counts it.
    n_threads : int or None
    python_loss : callable or None
        The function that the kernels call, for a custom loss.
    """

    network: Native
    rows: Native
    work: float
    n_threads: int | None
    python_loss: Any

    def __call__(self, parameters: Array) -> tuple[float, Array]:
        """Return the loss and its gradient."""
        gradient = np.zeros_like(parameters)
        with sharing_cores():
            report: _native.Report = self.network.loss_and_gradient(
                self.rows, parameters, gradient, self.choose_threads(), self.python_loss
            )
        refuse_zero_weight(report.ending == _native.ZERO_WEIGHT)
        return report.loss, gradient

    def choose_threads(self) -> int:
        """Return the number of threads for the next call."""
        return choose_threads(self.work, requested=self.n_threads)


class NativeLbfgsTrainer(LbfgsTrainer):
    """L-BFGS whose iterations run in the core, with the same threads for all of a call."""

    def __init__(
        self,
        loss: NativeLoss,
        settings: LbfgsSettings,
        parameters: Array,
        state: OptimizerState,
        spec: NetworkSpec,
    ) -> None:
        make: Any = _native.Lbfgs
        super().__init__(loss, make, settings, parameters, state, spec)
        self._loss, self._lbfgs = loss, self._minimiser

    def epochs(
        self,
        order: NDArray[np.int64],
        batch_size: int,
        learning_rates: NDArray[np.float64],
        reports: list[EpochReport],
        random_state: np.random.RandomState | None = None,
        multipliers: NDArray[np.float64] | None = None,
    ) -> None:
        """Run one iteration for each learning rate, which L-BFGS does not read."""
        if not self._minimiser.has_begun and not self._begin(reports):
            return
        left = len(learning_rates)
        while left > 0 and self.outcome is None:
            # The norm of the gradient is that of the parameters at the end of a call.
            left -= self._run(1 if self.measures_gradient else left, reports)

    def _run(self, n_iterations: int, reports: list[EpochReport]) -> int:
        """Run iterations in one call; return their number."""
        with sharing_cores():
            ended: _native.LbfgsReport = self._loss.network.minimise(
                self._lbfgs,
                self._loss.rows,
                n_iterations,
                self._settings.tol,
                LOSS_TOLERANCE,
                self._settings.max_evaluations,
                self._loss.choose_threads(),
                self._loss.python_loss,
                self.deadline - perf_counter(),
            )
        norm = self._gradient_norm()
        for loss, step in zip(ended.losses, ended.steps, strict=True):
            self._state.step += 1
            reports.append(EpochReport(loss, 1, None, norm, step))
        self._loss.network.raise_interrupt()
        self._end(ended, reports)
        return len(ended.losses)

    def _end(self, ended: _native.LbfgsReport, reports: list[EpochReport]) -> None:
        """Set the outcome, or raise what has stopped the iterations."""
        refuse_zero_weight(ended.ending == _native.LBFGS_ZERO_WEIGHT)
        if ended.ending == _native.LBFGS_STOPPED:
            raise TimeIsUp
        if ended.ending != _native.LBFGS_FAILED:
            self.outcome = self._judge()
            return
        self.outcome = Outcome.FAILED
        if not math.isfinite(ended.last_loss):
            reports.append(EpochReport(ended.last_loss, 1, None))


def refuse_zero_weight(is_zero: bool) -> None:
    """Raise ZeroDivisionError if the weights of a batch's samples sum to zero."""
    if is_zero:
        raise ZeroDivisionError(WEIGHTS_CANCEL)
