"""The reference engine: a training step in NumPy, to be read from top to bottom.

Tests compare every other engine with these numbers, and these with finite differences. A network is
a sequence of blocks, each of which takes the a of the previous one; the first takes X.

    forward    a of each block from a_prev, the first to the last, and p = inverse_link(a)
    loss       L = (Σ_samples loss(p, y) + alpha penalty(W)) / n_samples
    backward   dL/da_prev of each block from dL/da, the last to the first
    gradient   dL/dw of each block's parameters, such as dL/dW = a_prevᵀ delta
    update     w ← w - η dL/dw, or another step of the optimizer

lamina/blocks/ and network/passes.py have the forward and the backward pass, batch_loss.py the loss
and the gradient, optimizer.py the update. An engine with a precision rounds both operands of each
of the three products of a block, except a sparse X.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass, replace
from functools import cached_property
from time import perf_counter
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from lamina.blocks import Mode, Product, product_in
from lamina.engines.batch_loss import backward, batch_loss, first_non_finite_block
from lamina.engines.engine import (
    Engine,
    Evaluator,
    Objective,
    Rows,
    require_finite,
)
from lamina.engines.multipliers import UNCHANGED, Multipliers, smoothed, with_decay
from lamina.engines.optimizer import OptimizerSettings, OptimizerState, update
from lamina.engines.trainer import EpochReport, LocalTrainer, TimeIsUp
from lamina.formulas.noise import Draws
from lamina.formulas.table import Array, Matrix
from lamina.network import Network, NetworkSpec, ParameterLayout
from lamina.network.passes import Forward, forward, move_statistics


@dataclass
class ReferenceTrainer(LocalTrainer):
    """One fit of the reference engine: forward, loss, backward, update, batch by batch."""

    spec: NetworkSpec
    objective: Objective
    optimizer: OptimizerSettings
    rows: Rows
    _parameters: Array
    _state: OptimizerState
    product: Product = operator.matmul
    measures_gradient: bool = False

    @cached_property
    def network(self) -> Network:
        """The network in training, whose parameters change."""
        return Network(self.spec, self._parameters)

    def epoch(
        self,
        order: NDArray[np.int64],
        batch_size: int,
        learning_rates: NDArray[np.float64],
        multipliers: NDArray[np.float64] | None = None,
    ) -> EpochReport:
        total, norms = 0.0, list[float]()
        scheduled = [UNCHANGED] * len(learning_rates)
        if multipliers is not None:
            scheduled = [Multipliers(*each) for each in multipliers.tolist()]
        steps = zip(learning_rates.tolist(), scheduled, strict=True)
        order = order[: len(learning_rates) * batch_size]
        with np.errstate(all="ignore"):
            starts = range(0, len(order), batch_size)
            for start, (rate, multiplier) in zip(starts, steps, strict=True):
                if norms and perf_counter() >= self.deadline:
                    raise TimeIsUp
                chosen = order[start : start + batch_size]
                batch = _take(self.rows, chosen.ravel())
                objective, batch = smoothed(self.objective, batch, multiplier.label_smoothing)
                passed = self.forward(batch, chosen, multiplier.dropout)
                loss, d_a = batch_loss(self.network, objective, passed, batch)
                total += loss * len(chosen)
                if not np.isfinite(total):
                    break
                gradient = backward(self.network, objective, batch, passed, d_a, self.product)
                optimizer = with_decay(self.optimizer, multiplier.weight_decay)
                norms.append(self.update(optimizer, passed, gradient, rate))
            bad = first_non_finite_block(self.network, passed)
        norm = float(np.mean(norms)) if self.measures_gradient and norms else None
        return EpochReport(total / len(order), len(norms), bad, norm)

    def forward(self, batch: Rows, chosen: NDArray[np.int64], dropout: float) -> Forward:
        """Run the forward pass over a batch with these indices, with dropout times a multiplier."""
        draws = None
        if self.spec.draws:
            draws = Draws(self._state.seed, self._state.step, chosen.ravel(), dropout)
        own_rows = chosen.ndim == 2
        mode = Mode(uses_batch=True, draws=draws, product=self.product, own_rows=own_rows)
        return forward(self.network, batch.X, mode)

    def update(
        self, optimizer: OptimizerSettings, passed: Forward, gradient: Array, learning_rate: float
    ) -> float:
        """Make one step and return the gradient's norm."""
        # The step is made on copies and then stored, so that readers and interruptions always see
        # the parameters of a complete step.
        before = self._parameters.copy(), self._state.slots.copy()
        layout, parameters = ParameterLayout.from_spec(self.spec), self._parameters.copy()
        state = replace(self._state, slots=self._state.slots.copy())
        norm = update(layout, optimizer, parameters, gradient, state, learning_rate)
        move_statistics(self.network.with_parameters(parameters), passed)
        state.take_over_statistics(parameters, layout.n_trained)
        try:
            self._parameters[...], self._state.slots[...] = parameters, state.slots
        except KeyboardInterrupt:
            self._parameters[...], self._state.slots[...] = before
            raise
        self._state.step += 1
        return norm


@dataclass(frozen=True)
class ReferenceEngine(Engine):
    """Engine in NumPy: short, exact, and slow.

    Attributes
    ----------
    precision : str or None
        Name in PRECISIONS, to which both operands of every product are rounded; only for float32.
    """

    precision: str | None = None
    name: ClassVar[str] = "reference"
    own_rows: ClassVar[bool] = True
    reads_rows_in_place: ClassVar[bool] = True

    def trainer(
        self,
        spec: NetworkSpec,
        objective: Objective,
        optimizer: OptimizerSettings,
        rows: Rows,
        parameters: Array,
        state: OptimizerState,
    ) -> ReferenceTrainer:
        spec.require_inputs(rows.X)
        product = product_in(self.precision)
        return ReferenceTrainer(spec, objective, optimizer, rows, parameters, state, product)

    def evaluator(self, spec: NetworkSpec, objective: Objective, rows: Rows) -> Evaluator:
        spec.require_inputs(rows.X)
        product = product_in(self.precision)
        mode = Mode(uses_batch=True, product=product)

        def evaluate(parameters: Array) -> tuple[float, Array]:
            with np.errstate(all="ignore"):
                network = Network(spec, parameters)
                passed = forward(network, rows.X, mode)
                loss, d_a = batch_loss(network, objective, passed, rows)
                return loss, backward(network, objective, rows, passed, d_a, product)

        return evaluate

    def predict(self, network: Network, X: Matrix) -> Array:
        return self._pass(network, X).prediction

    def activations(self, network: Network, X: Matrix) -> list[Array]:
        passed = self._pass(network, X)
        return [*passed.a[1:-1], passed.prediction]

    def _pass(self, network: Network, X: Matrix) -> Forward:
        require_finite(X if isinstance(X, np.ndarray) else X.data)
        network.spec.require_inputs(X)
        with np.errstate(all="ignore"):
            mode = Mode(product=product_in(self.precision))
            return forward(network, X, mode)


def _take(rows: Rows, batch: NDArray[np.int64]) -> Rows:
    weight = None if rows.weight is None else rows.weight[batch]
    X = sparse.csr_array(rows.X) if sparse.issparse(rows.X) else rows.X
    return Rows(X[batch], rows.y[batch], weight)
